"""A class of unusual, wrong and hostile answers, graded at once: each gets its verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.faults.made import MADE

from taller.catalog import load_catalog
from taller.trials.case import Case, read_cases

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

CATALOG = load_catalog(Path(__file__).parents[2])
SOLUTIONS = {
    exercise.id: json.loads(CATALOG.solution(exercise).read_text("utf-8"))
    for exercise in CATALOG.exercises
}
CORPUS = Path(__file__).with_name("corpus")
CASES = {
    f"{folder.name}-{case.name}": case
    for folder in sorted(CORPUS.glob("*/"))
    for case in read_cases(folder, CATALOG, SOLUTIONS)
}
SOLVED = [exercise.id for exercise in CATALOG.exercises]


def student_of(name: str) -> str:
    """A case's name as a folder's."""
    return name.replace("_", "-")


@pytest.fixture(scope="module")
def graded(course: Any, handout: Callable[[str], Any]) -> Any:
    """The whole class, with an honest student for each exercise, graded once."""
    for name, case in CASES.items():
        notebook = case.notebook(SOLUTIONS[case.exercise.id])
        content = json.dumps(notebook, ensure_ascii=False).encode()
        course.hand_in(student_of(name), content, case.exercise)
    for name, made in MADE.items():
        made.make(course.submitted / f"made-{name}" / made.exercise, handout(made.exercise))
    for exercise in CATALOG.exercises:
        course.hand_in("honest", handout(exercise.id).bytes(), exercise)
    assert course.grade("--jobs", "2", seconds=540) == 0
    return course


@pytest.mark.parametrize("name", CASES)
def test_a_case_gets_the_verdict_of_a_good_teacher(graded: Any, name: str) -> None:
    case: Case = CASES[name]
    result = graded.result(student_of(name), case.exercise.id)
    assert (result["status"], result["score"]) == (case.status, case.score), (case.why, result)
    if case.fails is not None:
        failed = {check["id"] for check in result["checks"] if not check["passed"]}
        assert failed == case.fails, (case.why, result)
    said = " ".join([*result["flags"], *(check["message"] for check in result["checks"])])
    assert case.says in said, (case.why, result)


@pytest.mark.parametrize("name", MADE)
def test_a_made_hand_in_gets_its_verdict(graded: Any, name: str) -> None:
    made = MADE[name]
    result = graded.result(f"made-{name}", made.exercise)
    assert (result["status"], result["score"]) == (made.status, made.score), result
    said = " ".join([*result["flags"], *(check["message"] for check in result["checks"])])
    assert made.says in said, result


@pytest.mark.parametrize("exercise", SOLVED)
def test_the_honest_among_them_lose_nothing(
    graded: Any, handout: Callable[[str], Any], exercise: str
) -> None:
    result = graded.result("honest", exercise)
    assert (result["status"], result["score"]) == ("graded", handout(exercise).points), result


def test_nothing_of_the_class_is_left_over(graded: Any, engine: docker.DockerClient) -> None:
    graded.wait_for_nothing(engine)
