"""All that reads what a run left; each call in a process that can be killed (limited.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from docker_guard.plan_rules import screen_plan
from docker_guard.refusal import Denial
from taller.catalog import Exercise
from taller.checks import Facts, load_checks, needs, run_checks
from taller.checks.engine import BROKEN
from taller.grading import oracle
from taller.grading.intake.screening import screen
from taller.grading.limited import Effort, TooMuch, limited
from taller.grading.sandbox import Status
from taller.grading.verdicts import without_run
from taller.grading.witness import Testimony
from taller.hcl.configuration import screen_configuration
from taller.result import CheckResult, Result

_FILES_BYTES = 4 * 1024 * 1024
_JUDGING = Effort(processor_s=30, wall_s=300.0, memory_mb=1536)
_TOO_MUCH = Denial(
    "size", "plan",
    "Terraform no puede con todo lo que pide esta configuración. Si crea cientos de objetos "
    "(count, for_each), deja solo los que pide el ejercicio.",
)  # fmt: skip
_UNREADABLE = (
    "No se ha podido comprobar: lo que dejó tu notebook (un artefacto, el state o un valor) no "
    "tiene la forma que se espera. Mira el archivo del que habla esta comprobación."
)


def denied(exercise: Exercise, denials: Sequence[Denial]) -> Result:
    """The verdict on what is not allowed."""
    message = "No se puntúa. " + " ".join(denial.text for denial in denials)
    result = without_run(exercise, "policy_violation", message)
    return replace(result, flags=tuple(f"{d.rule}: {d.text}" for d in denials))


def screened(files: Mapping[str, str], exercise: Exercise) -> list[Denial]:
    """What HCL may not contain."""
    size = sum(map(len, files.values()))
    if size > _FILES_BYTES:
        return [Denial("size", ".", f"tu carpeta tiene {size // 2**20} MB de texto; caben 4.")]
    return screen(files, remote_state=exercise.remote_state)


def left_files(root: Path, prefix: str, exercise: Exercise) -> dict[str, str]:
    """The text files that a run left in its sandbox's workspace; none that nobody can read."""
    try:
        return limited(oracle.left_files, root, prefix, exercise)
    except (TooMuch, OSError, RecursionError):
        return {}


def judged(
    exercise: Exercise, answer: oracle.Answer, left: Mapping[str, str], seen: Testimony
) -> Result:
    """The verdict on the facts."""
    try:
        return limited(_judged, exercise, answer, dict(left), seen, effort=_JUDGING)
    except TooMuch:
        return denied(exercise, [_TOO_MUCH])


def _judged(
    exercise: Exercise, answer: oracle.Answer, left: dict[str, str], seen: Testimony
) -> Result:
    wanted = needs(load_checks(exercise.checks_file))
    facts = oracle.facts_of(answer, wanted)
    if _is_beyond(answer.stopped, facts, wanted):
        return denied(exercise, [_TOO_MUCH])
    facts = seen.added_to(replace(facts, files=facts.files or left))
    for plan in (facts.plan, *facts.replans.values()):
        denials = screen_plan(plan, max_objects=exercise.max_objects) if plan else []
        if denials:
            return denied(exercise, denials)
    denials = screen_configuration(facts.plan or {}, remote_state=exercise.remote_state)
    if denials:
        return denied(exercise, denials)
    return _scored(run_checks(exercise, facts, include_hidden=True))


def _is_beyond(stopped: Status, facts: Facts, wanted: frozenset[str]) -> bool:
    """Whether the plan from the code alone was more than Terraform could make within the limits."""
    has_plan = facts.plan is not None or "plan" not in wanted
    return stopped not in ("ok", "idle") and not has_plan


def _scored(result: Result) -> Result:
    """A check that stumbles over what a student made has not passed; the instructor sees how."""
    if result.status != "infra_error":
        return result
    checks = tuple(map(_said, result.checks))
    return replace(
        result, status="graded", score=sum(check.points for check in checks), checks=checks
    )


def _said(check: CheckResult) -> CheckResult:
    return replace(check, message=_UNREADABLE) if check.message == BROKEN else check
