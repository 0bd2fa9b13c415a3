"""The ledger's rows: what one holds, and the table that they are in, in SQLite or PostgreSQL."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from taller.errors import TallerError
from taller.result import Result


class DamagedRow(TallerError):
    """A row that does not hold what its kind says."""


ORIGIN = "0" * 64
"""What the first row has as the hash of the row before it."""

Kind = Literal["verdict", "adjustment"]

METADATA = MetaData()
TABLE = Table(
    "ledger", METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("student", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    # Unique, so that two rows that continue the same one cannot both be written.
    Column("previous", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False),
    Index("ledger_by_submission", "student", "exercise", "seq"),
)  # fmt: skip


@dataclass(frozen=True)
class Adjustment:
    """Points given or taken by hand.

    Attributes:
        student, exercise: whose, and of what.
        check: id of the check, or "" for the exercise as a whole.
        points: to add; negative to take away.
        comment: why, for the student to read.
        who: the person who answers for it.
        when: ISO 8601, UTC; empty until it is recorded.
        row: its row in the ledger; 0 until it is recorded.
    """

    student: str
    exercise: str
    check: str
    points: int
    comment: str
    who: str
    when: str = ""
    row: int = 0


@dataclass(frozen=True)
class Head:
    """The end of a ledger: how many rows it has, and the hash of the last one."""

    rows: int = 0
    hash: str = ORIGIN

    def __str__(self) -> str:
        return f"{self.rows}:{self.hash}"


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        seq: 1, 2, 3, …
        kind: what it holds.
        student, exercise: of the submission.
        key: what a verdict depends on, hashed; empty in an adjustment.
        content: JSON: a result in its public shape, or an adjustment's own fields.
        recorded_at: ISO 8601, UTC.
        previous, hash: SHA-256, hexadecimal.
    """

    seq: int
    kind: Kind
    student: str
    exercise: str
    key: str
    content: str
    recorded_at: str
    previous: str
    hash: str = ""

    def expected(self) -> str:
        """The hash that its content must have."""
        parts = [self.seq, self.kind, self.student, self.exercise, self.key, self.content]
        # Whoever damaged a row may have left anything in it, bytes too.
        text = json.dumps(
            [*parts, self.recorded_at, self.previous], ensure_ascii=False, default=repr
        )
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def verdict(self) -> Result:
        """The result that it holds.

        Raises:
            DamagedRow: it holds none.
        """
        with self._named():
            return Result.from_dict(json.loads(self.content))

    def adjustment(self) -> Adjustment:
        """The adjustment that it holds.

        Raises:
            DamagedRow: it holds none.
        """
        with self._named():
            own: dict[str, Any] = json.loads(self.content)
            own |= {"student": self.student, "exercise": self.exercise}
            return Adjustment(**own, when=self.recorded_at, row=self.seq)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say which row it is that cannot be read."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DamagedRow(
                f"La fila {self.seq} del registro ({self.student}, {self.exercise}) está dañada: "
                f"{error!r}.",
                "No se ha tocado nada. Mira qué más falla con «taller ledger verify OUT» y "
                "recupera el registro de una copia.",
            ) from error
