"""What an OUT remembers of its ledger, in ``seal.json``, to tell when the ledger lost rows.

It is written each time that something is published. Who can cut a ledger can also write a new
seal; the ends that are printed on the report and on the students' pages cannot be taken back.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from taller.catalog import Catalog
from taller.errors import TallerError
from taller.grading.gradebook import write_whole
from taller.grading.ledger import Head, Ledger
from taller.grading.ledger_rows import DamagedRow
from taller.grading.publish import publish
from taller.result import Result

_FILE = "seal.json"


@dataclass(frozen=True)
class Seal:
    """The state of an OUT when it was last published.

    Attributes:
        rows, hash: the ledger's end.
        ledger: its name, without a password.
        students: who has a line in the gradebook, with or without a verdict.
        strays: student, or nobody, to what was handed in and is not graded.
    """

    rows: int
    hash: str
    ledger: str
    students: tuple[str, ...] = ()
    strays: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        """The ledger's end."""
        return Head(self.rows, self.hash)


def publish_sealed(
    output: Path, catalog: Catalog, ledger: Ledger, students: Iterable[str],
    exports: Collection[str] = (), strays: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Publish, and remember what was published; see publish() for the arguments."""
    known = tuple(students)
    publish(output, catalog, ledger, known, exports, strays)
    write_seal(output, ledger, known, strays)


def write_seal(
    output: Path, ledger: Ledger, students: tuple[str, ...],
    strays: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Remember the ledger as it is now."""
    head = ledger.head()
    seal = Seal(head.rows, head.hash, ledger.name, students, dict(strays))
    write_whole(output / _FILE, json.dumps(asdict(seal), ensure_ascii=False, indent=2) + "\n")


def read_seal(output: Path) -> Seal | None:
    """What was remembered; None where nothing was published yet.

    Raises:
        TallerError: the file is not one of ours.
    """
    path = output / _FILE
    try:
        found = json.loads(path.read_text("utf-8"))
        return Seal(**{**found, "students": tuple(found["students"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TallerError(
            f"{path} no se puede leer: {error}.",
            "Recupéralo de una copia; sin él no se sabe si al registro le faltan filas.",
        ) from error


def require_whole(output: Path, ledger: Ledger) -> None:
    """Make sure that a ledger still has all that OUT has published of it, before it grows.

    A new OUT gets its first seal.

    Raises:
        TallerError: it has not, or this is another ledger.
    """
    seal = read_seal(output)
    if seal is None:
        write_seal(output, ledger, ())
    elif not ledger.contains(seal.head):
        raise TallerError(
            f"El registro {ledger.name} no tiene lo que se publicó en {output} con el registro "
            f"{seal.ledger}: le faltan filas, o es otro.",
            f"No se ha tocado nada. Da el mismo --gradebook que entonces; si es el mismo, mira qué "
            f"falta con «taller ledger verify {output}» y recupera el registro de una copia.",
        )


def faults(output: Path, ledger: Ledger) -> Iterator[str]:
    """What OUT shows that the ledger does not say, a Spanish sentence each."""
    seal = read_seal(output)
    if seal is None:
        if ledger.head().rows:
            yield f"falta {output / _FILE}: no se sabe si al registro le faltan las últimas filas."
    elif not ledger.contains(seal.head):
        now = ledger.head().rows
        yield f"se publicó con {seal.rows} filas y ahora tiene {now}, u otras: se cortó o cambió."
    yield from _differing(output, ledger)


def _differing(output: Path, ledger: Ledger) -> Iterator[str]:
    """The published results that are not in the ledger as they are."""
    said: dict[tuple[str, str, int], int] = {}
    for row in ledger.rows():
        try:
            if row.kind == "verdict":
                said[row.student, row.exercise, row.verdict().attempt] = hash(row.content)
            else:
                row.adjustment()
        except DamagedRow as error:
            yield error.message
    for path in sorted(output.glob("results/*/*.json")):
        try:
            result = Result.from_dict(json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError, KeyError):
            yield f"{path.relative_to(output)}: no es un resultado."
            continue
        text = json.dumps(result.to_dict(), ensure_ascii=False)
        if said.get((result.student, result.exercise, result.attempt)) != hash(text):
            yield f"{path.relative_to(output)}: el registro no tiene este resultado."
