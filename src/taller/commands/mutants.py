"""``taller mutants``: for authors."""

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.trials.mutants import Mutant, Report


@click.command()
@click.argument("exercises", nargs=-1, metavar="[ejNN]…")
@click.option("--jobs", type=click.IntRange(min=1), help="Entregas a la vez; una por procesador.")
@click.option("--all", "show_all", is_flag=True, help="Enseña también lo que está en orden.")
def mutants(exercises: tuple[str, ...], jobs: int | None, show_all: bool) -> None:
    """Cambia una línea de la respuesta oficial cada vez, y dice qué cuesta cada cambio.

    Un cambio que no cuesta nada lo debe notar una comprobación; uno que Terraform acepta deja al
    menos 6 de cada 10 puntos. Lo que tenga que ser de otra manera se explica en el mutants.toml
    del ejercicio. Termina con 1 si falta alguna explicación.
    """
    from taller.catalog import load_catalog
    from taller.grading.class_progress import class_progress
    from taller.trials.mutants import try_changes

    catalog = load_catalog()
    clean = True
    for exercise in [catalog.exercise(name) for name in exercises] or catalog.exercises:
        with class_progress() as progress:
            report = try_changes(catalog, exercise, jobs or os.cpu_count() or 1, progress.verdict)
        _show(report, show_all=show_all)
        clean = clean and report.is_clean
    sys.exit(0 if clean else 1)


def _show(report: "Report", *, show_all: bool) -> None:
    found = report.mutants
    click.secho(f"\n{report.exercise.id} · {len(found)} cambios", bold=True)
    for one in sorted(found, key=lambda m: (-m.cost, m.change.id)):
        if show_all or one.is_unexplained:
            click.echo(f"  {_sign(one)} -{one.cost:<2} {one.change.id}")
            lost = [check.id for check in one.result.checks if not check.passed]
            note = one.reason or ", ".join(lost)
            click.secho(f"        {one.result.status}: {note}", dim=True)
    for pattern in report.idle:
        click.echo(f"  ✗     ningún cambio es «{pattern}»: quítalo de mutants.toml")
    survivors = sum(one.survives for one in found)
    cascades = sum(one.is_cascade for one in found)
    click.echo(
        f"  {survivors} no cuestan nada, {cascades} cuestan demasiado; sin explicar: "
        f"{sum(one.is_unexplained for one in found)}"
    )


def _sign(mutant: "Mutant") -> str:
    return "✗" if mutant.is_unexplained else "✓"
