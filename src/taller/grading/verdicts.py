"""Verdicts on submissions whose checks were not asked."""

from taller.catalog import Exercise
from taller.checks import load_checks
from taller.result import CheckResult, Result, Status


def without_run(exercise: Exercise, status: Status, message: str) -> Result:
    """No point, and in each check the reason, in Spanish: it is the student's to put right."""
    checks = tuple(
        CheckResult(check.id, check.title, 0, check.points, False, message)
        for check in load_checks(exercise.checks_file)
    )
    return Result(exercise.id, status, 0, exercise.points, checks)


def no_verdict(exercise: Exercise, details: str) -> Result:
    """No score at all: something failed that is not the student's fault."""
    return Result(exercise.id, "infra_error", None, exercise.points, (), (details,))
