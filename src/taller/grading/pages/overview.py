"""A class summed up, one verdict at a time: what the report needs, and no more than that."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from taller.grading.marks import Mark, Rubric
from taller.result import CheckResult, Result, Status

MOST_SHOWN = 300
"""Verdicts listed in one table of the report; the number of all of them is always told."""
_REASON = 240


@dataclass(frozen=True, slots=True)
class Attention:
    """A verdict that an instructor should look at, and why."""

    student: str
    exercise: str
    reason: str


@dataclass(slots=True)
class Tally:
    """How often a check failed.

    Attributes:
        exercise: its exercise's id.
        title: as the last verdict has it.
        hidden: whether students never read its text.
        failed, seen: verdicts in which it did not pass, and all in which it was asked.
    """

    exercise: str
    title: str
    hidden: bool
    failed: int = 0
    seen: int = 0

    @property
    def share(self) -> float:
        """Of failures, from 0 to 1."""
        return self.failed / self.seen


class Overview:
    """What a class's verdicts have in common.

    Attributes:
        statuses: how many verdicts stand at each status.
        scores: exercise id to all scores, adjustments included.
        attention: status to the first verdicts that stand at it, graded ones left out.
        flagged: the first verdicts with remarks; ``flags`` counts all of them.
    """

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.scores: dict[str, list[int]] = defaultdict(list)
        self.attention: dict[Status, list[Attention]] = defaultdict(list)
        self.flagged: list[Attention] = []
        self.flags = 0
        self.last_verdict = ""
        self._tallies: dict[tuple[str, str], Tally] = {}

    def add(self, result: Result, mark: Mark, rubric: Rubric) -> None:
        """Count one verdict."""
        self.statuses[result.status] += 1
        self.last_verdict = max(self.last_verdict, mark.since)
        if mark.score is not None:
            self.scores[result.exercise].append(mark.score)
        if result.status == "graded":
            for check in result.checks:
                self._count(result.exercise, check, rubric)
            self._note_flags(result)
        else:
            _keep(self.attention[result.status], result, _reason(result))

    def hardest(self, most: int = 10) -> list[Tally]:
        """The checks that fail most often, by share and then by number."""
        failing = [tally for tally in self._tallies.values() if tally.failed]
        return sorted(failing, key=lambda t: (-t.share, -t.failed, t.exercise, t.title))[:most]

    def _count(self, exercise: str, check: CheckResult, rubric: Rubric) -> None:
        hidden = not rubric.is_visible(check)
        new = Tally(exercise, check.title, hidden)
        tally = self._tallies.setdefault((exercise, check.id), new)
        tally.seen += 1
        tally.failed += not check.passed

    def _note_flags(self, result: Result) -> None:
        if result.flags:
            self.flags += 1
            _keep(self.flagged, result, " · ".join(result.flags))


def _keep(found: list[Attention], result: Result, reason: str) -> None:
    if len(found) < MOST_SHOWN:
        short = reason if len(reason) <= _REASON else f"{reason[:_REASON]}…"
        found.append(Attention(result.student, result.exercise, short))


def _reason(result: Result) -> str:
    """In a line: a traceback's last line says most; a check's message is the student's."""
    if result.status == "infra_error":
        lines = [flag.strip().splitlines()[-1] for flag in result.flags if flag.strip()]
        return " · ".join(lines)
    return next((check.message for check in result.checks if check.message), "")
