"""The ledger: every verdict and every adjustment ever given, chained so that edits are seen.

Each row's hash covers its content and the hash of the row before it. The chain alone shows a row
that was changed, removed or put in between. It does not show that the last rows are missing, nor
that all of it was written anew: for that somebody must know how it ended. So its end, the number of
rows and the last hash, is kept beside it (seal.py) and printed on what is published; whoever has
one of those can tell that a ledger still contains everything up to there. Nothing proves what was
recorded after the last end that somebody outside knows of.

An adjustment stays when the submission is graded again: its row is older than the verdict's then,
and the report says so, for the instructor to take it back if the new verdict has made it wrong.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, ColumnElement, Select, create_engine, func, insert, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from taller.errors import EXIT_USAGE, TallerError
from taller.grading.adjustments import check_adjustment
from taller.grading.ledger_rows import METADATA, ORIGIN, TABLE, Adjustment, Head, Kind, Row
from taller.result import Result

__all__ = ["Adjustment", "Head", "Ledger", "Row", "ledger_url"]

_BEGIN = {
    "sqlite": ["BEGIN IMMEDIATE"],
    # Needs no right on the table but INSERT and SELECT, so that instructors cannot edit rows.
    "postgresql": ["BEGIN", "SELECT pg_advisory_xact_lock(hashtext('taller ledger'))"],
}
"""What begins a transaction in which nobody else appends."""
_ADVICE = {
    "is full": "Haz sitio en ese disco y repite el comando: sigue donde se quedó.",
    "readonly": "Da permiso de escritura en esa carpeta, o elige otra con -o.",
    "unable to open": "Da permiso de escritura en esa carpeta, o elige otra con -o.",
    "malformed": "El archivo está dañado: recupéralo de una copia.",
    "disk I/O": "El disco falla o está lleno: míralo y repite el comando.",
}
"""What SQLite says (sqlite.org/rescode.html) to what to do."""
_OTHER_LEDGER = (
    "Si no es un registro de esta versión del taller, elige otra carpeta con -o, u otra base de "
    "datos con --gradebook."
)
_WAIT_SECONDS = 30
_BLOCK = 200
"""Rows in memory at a time."""

_C = TABLE.c


def ledger_url(output: Path, gradebook: str = "") -> URL:
    """Where the ledger of an OUT is.

    Args:
        output: the folder.
        gradebook: a shared database, ``postgresql://user:password@host/database``; by default
            the folder's own ``ledger.db``.

    Raises:
        TallerError: it is no such address.
    """
    if not gradebook:
        return URL.create("sqlite", database=str(output / "ledger.db"))
    try:
        url = make_url(gradebook)
    except (ArgumentError, ValueError):
        url = URL.create("")
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise TallerError(
            "Esa dirección no es la de una base de datos PostgreSQL.",
            "Su forma es: --gradebook postgresql://usuario:clave@servidor:5432/notas",
            exit_code=EXIT_USAGE,
        )
    return url.set(drivername="postgresql+psycopg")


class Ledger:
    """A ledger; a context manager. Several processes may use one at the same time.

    Args:
        where: a SQLite file, or an address from ledger_url().

    Raises:
        TallerError: there is none and none can be made, or what is there is no ledger.
    """

    def __init__(self, where: Path | URL) -> None:
        url = where if isinstance(where, URL) else URL.create("sqlite", database=str(where))
        self.name = str(url.set(drivername="postgresql")) if url.host else str(url.database)
        seconds = "timeout" if url.get_backend_name() == "sqlite" else "connect_timeout"
        self._engine = create_engine(url, connect_args={seconds: _WAIT_SECONDS})
        with self._speaking():
            connection = self._engine.connect()
        self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self._speaking():
                if self._engine.dialect.name == "sqlite":
                    self._connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            with self._appending():
                METADATA.create_all(self._connection)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()
        self._engine.dispose()

    def latest(self, student: str, exercise: str) -> Row | None:
        """The last verdict on a submission."""
        wanted = select(TABLE).where(_is_verdict(student, exercise)).order_by(_C.seq.desc())
        return next(iter(self._rows(wanted.limit(1))), None)

    def standing(self) -> Iterator[Row]:
        """The last verdict on each submission, by student and exercise."""
        newest = (
            select(_C.student, _C.exercise, func.max(_C.seq))
            .where(_C.kind == "verdict")
            .group_by(_C.student, _C.exercise)
        )
        numbers = [seq for _, _, seq in sorted(map(tuple, self._all(newest)))]
        for first in range(0, len(numbers), _BLOCK):
            block = numbers[first : first + _BLOCK]
            rows = {row.seq: row for row in self._rows(select(TABLE).where(_C.seq.in_(block)))}
            yield from (rows[seq] for seq in block)

    def adjustments(self) -> list[Adjustment]:
        """All of them, in the order in which they were made."""
        wanted = select(TABLE).where(_C.kind == "adjustment").order_by(_C.seq)
        return [row.adjustment() for row in self._rows(wanted)]

    def rows(self) -> Iterator[Row]:
        """Every row, in order."""
        last = 0
        while block := self._rows(
            select(TABLE).where(_C.seq > last).order_by(_C.seq).limit(_BLOCK)
        ):
            yield from block
            last = block[-1].seq

    def head(self) -> Head:
        """Its end."""
        last = self._last()
        return Head(last.seq, last.hash) if last else Head()

    def contains(self, head: Head) -> bool:
        """Whether it is that ledger, or has grown from it; see the module for what that proves."""
        if head.rows == 0:
            return True
        found = self._all(select(_C.hash).where(_C.seq == head.rows))
        return [row[0] for row in found] == [head.hash]

    def record(self, key: str, result: Result) -> Result:
        """Add a verdict in one transaction; return it with the number of its attempt."""
        own = _is_verdict(result.student, result.exercise)
        with self._appending():
            ((attempts,),) = self._all(select(func.count()).where(own))
            result = replace(result, attempt=attempts + 1)
            content = result.to_dict()
            self._append("verdict", result.student, result.exercise, key, content)
        return result

    def adjust(self, wanted: Adjustment) -> Adjustment:
        """Add an adjustment, in one transaction with its verification; return it as recorded.

        Raises:
            TallerError: there is no such student, exercise or check, or the points would leave
                the range of the check.
        """
        with self._appending():
            check_adjustment(wanted, list(self.standing()), self.adjustments())
            own = asdict(wanted)
            content = {name: own[name] for name in ("check", "points", "comment", "who")}
            return self._append(
                "adjustment", wanted.student, wanted.exercise, "", content
            ).adjustment()

    def faults(self) -> Iterator[str]:
        """What is wrong with the chain, a Spanish sentence each; nothing when it is whole."""
        previous, seq = ORIGIN, 0
        for row in self.rows():
            where = f"fila {row.seq} ({row.student}, {row.exercise})"
            if row.seq != seq + 1:
                yield f"{where}: falta al menos una fila antes."
            elif row.previous != previous:
                yield f"{where}: no continúa la anterior."
            if row.hash != row.expected():
                yield f"{where}: se cambió después de escribirla."
            previous, seq = row.hash, row.seq

    def _last(self) -> Row | None:
        return next(iter(self._rows(select(TABLE).order_by(_C.seq.desc()).limit(1))), None)

    def _append(
        self, kind: Kind, student: str, exercise: str, key: str, content: dict[str, Any]
    ) -> Row:
        last = self.head()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json.dumps(content, ensure_ascii=False)
        row = Row(last.rows + 1, kind, student, exercise, key, text, now, last.hash)
        row = replace(row, hash=row.expected())
        self._connection.execute(insert(TABLE).values(asdict(row)))
        return row

    def _rows(self, wanted: Select[Any]) -> list[Row]:
        return [Row(*values) for values in self._all(wanted)]

    def _all(self, wanted: Select[Any]) -> Sequence[Any]:
        with self._speaking():
            return self._connection.execute(wanted).all()

    @contextmanager
    def _appending(self) -> Iterator[None]:
        with self._speaking():
            for statement in _BEGIN[self._engine.dialect.name]:
                self._connection.exec_driver_sql(statement)
            try:
                yield
            except BaseException:
                self._connection.exec_driver_sql("ROLLBACK")
                raise
            self._connection.exec_driver_sql("COMMIT")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            advice = next((text for sign, text in _ADVICE.items() if sign in why), _OTHER_LEDGER)
            raise TallerError(
                f"El registro {self.name} no se puede usar: {why}.",
                f"{advice} Lo que ya estaba guardado sigue guardado.",
            ) from error


def _is_verdict(student: str, exercise: str) -> ColumnElement[bool]:
    return (_C.kind == "verdict") & (_C.student == student) & (_C.exercise == exercise)
