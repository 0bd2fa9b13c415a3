"""What each single change of an official answer costs, graded by the real grader as a class."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taller.builder.wrong import with_answers
from taller.catalog import Catalog, Exercise
from taller.grading.grade import Options, grade_all
from taller.result import Result
from taller.trials.change import Change, Reasons, changes, read_reasons

KEPT = 6
"""Of ten points, what a single change leaves at least, unless it undoes what the exercise is
about."""

REFUSED = "Terraform no puede"
"""How a check says that there was no plan: such a configuration is not one that Terraform takes."""


@dataclass(frozen=True)
class Mutant:
    """A change and what it got.

    Attributes:
        change: what was changed.
        result: its verdict.
        reason: why it may cost nothing, or so much; empty when nobody says.
    """

    change: Change
    result: Result
    reason: str

    @property
    def cost(self) -> int:
        """Points lost."""
        return self.result.max_score - (self.result.score or 0)

    @property
    def survives(self) -> bool:
        """Whether it lost nothing."""
        return self.cost == 0

    @property
    def is_cascade(self) -> bool:
        """Whether Terraform takes it, and it still lost more than one change may."""
        refused = any(REFUSED in check.message for check in self.result.checks)
        kept = (self.result.score or 0) * 10 >= KEPT * self.result.max_score
        return self.result.status == "graded" and not refused and not kept

    @property
    def is_unexplained(self) -> bool:
        """Whether somebody has to do something about it."""
        return (self.survives or self.is_cascade) and not self.reason


@dataclass(frozen=True)
class Report:
    """The mutants of an exercise, and reasons that fit none of them."""

    exercise: Exercise
    mutants: list[Mutant]
    idle: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to do."""
        return not self.idle and not any(mutant.is_unexplained for mutant in self.mutants)


def try_changes(
    catalog: Catalog, exercise: Exercise, jobs: int, on_verdict: Callable[[Result, int], None]
) -> Report:
    """Grade every change of an exercise's official answer.

    Args:
        catalog: with the exercise.
        exercise: which.
        jobs: submissions at a time.
        on_verdict: called with each result and the number of changes.

    Raises:
        ContentError: the reasons in the exercise's folder are not written as they should be.
        TallerError: the grader cannot work.
    """
    reasons, found = read_reasons(exercise), changes(exercise)
    solution = json.loads(catalog.solution(exercise).read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="taller-mutants-") as scratch:
        submitted, output = Path(scratch, "submitted"), Path(scratch, "out")
        for number, change in enumerate(found):
            notebook = with_answers(solution, {change.grade_id: change.source})
            path = submitted / f"m{number:03}" / f"{exercise.name}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
        grade_all(catalog, submitted, output, Options(jobs), on_verdict)
        results = [_result(output, number, exercise) for number in range(len(found))]
    mutants = [
        _mutant(change, result, reasons) for change, result in zip(found, results, strict=True)
    ]
    return Report(exercise, mutants, reasons.idle(change.id for change in found))


def _result(output: Path, number: int, exercise: Exercise) -> Result:
    path = output / "results" / f"m{number:03}" / f"{exercise.id}.json"
    return Result.from_dict(json.loads(path.read_text("utf-8")))


def _mutant(change: Change, result: Result, reasons: Reasons) -> Mutant:
    mutant = Mutant(change, result, "")
    if mutant.survives:
        return Mutant(change, result, reasons.why("harmless", change.id))
    return Mutant(change, result, reasons.why("essential", change.id))
