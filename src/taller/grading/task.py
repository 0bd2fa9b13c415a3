"""One submission for a worker, and what becomes of whatever fails on its way."""

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace

from taller.catalog import Exercise
from taller.grading.align import Aligned
from taller.grading.judging.judge import judge
from taller.grading.judging.probes import fault
from taller.grading.read import Notebook
from taller.grading.sandbox import Limits
from taller.grading.verdicts import no_verdict
from taller.result import Result

_PATIENCE = 10
"""Seconds by the clock for each second of processor time: a busy machine fails nobody."""
_START_SECONDS = 60.0
_TRIES = 2
_UNEXPLAINED = (
    "Falló el calificador, y ni Docker ni el disco dicen por qué, tampoco la segunda vez. Avisa a "
    "quien mantiene el taller con lo que sigue."
)


@dataclass(frozen=True)
class Task:
    """What a worker needs to grade one submission.

    Attributes:
        student, exercise: whose, and what.
        pristine: the exercise as it was given out.
        aligned: the answers.
        public: path to text of what the notebook finds beside it, as in a student release.
        run: what marks all objects of this grader.
        namespace: with which the engine's names of its objects begin; the notebook does not see it.
        timeout: processor seconds that the notebook may take.
        confined: whether it runs in a sandbox; see Limits.
    """

    student: str
    exercise: Exercise
    pristine: Notebook
    aligned: Aligned
    public: Mapping[str, str]
    run: str
    namespace: str
    timeout: float
    confined: bool = True

    prefix = "dev"
    """What its notebook calls its prefix, as a student's does; the guard keeps the names apart."""

    @property
    def limits(self) -> Limits:
        """Of the notebook's run, and again of the oracle's."""
        wall = _START_SECONDS + _PATIENCE * self.timeout
        return Limits(cpu_s=self.timeout, wall_s=wall, disk_mb=64, confined=self.confined)


def verdict_on(work: Task | Result) -> Result:
    """What a worker does: grade a task; pass on the verdict of what could not become one."""
    return grade(work) if isinstance(work, Task) else work


def grade(task: Task) -> Result:
    """Grade one submission; whatever fails becomes a verdict.

    The result lacks what only the coordinator knows: attempt, versions and the notebook's hash.
    """
    began = time.monotonic()
    result = _tried(task)
    flags = (*task.aligned.flags, *result.flags)
    seconds = round(time.monotonic() - began, 3)
    return replace(result, student=task.student, flags=flags, duration_s=seconds)


def _tried(task: Task) -> Result:
    """What a student made has its verdict in judge(); what fails besides is the grader's.

    So the grader looks at its own engine and disk, and tries once more when they are well.
    """
    details = ""
    for _ in range(_TRIES):
        try:
            return judge(task)
        except Exception as error:  # noqa: BLE001 - whatever it is, the instructor gets all of it
            details = traceback.format_exc()
            cause = fault(error)
            if cause:
                return no_verdict(task.exercise, f"{details}\n{cause}")
    return no_verdict(task.exercise, f"{details}\n{_UNEXPLAINED}")
