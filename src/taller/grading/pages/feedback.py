"""What one student reads about one exercise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taller.grading.marks import Mark, Rubric
from taller.grading.pages.rendering import render
from taller.grading.pages.wording import WORDS, Wording, cheer, tone
from taller.result import UNJUDGED, CheckResult, Result

if TYPE_CHECKING:
    from taller.grading.ledger import Adjustment, Row

OTHERS = "Otras comprobaciones"
"""All that students read of hidden checks, with the points of all of them together."""


@dataclass(frozen=True)
class Line:
    """One adjustment as it is shown: to what, and by how much."""

    adjustment: "Adjustment"
    target: str

    @property
    def signed(self) -> str:
        """The points with their sign."""
        return f"{self.adjustment.points:+d}"


class Feedback:
    """One verdict, as its student may see it.

    Args:
        row: the ledger's, for its date and its proof.
        result: the verdict that it holds.
        mark: what counts.
        rubric: says which of its checks are for the student's eyes.
    """

    def __init__(self, row: "Row", result: Result, mark: Mark, rubric: Rubric) -> None:
        self.row = row
        self.result = result
        self.mark = mark
        self.exercise = rubric.exercise
        self._rubric = rubric
        self._hidden = rubric.hidden(result)

    @property
    def wording(self) -> Wording:
        """What the status means."""
        return WORDS[self.result.status]

    @property
    def was_run(self) -> bool:
        """Whether the checks were asked, so that each says something of its own."""
        return self.result.status in ("graded", "timeout")

    @property
    def is_regular(self) -> bool:
        """Whether there is nothing to tell but what the checks say."""
        return self.result.status == "graded"

    @property
    def checks(self) -> Sequence[CheckResult]:
        """Those for the student's eyes; none of a verdict that is no verdict."""
        if self.mark.score is None:
            return []
        return [self._without_reason(check) for check in self._rubric.visible(self.result)]

    @property
    def others(self) -> tuple[int, int] | None:
        """Points reached and possible in all hidden checks, when there are any."""
        if self.mark.score is None or not self._hidden:
            return None
        return sum(c.points for c in self._hidden), sum(c.max_points for c in self._hidden)

    @property
    def reasons(self) -> list[str]:
        """Why the checks were not asked, or the run was stopped: told once, not in each check."""
        visible = self._rubric.visible(self.result) if self.mark.score is not None else []
        messages = dict.fromkeys(c.message for c in visible if c.message)
        if not self.was_run:
            return list(messages)
        return [f for f in self.result.flags if any(m.endswith(f) for m in messages)]

    @property
    def refused(self) -> str:
        """Terraform's own error, when it is why checks could not be judged: told once."""
        if not self.was_run or self.mark.score is None:
            return ""
        reasons = (check.refused for check in self._rubric.visible(self.result))
        return next((r.partition("\n")[2] or r for r in reasons if r), "")

    def _without_reason(self, check: CheckResult) -> CheckResult:
        for reason in self.reasons if self.was_run and not self.is_regular else ():
            check = replace(check, message=check.message.removesuffix(reason).strip())
        if check.refused:
            return replace(check, message=f"{UNJUDGED}: antes hay que arreglar lo de arriba.")
        return check

    @property
    def adjustments(self) -> list[Line]:
        """Each with what it is about, hidden checks without their name."""
        return [Line(one, self._target(one.check)) for one in self.mark.adjustments]

    def _target(self, check_id: str) -> str:
        if not check_id:
            return "El ejercicio entero"
        return self._rubric.visible_title(check_id) or OTHERS

    @property
    def is_bounded(self) -> bool:
        """Whether the adjustments reach beyond what an exercise can give or take."""
        given = self.mark.given
        return given is not None and given + self.mark.adjusted != self.mark.score

    @property
    def cheer(self) -> str:
        """A word to go on with."""
        if self.mark.score is None or not self.was_run:
            return ""
        return cheer(self.mark.score, self.mark.max_score)

    @property
    def tone(self) -> str:
        """Of the whole."""
        return tone(self.mark.score, self.mark.max_score)


def feedback_page(row: "Row", result: Result, mark: Mark, rubric: Rubric) -> str:
    """The page of one verdict; see ``Feedback`` for the arguments."""
    return render("feedback", view=Feedback(row, result, mark, rubric))
