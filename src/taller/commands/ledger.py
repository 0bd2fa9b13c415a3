"""``taller ledger``."""

import getpass
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from taller.grading.ledger import Head, Ledger, Row

_HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every one of these commands takes."""
    output = click.argument(
        "output", metavar="OUT", type=click.Path(exists=True, file_okay=False, path_type=Path)
    )
    gradebook = click.option(
        "--gradebook", default="", metavar="URL",
        help="El registro compartido con que se calificó: postgresql://usuario@servidor/notas",
    )  # fmt: skip
    return output(gradebook(command))


@click.group()
def ledger() -> None:
    """El registro de los veredictos y de los ajustes a mano."""


@ledger.command()
@_common
@click.option(
    "--head", default="", metavar="N:HASH",
    help="Un final del registro que anotaste o que está impreso en un informe.",
)  # fmt: skip
def verify(output: Path, gradebook: str, head: str) -> None:
    """Comprueba que nadie cambió, quitó ni intercaló veredictos ni ajustes.

    Mira la cadena del registro, que no le falten las últimas filas y que los resultados publicados
    en OUT sean los suyos. Quien pueda escribir en OUT puede rehacerlo todo: lo que no puede es
    hacer que case con un final que tú guardaste (--head). Termina con código 1 si algo no cuadra.
    """
    from taller.grading import seal

    noted = _head(head)
    with _opened(output, gradebook) as found:
        faults = list(found.faults())
        if noted and not found.contains(noted):
            faults.append(f"no contiene el final {noted}: le faltan filas, o es otro registro.")
        faults += seal.faults(output, found)
        end = found.head()
    for fault in faults:
        click.echo(f"✗ {fault}")
    if faults:
        sys.exit(1)
    click.echo(f"✓ El registro está entero. Su final es {end}")


@ledger.command()
@_common
@click.argument("student", metavar="STUDENT")
@click.argument("exercise", metavar="EXERCISE")
@click.option(
    "--check", default="", metavar="ID", help="La comprobación; si no, todo el ejercicio."
)
@click.option("--points", type=int, required=True, metavar="±N", help="Puntos que se suman.")
@click.option("--comment", required=True, metavar="TEXT", help="El porqué; lo lee el estudiante.")
@click.option("--who", default="", metavar="NAME", help="Quién responde; por defecto, tú.")
def adjust(
    output: Path, gradebook: str, student: str, exercise: str, check: str, points: int,
    comment: str, who: str,
) -> None:  # fmt: skip
    """Suma o resta puntos a mano, con su porqué, y publica de nuevo las notas.

    El ajuste queda en el registro con quién y cuándo; el veredicto no cambia. Si la entrega se
    califica otra vez, el ajuste se mantiene y el informe avisa de que es anterior.
    """
    from taller.catalog import load_catalog
    from taller.grading.ledger import Adjustment
    from taller.grading.lock import alone
    from taller.grading.seal import publish_sealed, read_seal, require_whole

    catalog = load_catalog()
    wanted = Adjustment(student, exercise, check, points, comment, who or _user())
    with _opened(output, gradebook) as found, alone(output):
        require_whole(output, found)
        made = found.adjust(wanted)
        seal = read_seal(output)
        known, strays = (seal.students, seal.strays) if seal else ((), {})
        publish_sealed(output, catalog, found, known, strays=strays)
    what = f"{exercise} {check}".strip()
    click.echo(f"✓ {student}, {what}: {points:+d}, por {made.who}. Fila {made.row} del registro.")


@ledger.command()
@_common
@click.argument("student", metavar="[STUDENT]", required=False)
def show(output: Path, gradebook: str, student: str | None) -> None:
    """Muestra los veredictos y ajustes de OUT, o de un estudiante, en su orden."""
    with _opened(output, gradebook) as found:
        for row in found.rows():
            if student in (None, row.student):
                click.echo(_line(row))


def _line(row: "Row") -> str:
    start = f"{row.seq:>5}  {row.recorded_at[:19]}  {row.student} {row.exercise}"
    if row.kind == "adjustment":
        one = row.adjustment()
        check = f" {one.check}" if one.check else ""
        return f"{start}{check} {one.points:+d}, {one.who}: {one.comment}"
    result = row.verdict()
    score = "—" if result.score is None else f"{result.score}/{result.max_score}"
    return f"{start} {result.status} {score}, intento {result.attempt}"


def _head(text: str) -> "Head | None":
    from taller.grading.ledger import Head

    found = _HEAD.fullmatch(text.strip())
    if text and not found:
        raise click.BadParameter("Su forma es N:HASH, como la escribe «taller ledger verify».")
    return Head(int(found[1]), found[2]) if found else None


@contextmanager
def _opened(output: Path, gradebook: str) -> "Iterator[Ledger]":
    from taller.errors import EXIT_USAGE, TallerError
    from taller.grading.ledger import Ledger, ledger_url

    if not gradebook and not (output / "ledger.db").is_file():
        raise TallerError(
            f"No hay ningún registro en {output}.",
            "Si la clase se calificó con un registro compartido, da su --gradebook.",
            exit_code=EXIT_USAGE,
        )
    with Ledger(ledger_url(output, gradebook)) as found:
        yield found


def _user() -> str:
    """The person at the keyboard, as git or the system calls them."""
    from taller.process import ProgramMissing, run

    try:
        name = run(["git", "config", "user.name"], timeout=10).stdout.strip()
    except ProgramMissing:
        name = ""
    return name or getpass.getuser()
