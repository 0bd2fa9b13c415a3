"""The daemon stops in the middle of a class and starts again: nobody loses a point by it."""

import time
from typing import Any

import docker
import pytest

from taller.grading.identity import identity_of

pytestmark = pytest.mark.engine

WAIT_SECONDS = 60


def test_an_engine_that_stops_in_the_middle_costs_nobody_points(
    private_engine: Any, course: Any, ej01: Any
) -> None:
    students = ["ana", "berta", "carla"]
    for student in students:
        course.hand_in(student, ej01.bytes())
    grader = course.start("--jobs", "1")
    deadline = time.monotonic() + WAIT_SECONDS
    while not private_engine.client().volumes.list():
        assert time.monotonic() < deadline, "no volume was created"
        time.sleep(0.05)
    private_engine.stop()
    time.sleep(1)
    private_engine.start()
    said, _ = grader.communicate(timeout=280)
    assert grader.returncode in (0, 3), said
    for student in students:
        result = course.result(student)
        assert (result["status"], result["score"]) in [("infra_error", None), ("graded", 10)]

    assert course.grade("--jobs", "2") == 0
    results = [course.result(student) for student in students]
    assert [(r["status"], r["score"]) for r in results] == [("graded", 10)] * len(students), results
    assert not private_engine.client().volumes.list()
    assert not list(course.scratch.iterdir())


def test_a_volume_whose_labels_the_engine_lost_costs_nobody_points(
    course: Any, ej01: Any, engine: docker.DockerClient
) -> None:
    course.hand_in("ana", ej01.bytes())
    engine.volumes.create(f"{identity_of(course.output).namespace('ana', 'ej01')}_raw")
    other = engine.volumes.create(f"{identity_of(course.output).namespace('somebody', 'else')}_raw")
    try:
        assert course.grade() == 0
        assert (course.result("ana")["status"], course.result("ana")["score"]) == ("graded", 10)
        other.reload()  # of no submission of this class: it is still there
    finally:
        other.remove()
