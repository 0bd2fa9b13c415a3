"""The class at a glance, for instructors."""

import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from taller.catalog import Catalog, Exercise
from taller.grading.marks import Mark, Marks, total
from taller.grading.pages.feedback import Line
from taller.grading.pages.histogram import Histogram
from taller.grading.pages.overview import MOST_SHOWN, Attention, Overview
from taller.grading.pages.rendering import render
from taller.grading.pages.wording import WORDS, Wording, tone
from taller.result import Status

if TYPE_CHECKING:
    from taller.grading.ledger import Adjustment, Head

_GROUP = 100
"""Students in one collapsible part of the table."""
Strays = Mapping[str, Sequence[str]]
Row = tuple[str, dict[str, Mark], int]
"""Student, marks by exercise id, total."""
_LOOK_AT: tuple[Status, ...] = ("infra_error", "timeout", "policy_violation", "invalid_notebook")


@dataclass(frozen=True)
class Column:
    """One exercise in numbers; ``mean`` and ``median`` are None where nobody has a score."""

    exercise: Exercise
    scores: Sequence[int]

    @property
    def mean(self) -> float | None:
        """Arithmetic mean of the scores."""
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """Median of the scores."""
        return statistics.median(self.scores) if self.scores else None

    @property
    def full(self) -> int:
        """How many have all points."""
        return sum(score >= self.exercise.points for score in self.scores)


@dataclass(frozen=True)
class Concern:
    """Verdicts of one kind to look at: how many there are, and the first of them."""

    title: str
    count: int
    found: Sequence[Attention]


def by_name(name: str) -> tuple[str, str]:
    """In the order of the alphabet: accents and capitals count only between equals."""
    return unicodedata.normalize("NFKD", name.casefold()), name


class Report:
    """A class, summed up.

    Args:
        catalog: the exercises.
        marks: of every student.
        overview: of all verdicts.
        adjustments: all of them, oldest first.
        head: the ledger's end.
        strays: student, or nobody, to what was handed in and is not graded.
    """

    def __init__(
        self, catalog: Catalog, marks: Marks, overview: Overview,
        adjustments: "Sequence[Adjustment]", head: "Head", strays: Strays,
    ) -> None:  # fmt: skip
        self.strays = sorted(strays.items(), key=lambda one: by_name(one[0]))
        self.exercises = catalog.exercises
        self.marks = marks
        self.overview = overview
        self.head = head
        self.max_total = sum(exercise.points for exercise in catalog.exercises)
        self._adjustments = adjustments

    @property
    def words(self) -> dict[Status, Wording]:
        """Status to how it is told."""
        return WORDS

    @property
    def verdicts(self) -> int:
        """How many submissions have one."""
        return self.overview.statuses.total()

    @cached_property
    def rows(self) -> list[Row]:
        """All students, by name."""
        names = sorted(self.marks, key=by_name)
        return [(name, self.marks[name], total(self.marks[name].values())) for name in names]

    @cached_property
    def groups(self) -> list[list[Row]]:
        """The rows in parts that are quick to open."""
        return [self.rows[at : at + _GROUP] for at in range(0, len(self.rows), _GROUP)]

    @property
    def absent(self) -> int:
        """Students without any verdict."""
        return sum(not own for own in self.marks.values())

    @cached_property
    def totals(self) -> list[int]:
        """Of the students that handed something in."""
        return [points for _, own, points in self.rows if own]

    @property
    def mean(self) -> float | None:
        """Of the totals."""
        return statistics.fmean(self.totals) if self.totals else None

    @property
    def median(self) -> float | None:
        """Of the totals."""
        return statistics.median(self.totals) if self.totals else None

    @cached_property
    def histogram(self) -> Histogram:
        """Of the totals."""
        return Histogram(self.totals, self.max_total)

    @property
    def columns(self) -> list[Column]:
        """Every exercise in numbers."""
        return [Column(one, self.overview.scores.get(one.id, [])) for one in self.exercises]

    @property
    def concerns(self) -> list[Concern]:
        """What to look at, the grader's own failures first."""
        overview = self.overview
        kinds = [
            Concern(WORDS[status].name, overview.statuses[status], overview.attention[status])
            for status in _LOOK_AT
        ]
        kinds.append(Concern("Calificadas, con avisos", overview.flags, overview.flagged))
        return [kind for kind in kinds if kind.count]

    @property
    def most_shown(self) -> int:
        """Rows of one table of concerns."""
        return MOST_SHOWN

    @property
    def adjustments(self) -> list[Line]:
        """All of them, newest first."""
        return [Line(one, one.check or "todo") for one in reversed(self._adjustments)]

    def is_older(self, adjustment: "Adjustment") -> bool:
        """Whether the submission was graded again since: it may not be right any more."""
        mark = self.marks.get(adjustment.student, {}).get(adjustment.exercise)
        return mark is not None and adjustment.row < mark.row

    def tone(self, mark: Mark) -> str:
        """Of one cell."""
        return tone(mark.score, mark.max_score)

    def has_results(self, student: str, exercise: str) -> bool:
        """Whether there is a page to link to."""
        return exercise in self.marks.get(student, {})


def report_page(
    catalog: Catalog, marks: Marks, overview: Overview,
    adjustments: "Sequence[Adjustment]", head: "Head", strays: Strays = MappingProxyType({}),
) -> str:  # fmt: skip
    """The page of a class; see ``Report`` for the arguments."""
    return render("report", view=Report(catalog, marks, overview, adjustments, head, strays))
