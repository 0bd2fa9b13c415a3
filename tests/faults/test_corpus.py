"""A class of unusual, wrong and hostile answers, graded at once: each gets its verdict."""

from collections.abc import Callable
from typing import Any

import docker
import pytest
from tests.faults.corpus_class import CASES, CATALOG, expect, hand_in
from tests.faults.made import MADE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

SOLVED = [exercise.id for exercise in CATALOG.exercises]


@pytest.fixture(scope="module")
def graded(course: Any, handout: Callable[[str], Any]) -> Any:
    """The whole class, with an honest student for each exercise, graded once."""
    hand_in(course, CASES)
    for name, made in MADE.items():
        made.make(course.submitted / f"made-{name}" / made.exercise, handout(made.exercise))
    for exercise in CATALOG.exercises:
        course.hand_in("honest", handout(exercise.id).bytes(), exercise)
    assert course.grade("--jobs", "2", seconds=540) == 0
    return course


@pytest.mark.parametrize("name", CASES)
def test_a_case_gets_the_verdict_of_a_good_teacher(graded: Any, name: str) -> None:
    expect(graded, name)


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
