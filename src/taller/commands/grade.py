"""``taller grade``."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.result import Result


@click.command()
@click.argument(
    "submitted", metavar="SUBMITTED",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "-o", "output", required=True, metavar="OUT", type=click.Path(file_okay=False, path_type=Path),
    help="Carpeta para los resultados, las notas y el registro.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Entregas a la vez; una por procesador.")
@click.option("--only", default="", help="Solo estos ejercicios, por ejemplo: ej01,ej03")
@click.option(
    "--timeout", type=click.FloatRange(min=1), metavar="S",
    help="Segundos de procesador para cada notebook; por defecto, los de su ejercicio.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Califica también lo que no ha cambiado.")
@click.option(
    "--sandbox", type=click.Choice(["auto", "bwrap"]), default="auto", show_default=True,
    help="Cómo se aíslan las respuestas; sin bubblewrap no se ejecuta ninguna.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Escribe los resultados como JSON.")
def grade(
    *, submitted: Path, output: Path, jobs: int | None, only: str, timeout: float | None,
    force: bool, sandbox: str, as_json: bool,
) -> None:  # fmt: skip
    """Califica las entregas de una clase, aisladas y sobre un Docker Engine real.

    SUBMITTED contiene <estudiante>/**/ejNN*.ipynb. Termina con código 0 si cada entrega tiene un
    veredicto y con 3 si alguna no se pudo calificar por un fallo que no es de su autor: la próxima
    vez se intenta de nuevo.
    """
    from taller.catalog import load_catalog
    from taller.grading.grade import Options, grade_all

    del sandbox  # both values mean bubblewrap
    catalog = load_catalog()
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    ids = frozenset(catalog.exercise(name).id for name in wanted)
    shown = 0

    def show(result: "Result", total: int) -> None:
        nonlocal shown
        shown += 1
        click.echo(f"[{shown}/{total}] {_line(result)}", err=True)

    options = Options(jobs or os.cpu_count() or 1, ids, timeout, force)
    summary = grade_all(catalog, submitted, output, options, show)
    if as_json:
        click.echo(json.dumps({"run": summary.run, "statuses": summary.statuses}))
    else:
        counts = ", ".join(f"{name}: {n}" for name, n in sorted(summary.statuses.items()))
        sign = "✗" if summary.exit_code else "✓"
        click.echo(
            f"{sign} {counts}. Calificadas ahora: {summary.run}. Notas: {output}/gradebook.csv"
        )
    sys.exit(summary.exit_code)


def _line(result: "Result") -> str:
    score = "—" if result.score is None else f"{result.score}/{result.max_score}"
    return f"{result.student} {result.exercise} {result.status} {score} {result.duration_s:.1f} s"
