"""``taller doctor``."""

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.doctor import Finding

_MARKS = {"found": ("✓", "green"), "embedded": ("◆", "yellow"), "missing": ("✗", "red")}
_WORDS = {"found": "encontrado", "embedded": "embebido", "missing": "falta"}


@click.command()
@click.option("--fix", is_flag=True, help="Consigue lo que falte y cuenta lo que hace.")
@click.option("--json", "as_json", is_flag=True, help="Escribe el resultado en JSON.")
def doctor(*, fix: bool, as_json: bool) -> None:
    """Comprueba Python, Docker, Terraform, provider e imagen base; con --fix los consigue.

    Termina con código 1 si falta algo.
    """
    from taller.doctor import examine, repair
    from taller.progress import Progress

    findings = repair(Progress()) if fix else examine()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(f) for f in findings], ensure_ascii=False))
    else:
        for finding in findings:
            _show(finding)
    if any(finding.status == "missing" for finding in findings):
        sys.exit(1)


def _show(finding: "Finding") -> None:
    mark, colour = _MARKS[finding.status]
    line = f"{mark} {finding.part:<19} {_WORDS[finding.status]:<11} {finding.version:<16}"
    click.echo(f"{click.style(line, fg=colour)} {finding.detail}")
    for note in finding.notes:
        click.echo(f"  · {note}")
    if finding.advice:
        click.echo(f"  → {finding.advice}")
