"""What counts: the engine's verdicts, the instructor's adjustments, and what students may read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from taller.catalog import Catalog, Exercise
from taller.checks import Check, load_checks
from taller.result import CheckResult, Result, Status

if TYPE_CHECKING:
    from taller.grading.ledger import Adjustment, Row


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands for one exercise of one student.

    Attributes:
        status: of the verdict.
        row: the verdict's number in the ledger.
        since: when it was given, ISO 8601.
        given: points that the engine gave; None when there is no score.
        score: the same with the adjustments, from 0 to ``max_score``; None when there is none.
        max_score: points of the exercise.
        missing: titles of the visible checks that did not pass.
        adjustments: made by hand, oldest first.
    """

    status: Status
    row: int
    since: str
    given: int | None
    score: int | None
    max_score: int
    missing: tuple[str, ...]
    adjustments: "tuple[Adjustment, ...]"

    @property
    def adjusted(self) -> int:
        """Points that the adjustments add up to, before the bounds."""
        return sum(one.points for one in self.adjustments)


Marks = dict[str, dict[str, Mark]]
"""Student, exercise id, mark; a student without any verdict has an empty entry."""


def mark(
    row: "Row", result: Result, rubric: "Rubric", adjustments: "Sequence[Adjustment]" = ()
) -> Mark:
    """The mark of a verdict, and of the adjustments to it.

    Without a score there is nothing to adjust: the adjustments wait for the next verdict.
    """
    score = result.score
    if score is not None:
        total = score + sum(one.points for one in adjustments)
        score = max(0, min(result.max_score, total))
    missing = tuple(check.title for check in rubric.visible(result) if not check.passed)
    return Mark(
        result.status, row.seq, row.recorded_at, result.score, score, result.max_score, missing,
        tuple(adjustments),
    )  # fmt: skip


class Rubric:
    """The checks of an exercise as they are now: what a student may read of a verdict."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.checks: tuple[Check, ...] = load_checks(exercise.checks_file)

    @cached_property
    def _visible(self) -> frozenset[tuple[str, str]]:
        return frozenset((check.id, check.title) for check in self.checks if not check.hidden)

    def is_visible(self, check: CheckResult) -> bool:
        """Whether students may read it: it is in the rubric, under this title, and not hidden.

        A check that the rubric no longer knows may have been hidden when it was run.
        """
        return (check.id, check.title) in self._visible

    def visible(self, result: Result) -> list[CheckResult]:
        """The checks of a verdict that students may read."""
        return [check for check in result.checks if self.is_visible(check)]

    def hidden(self, result: Result) -> list[CheckResult]:
        """The others."""
        return [check for check in result.checks if not self.is_visible(check)]

    def visible_title(self, check_id: str) -> str | None:
        """The title of a check that students see, by its id."""
        return next((c.title for c in self.checks if c.id == check_id and not c.hidden), None)


def rubrics(catalog: Catalog) -> dict[str, Rubric]:
    """Every exercise's rubric, by exercise id.

    Raises:
        ContentError: a ``checks.py`` cannot be loaded.
    """
    return {exercise.id: Rubric(exercise) for exercise in catalog.exercises}


def total(marks: Iterable[Mark]) -> int:
    """The points of some exercises together."""
    return sum(one.score for one in marks if one.score is not None)
