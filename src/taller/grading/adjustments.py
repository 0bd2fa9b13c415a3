"""Which adjustments by hand make sense."""

import difflib
from collections.abc import Iterable, Sequence

from taller.errors import EXIT_USAGE, TallerError
from taller.grading.ledger_rows import Adjustment, Row
from taller.result import Result


def check_adjustment(
    wanted: Adjustment, standing: Sequence[Row], made: Iterable[Adjustment]
) -> None:
    """Make sure that an adjustment can be made.

    Args:
        wanted: the adjustment.
        standing: the last verdict on each submission.
        made: the adjustments so far.

    Raises:
        TallerError: it cannot; says what is wrong and what there is instead.
    """
    result = _result(wanted, standing)
    if not wanted.points:
        raise _wrong("Un ajuste de 0 puntos no cambia nada.", "Usa, por ejemplo, --points -2")
    if not wanted.comment.strip():
        raise _wrong("Falta el porqué del ajuste.", "El estudiante lo leerá: --comment «…»")
    own = [one for one in made if (one.student, one.exercise) == (wanted.student, result.exercise)]
    if wanted.check:
        own = [one for one in own if one.check == wanted.check]
    _check_range(wanted, *_points(wanted, result), sum(one.points for one in own))


def _result(wanted: Adjustment, standing: Sequence[Row]) -> Result:
    students = [row.student for row in standing]
    _known(wanted.student, students, "No hay ningún veredicto sobre «{}».")
    rows = {row.exercise: row for row in standing if row.student == wanted.student}
    _known(wanted.exercise, rows, f"{wanted.student} no tiene ningún veredicto de «{{}}».")
    result = rows[wanted.exercise].verdict()
    if result.score is None:
        raise _wrong(
            f"{wanted.student} {wanted.exercise} todavía no tiene nota: terminó en infra_error.",
            "Califícalo primero: taller grade lo intenta otra vez.",
        )
    return result


def _points(wanted: Adjustment, result: Result) -> tuple[int, int]:
    """What the verdict gives for the check, or for the exercise, and the most that it can be."""
    if not wanted.check:
        return result.score or 0, result.max_score
    checks = {check.id: check for check in result.checks}
    _known(wanted.check, checks, f"{result.exercise} no tiene la comprobación «{{}}».")
    return checks[wanted.check].points, checks[wanted.check].max_points


def _check_range(wanted: Adjustment, given: int, most: int, before: int) -> None:
    total = given + before + wanted.points
    if 0 <= total <= most:
        return
    what = f"«{wanted.check}»" if wanted.check else wanted.exercise
    now = given + before
    raise _wrong(
        f"Con {wanted.points:+d}, {what} quedaría en {total} puntos, y va de 0 a {most}.",
        f"Ahora tiene {now}: el ajuste puede ir de {min(-now, 0):+d} a {max(most - now, 0):+d}.",
    )


def _known(name: str, known: Iterable[str], message: str) -> None:
    names = sorted(set(known))
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    many = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    there = f"Hay: {many}." if names else "El registro está vacío."
    raise _wrong(message.format(name), f"¿Querías decir «{close[0]}»?" if close else there)


def _wrong(message: str, suggestion: str) -> TallerError:
    return TallerError(message, suggestion, exit_code=EXIT_USAGE)
