"""``taller grade``."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.grading.grade import Summary

_UNCONFINED = (
    "⚠ --sandbox none: las respuestas se ejecutan SIN AISLAR, con tus permisos. Pueden leer tus "
    "archivos, las demás entregas y las soluciones, y usar tu Docker y tu red. Hazlo solo con "
    "respuestas de confianza."
)


@click.command()
@click.argument(
    "submitted", metavar="SUBMITTED",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "-o", "output", required=True, metavar="OUT", type=click.Path(file_okay=False, path_type=Path),
    help="Carpeta para los resultados, las notas y el registro.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1),
    help="Entregas a la vez; una por procesador, o dos por hilo del clúster.",
)  # fmt: skip
@click.option("--only", default="", help="Solo estos ejercicios, por ejemplo: ej01,ej03")
@click.option(
    "--timeout", type=click.FloatRange(min=1), metavar="S",
    help="Segundos de procesador para cada notebook; por defecto, los de su ejercicio.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Califica también lo que no ha cambiado.")
@click.option(
    "--backend", type=click.Choice(["loky", "dask"]), default="loky", show_default=True,
    help="Dónde se califica: loky, procesos de este equipo; dask, un clúster.",
)  # fmt: skip
@click.option(
    "--scheduler", default="", metavar="ADDRESS",
    help="Con --backend dask, su planificador: tcp://servidor:8786",
)  # fmt: skip
@click.option(
    "--gradebook", default="", metavar="URL",
    help="Registro compartido: postgresql://usuario@servidor/notas (la clave, mejor en PGPASSWORD)."
    " Por defecto, OUT/ledger.db.",
)  # fmt: skip
@click.option(
    "--sandbox", type=click.Choice(["auto", "bwrap", "none"]), default="auto", show_default=True,
    help="Cómo se aíslan las respuestas. auto y bwrap: con bubblewrap, y sin él no se ejecuta "
    "ninguna. none: sin aislar; solo para respuestas de confianza.",
)  # fmt: skip
@click.option(
    "--export", default="", metavar="canvas,moodle",
    help="Escribe también los archivos que importan esos sistemas.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Escribe los resultados como JSON.")
def grade(
    *, submitted: Path, output: Path, jobs: int | None, only: str, timeout: float | None,
    force: bool, backend: str, scheduler: str, gradebook: str, sandbox: str, export: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Califica las entregas de una clase, aisladas y sobre un Docker Engine real.

    SUBMITTED contiene <estudiante>/**/ejNN*.ipynb. Termina con código 0 si cada entrega tiene un
    veredicto y con 3 si alguna no se pudo calificar por un fallo que no es de su autor: la próxima
    vez se intenta de nuevo.
    """
    _check_backend(backend, scheduler)
    if sandbox == "none":
        click.secho(_UNCONFINED, fg="red", bold=True, err=True)
    from taller.catalog import load_catalog
    from taller.grading.class_progress import class_progress
    from taller.grading.grade import Options, grade_all

    catalog = load_catalog()
    ids = frozenset(catalog.exercise(name).id for name in _names(only))
    options = Options(
        jobs or (None if scheduler else os.cpu_count()), ids, timeout, force, scheduler, gradebook,
        confined=sandbox != "none", exports=_exports(export),
    )  # fmt: skip
    with class_progress() as progress:
        summary = grade_all(catalog, submitted, output, options, progress.verdict)
    _show(summary, output, as_json=as_json)
    sys.exit(summary.exit_code)


def _show(summary: "Summary", output: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"run": summary.run, "statuses": summary.statuses}))
        return
    counts = ", ".join(f"{name}: {n}" for name, n in sorted(summary.statuses.items()))
    sign = "✗" if summary.exit_code else "✓"
    if summary.strays:
        click.echo(
            f"⚠ Hay archivos sin calificar de {summary.strays} estudiantes (o de nadie): están en "
            f"{output}/report.html, en «Para mirar».",
            err=True,
        )
    click.echo(f"{sign} {counts}. Calificadas ahora: {summary.run}. Notas: {output}/gradebook.csv")


def _check_backend(backend: str, scheduler: str) -> None:
    if scheduler and backend != "dask":
        raise click.UsageError("--scheduler es de dask: añade --backend dask, o quítalo.")
    if backend == "dask" and not scheduler:
        raise click.UsageError(
            "--backend dask necesita --scheduler tcp://servidor:8786. En un solo equipo, usa loky."
        )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _exports(text: str) -> frozenset[str]:
    from taller.grading.exports import EXPORTS

    for name in _names(text):
        if name not in EXPORTS:
            known = ", ".join(sorted(EXPORTS))
            raise click.UsageError(f"--export no conoce «{name}». Hay: {known}.")
    return frozenset(_names(text))
