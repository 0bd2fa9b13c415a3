"""Who is green in the lab loses nothing that the lab could have said: both run, and compared."""

from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.result import CheckResult, Result
from taller.trials.compare import Answer, Compared, all_answers, compare, one_for_each_check

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)
EJ01 = CATALOG.exercise("ej01")
SHARE = 10
"""One answer in so many is run both ways here; ``make compare`` does it with all."""
ANSWERS = {
    one.name: one
    for one in one_for_each_check(all_answers(CATALOG, ROOT / "tests" / "faults" / "corpus"))[
        ::SHARE
    ]
}


def answer(name: str, *fails: str) -> Answer:
    return Answer(name, EJ01, {}, frozenset(fails))


def test_each_check_is_failed_once_and_right_answers_all_stay() -> None:
    chosen = one_for_each_check(
        [answer("all", "a", "b"), answer("a", "a"), answer("b", "b"), answer("right")]
    )
    assert [one.name for one in chosen] == ["right", "a", "b"]


def verdict(passed: bool) -> Result:
    check = CheckResult("a", "A", int(passed), 1, passed, "" if passed else "no")
    return Result("ej01", "graded", check.points, 1, (check,))


def test_a_check_on_which_both_do_not_agree_is_named() -> None:
    both = Compared(answer("x"), verdict(True), verdict(False))
    assert both.differences == ["a: lab ✓ · grade ✗ no"]
    assert Compared(answer("x"), verdict(False), verdict(False)).differences == []


@pytest.fixture(scope="module")
def compared() -> dict[str, Compared]:
    """Each of the answers, run both ways."""
    found = compare(CATALOG, list(ANSWERS.values()), 2, lambda *_: None)
    return {one.answer.name: one for one in found}


@pytest.mark.engine
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ANSWERS)
def test_lab_and_grader_say_the_same(compared: dict[str, Compared], name: str) -> None:
    assert compared[name].differences == []
