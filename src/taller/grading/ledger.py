"""The ledger: every verdict ever given, in one SQLite file, chained so that edits are seen.

Each row's hash covers its content and the hash of the row before it. That shows a row that was
changed, removed or put in between; a ledger cut short at its end, or written anew as a whole,
looks right, so publish the last hash where that matters.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from taller.errors import TallerError
from taller.result import Result

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    seq INTEGER PRIMARY KEY,
    student TEXT NOT NULL,
    exercise TEXT NOT NULL,
    key TEXT NOT NULL,
    result TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_submission ON results (student, exercise, seq);
"""
_COLUMNS = "seq, student, exercise, key, result, recorded_at, previous, hash"
_ORIGIN = "0" * 64


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        seq: 1, 2, 3, …
        student, exercise: of the submission.
        key: what the verdict depends on, hashed.
        result: the public JSON shape.
        recorded_at: ISO 8601, UTC.
        previous, hash: SHA-256, hexadecimal.
    """

    seq: int
    student: str
    exercise: str
    key: str
    result: str
    recorded_at: str
    previous: str
    hash: str = ""

    def expected(self) -> str:
        """The hash that its content must have."""
        parts = [self.seq, self.student, self.exercise, self.key, self.result]
        text = json.dumps([*parts, self.recorded_at, self.previous], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def verdict(self) -> Result:
        """The result that it holds."""
        return Result.from_dict(json.loads(self.result))


class Ledger:
    """The ledger of one OUT; a context manager.

    Raises:
        TallerError: the file is no ledger.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        with self._speaking():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()

    def latest(self, student: str, exercise: str) -> Row | None:
        """The last row of a submission."""
        return next(
            self._rows("WHERE student = ? AND exercise = ? ORDER BY seq DESC LIMIT 1",
                       student, exercise), None,
        )  # fmt: skip

    def standing(self) -> Iterator[Row]:
        """The last row of each submission, by student and exercise."""
        newest = "SELECT max(seq) FROM results GROUP BY student, exercise"
        return self._rows(f"WHERE seq IN ({newest}) ORDER BY student, exercise")

    def record(self, key: str, result: Result) -> Result:
        """Add a verdict in one transaction; return it with the number of its attempt."""
        with self._speaking(), self._transaction():
            attempts = self._connection.execute(
                "SELECT count(*) FROM results WHERE student = ? AND exercise = ?",
                (result.student, result.exercise),
            ).fetchone()[0]
            result = replace(result, attempt=attempts + 1)
            self._append(key, result)
        return result

    def faults(self) -> Iterator[str]:
        """What is wrong with the chain, a Spanish sentence each; nothing when it is whole."""
        previous, seq = _ORIGIN, 0
        for row in self._rows("ORDER BY seq"):
            where = f"fila {row.seq} ({row.student}, {row.exercise})"
            if row.seq != seq + 1:
                yield f"{where}: falta al menos una fila antes."
            elif row.previous != previous:
                yield f"{where}: no continúa la anterior."
            if row.hash != row.expected():
                yield f"{where}: se cambió después de escribirla."
            previous, seq = row.hash, row.seq

    def _append(self, key: str, result: Result) -> None:
        last = next(self._rows("ORDER BY seq DESC LIMIT 1"), None)
        row = Row(
            last.seq + 1 if last else 1, result.student, result.exercise, key,
            json.dumps(result.to_dict(), ensure_ascii=False),
            datetime.now(UTC).isoformat(timespec="seconds"), last.hash if last else _ORIGIN,
        )  # fmt: skip
        values = (*vars(row).values(),)[:-1]
        marks = ", ".join("?" * (len(values) + 1))
        self._connection.execute(
            f"INSERT INTO results ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - constants
            (*values, row.expected()),
        )

    def _rows(self, rest: str, *values: str) -> Iterator[Row]:
        query = f"SELECT {_COLUMNS} FROM results {rest}"  # noqa: S608 - constants of this module
        with self._speaking(), closing(self._connection.execute(query, values)) as cursor:
            for values_of_row in cursor:
                yield Row(*values_of_row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise TallerError(
                f"El registro {self._path} no se puede usar: {error}.",
                "Si no es un registro del taller, elige otra carpeta con -o.",
            ) from error
