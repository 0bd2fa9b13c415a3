"""What the guard refused is told by the check that failed because of it, and by no other."""

from docker_guard.refusal import Refusal
from taller.grading.judging.refused import told
from taller.result import CheckResult, Result, Status

VOLUME = Refusal("POST", "/v1.43/volumes/create", 403, "Ese volumen no se puede montar.")
PULL = Refusal("POST", "/v1.43/images/create?fromImage=x", 403, "Esa imagen no está.")
NAMED = Refusal("POST", "/v1.43/containers/create?name=dev_web", 403, "Nada de privileged.")


def check(name: str, title: str, message: str = "No pasa.", passed: bool = False) -> CheckResult:
    return CheckResult(name, title, 2 * passed, 2, passed, "" if passed else message)


def result(*checks: CheckResult, status: Status = "graded") -> Result:
    return Result("ej01", status, 0, 4, checks)


def messages(found: Result) -> list[str]:
    return [one.message for one in found.checks]


def test_the_check_about_that_kind_says_it_and_no_other_does() -> None:
    own, other = check("raw", "El volumen existe"), check("prefix", "Hay una variable")
    said = messages(told(result(own, other), [VOLUME]))
    assert said == [
        f"No pasa. El guardián del taller no lo permitió: {VOLUME.message}", "No pasa."
    ]  # fmt: skip


def test_the_check_about_that_name_says_it() -> None:
    own = check("web", "Se ve la página", "No encuentro «dev_web».")
    assert NAMED.message in messages(told(result(own), [NAMED]))[0]


def test_what_no_check_is_about_is_said_by_those_that_look_at_the_run() -> None:
    whole, other = check("plan_is_empty", "El plan no cambia nada"), check("words", "Hay texto")
    said = messages(told(result(whole, other), [PULL]))
    assert PULL.message in said[0]
    assert said[1] == "No pasa."


def test_a_check_that_passed_has_nothing_to_say() -> None:
    passed = result(check("raw", "El volumen existe", passed=True))
    assert told(passed, [VOLUME]) == passed


def test_the_same_reason_is_said_once_and_many_are_counted() -> None:
    reasons = [Refusal("POST", "/volumes/create", 403, f"Motivo {n}.") for n in (1, 1, 2, 3, 4)]
    said = messages(told(result(check("raw", "El volumen existe")), reasons))[0]
    assert said.endswith("Motivo 1. Motivo 2. (y 2 motivos más)")


def test_points_and_status_stay() -> None:
    before = result(check("raw", "El volumen existe"), status="timeout")
    after = told(before, [VOLUME])
    assert (after.status, after.score) == (before.status, before.score)
    refused = result(check("raw", "El volumen existe"), status="policy_violation")
    assert told(refused, [VOLUME]) == refused
