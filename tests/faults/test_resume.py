"""SIGKILL of the grader at any moment: the next run goes on, and loses and leaves nothing."""

import random
import time
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

SEED = 20240615
STUDENTS = 40
KILLS = 3
ENDING_S = 15.0
"""A worker that is told late, on a busy machine, ends within this; one that is not told, never.

A bubblewrap whose grader dies while it builds its walls may wait for ever: the next run ends it."""
MOST_VERDICTS, LONGEST_S = 8, 2.0
"""A kill comes so many verdicts after the start, or none, and up to so many seconds."""

FORBIDDEN = '%%hcl main.tf\nmodule "x" {\n source = "github.com/x/y"\n}\n'


def hand_in(course: Any, ej01: Any) -> dict[str, tuple[str, int]]:
    """A class whose verdicts are known; every fourth student needs a real run."""
    real = {
        0: (ej01.bytes(), ("graded", ej01.points)),
        4: (ej01.answering(outputs_tf="%%hcl outputs.tf\n"), ("graded", ej01.points - 2)),
        8: (ej01.answering(outputs_tf="import os; os._exit(0)"), ("graded", 3)),
    }
    quick = {
        1: (ej01.bytes()[:-50], ("invalid_notebook", 0)),
        2: (ej01.answering(main_tf=FORBIDDEN), ("policy_violation", 0)),
        3: (b"", ("invalid_notebook", 0)),
    }
    expected = {}
    for number in range(STUDENTS):
        content, verdict = quick[number % 4] if number % 4 else real[number % 12]
        student = f"s{number:02}"
        course.hand_in(student, content)
        expected[student] = verdict
    return expected


def verdicts(course: Any) -> int:
    """How many there are so far."""
    return len(list((course.output / "results").glob("*/*.json")))


def test_a_class_survives_three_kills_of_its_grader(
    course: Any, ej01: Any, engine: docker.DockerClient
) -> None:
    expected = hand_in(course, ej01)
    moments = random.Random(SEED)
    for _ in range(KILLS):
        wanted = verdicts(course) + moments.randrange(MOST_VERDICTS + 1)
        grader = course.start("--jobs", "2")
        while verdicts(course) < wanted and grader.poll() is None:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, LONGEST_S))
        assert grader.poll() is None, "the class was too small: nothing was left to kill"
        course.kill(grader)
        deadline = time.monotonic() + ENDING_S
        while left := [one for one in course.processes() if "bwrap" not in one]:
            assert time.monotonic() < deadline, left
            time.sleep(0.1)
    assert course.grade("--jobs", "2") == 0

    results = {student: course.result(student) for student in expected}
    assert {s: (r["status"], r["score"]) for s, r in results.items()} == expected
    assert {result["attempt"] for result in results.values()} == {1}
    lines = (course.output / "gradebook.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == sorted(expected)
    assert course.taller("ledger", "verify", str(course.output)) == 0
    course.wait_for_nothing(engine)
