"""``taller compare``: for authors."""

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("exercises", nargs=-1, metavar="[ejNN]…")
@click.option("--jobs", type=click.IntRange(min=1), help="Respuestas a la vez; una por procesador.")
@click.option(
    "--corpus", default="tests/faults/corpus", show_default=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Carpeta con los casos: unusual/ y wrong/.",
)  # fmt: skip
def compare(exercises: tuple[str, ...], jobs: int | None, corpus: Path) -> None:
    """Ejecuta soluciones, respuestas poco comunes y errores en el laboratorio y en el calificador.

    Los dos tienen que decir lo mismo, comprobación a comprobación. Termina con 1 si no es así.
    """
    from taller.catalog import load_catalog
    from taller.grading.class_progress import class_progress
    from taller.trials.compare import all_answers
    from taller.trials.compare import compare as run_both

    catalog = load_catalog()
    wanted = {catalog.exercise(name).id for name in exercises}
    answers = [
        one for one in all_answers(catalog, corpus) if not wanted or one.exercise.id in wanted
    ]
    with class_progress() as progress:
        compared = run_both(catalog, answers, jobs or os.cpu_count() or 1, progress.verdict)
    different = [one for one in compared if one.differences]
    for one in different:
        click.echo(f"✗ {one.answer.name}")
        for difference in one.differences:
            click.echo(f"    {difference}")
    click.echo(f"{len(compared)} respuestas, {len(different)} con dos veredictos.")
    sys.exit(1 if different else 0)
