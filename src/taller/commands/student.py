"""``taller check``, ``hint``, ``reset`` and ``watch``: the lab, for those who prefer a terminal."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.lab import Lab

_POLL_SECONDS = 0.5

_EXERCISE = click.argument("exercise", metavar="EJERCICIO")
_PREFIX = click.option("--prefix", help="Prefijo de los nombres; por defecto, el tuyo.")


def _lab(exercise: str, prefix: str | None) -> "Lab":
    from taller.catalog import load_catalog
    from taller.lab import Lab

    return Lab(load_catalog().exercise(exercise).id, prefix=prefix, banner=False)


@click.command()
@_EXERCISE
@click.argument("checks", nargs=-1, metavar="[COMPROBACIÓN]…")
@_PREFIX
def check(exercise: str, checks: tuple[str, ...], prefix: str | None) -> None:
    """Comprueba un ejercicio, entero o solo algunas comprobaciones.

    Mira los archivos .tf de su carpeta de trabajo, el state y Docker. Termina con código 1 si
    algo no pasa.
    """
    lab = _lab(exercise, prefix)
    click.echo(f"Carpeta: {lab.folder}")
    card = lab.card(*checks)
    click.echo(card.text())
    if not card.passed:
        sys.exit(1)


@click.command()
@_EXERCISE
@click.argument("check_id", metavar="COMPROBACIÓN")
@click.argument("level", type=click.IntRange(1, 3), default=1, metavar="[NIVEL]")
def hint(exercise: str, check_id: str, level: int) -> None:
    """Da una pista: nivel 1, un empujón; 2, algo más concreto; 3, la documentación."""
    click.echo(_lab(exercise, None).hint(check_id, level).text())


@click.command()
@_EXERCISE
@_PREFIX
@click.option("--yes", is_flag=True, help="No preguntes.")
def reset(*, exercise: str, prefix: str | None, yes: bool) -> None:
    """Empieza un ejercicio de nuevo: destruye lo que creó y vacía su carpeta de trabajo.

    De los archivos queda una copia en .taller/previous; tu cuaderno no se toca.
    """
    lab = _lab(exercise, prefix)
    if not yes:
        click.confirm(f"¿Destruyo lo que creó {lab.name} y vacío {lab.folder}?", abort=True)
    click.echo(lab.teardown().text())
    click.echo(f"Copias de tus archivos: {lab.folder / '.taller' / 'previous'}")


@click.command()
@_EXERCISE
@_PREFIX
@click.option("--apply", "and_apply", is_flag=True, help="Haz apply antes de cada comprobación.")
def watch(*, exercise: str, prefix: str | None, and_apply: bool) -> None:
    """Comprueba el ejercicio otra vez cada vez que guardas un archivo. Ctrl-C para terminar."""
    lab = _lab(exercise, prefix)
    click.echo(f"Miro {lab.folder}: escribe ahí tus .tf y guárdalos. Ctrl-C para terminar.")
    for _ in _saves(lab.folder):
        click.echo(f"\n── {time.strftime('%H:%M:%S')} ──")
        _look(lab, and_apply=and_apply)


def _look(lab: "Lab", *, and_apply: bool) -> None:
    """Check once; what is wrong is said, and the watch goes on."""
    from taller.lab import LabError

    try:
        if and_apply:
            click.echo(lab.apply().text())
        click.echo(lab.card().text())
    except LabError as error:
        click.echo(str(error))


def _saves(folder: Path) -> Iterator[None]:
    """Yield at once, and then whenever a file of the configuration changes."""
    before = None
    while True:
        now = _snapshot(folder)
        if now != before:
            before = now
            yield
        time.sleep(_POLL_SECONDS)


def _snapshot(folder: Path) -> list[tuple[str, int]]:
    from taller.lab.files import configuration

    found = []
    for name in configuration(folder):
        try:
            found.append((str(name), (folder / name).stat().st_mtime_ns))
        except FileNotFoundError:  # an editor is replacing it: the next look sees it
            continue
    return found
