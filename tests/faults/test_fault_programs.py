"""Answers that fight their kernel, their machine or their checks; two graders run at once."""

from collections.abc import Callable
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

Make = Callable[[Any], bytes]

FULL = 10
FILES_ONLY = 3
"""Points of ej01 that files alone can give: the run did not reach its apply."""

TIMEOUT = "6"
"""Seconds of processor time; an honest ej01 takes less than two."""

SWALLOW = """
import signal
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
"""
FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
MEMORY_BOMB = """
import os
held = []
while True:
    held.append(os.urandom(1 << 20) * 64)
"""
OUTPUT = """
for _ in range(1024):
    print("x" * (1 << 20))
"""
DISK = """
for number in range(10_000):
    with open(f"/workspace/{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
"""
BLANKED = """
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
"""
PATCHED = """
import builtins, json, taller.checks, taller.result

builtins.print = lambda *words, **options: None
lab.check = lab.plan = lab.apply = lambda *words, **options: "✓ 10/10"
taller.checks.run_checks = lambda *words, **options: "✓ 10/10"
taller.result.Result.to_json = lambda self: json.dumps({"status": "graded", "score": 10})
"""
ASSERT = """
import ast

class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(NoAsserts())
"""
NOISE = """
import logging, sys, warnings

warnings.warn("esto no es un error")
logging.getLogger().error("esto tampoco")
for number in range(20_000):
    sys.stderr.write(f"Traceback (most recent call last): línea {number}\\n")
"""


def instead(text: str) -> Make:
    """In place of the last answer, so that nothing after it was run."""
    return lambda handout: handout.answering(outputs_tf=text)


def beside(text: str) -> Make:
    """In a cell that the student added after the last answer, which is right."""
    return lambda handout: handout.adding(text)


STOPPED = ("graded", FILES_ONLY)
LATE = ("timeout", FILES_ONLY)

FAULTS: dict[str, tuple[Make, str, int, str]] = {
    "endless": (instead("while True: pass"), *LATE, f"no terminó en {TIMEOUT} s"),
    "endless-deaf": (instead(SWALLOW), *LATE, f"no terminó en {TIMEOUT} s"),
    "asleep": (instead("import time; time.sleep(999)"), *LATE, "esperó 30 s"),
    "asleep-children": (
        beside("import subprocess; subprocess.Popen(['sleep', '999'], start_new_session=True)"),
        "graded", FULL, "",
    ),
    "exit": (instead("import os; os._exit(0)"), *STOPPED, "el kernel terminó"),
    "polite-exit": (beside("import sys; sys.exit(0)"), "graded", FULL, "SystemExit"),
    "kill": (
        instead("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
        *STOPPED, "el kernel terminó",
    ),
    "kill-all": (instead("import os; os.kill(-1, 9)"), *STOPPED, ""),
    "fork-bomb": (instead(FORK_BOMB), *STOPPED, "demasiados procesos"),
    "memory-bomb": (instead(MEMORY_BOMB), *STOPPED, "más memoria"),
    "gigabyte": (instead(OUTPUT), *STOPPED, "demasiada salida"),
    "full-disk": (instead(DISK), *STOPPED, "demasiado en el disco"),
    "blanked-cells": (instead(BLANKED), *STOPPED, ""),
    "patched": (instead(PATCHED), *STOPPED, ""),
    "no-asserts": (instead(ASSERT), "graded", FULL - 2, ""),
    "noise": (beside(NOISE), "graded", FULL, ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(course: Any, ej01: Any) -> Any:
    """The class with every fault, graded by two graders at once."""
    for name, (make, *_) in FAULTS.items():
        course.hand_in(name, make(ej01))
    for student in ("honest-1", "honest-2"):
        course.hand_in(student, ej01.bytes())
    words = ("--jobs", "2", "--timeout", TIMEOUT)
    graders = [course.start(*words), course.start(*words)]
    said = {one.communicate(timeout=280)[0]: one.returncode for one in graders}
    print(*said)
    assert sorted(said.values()) == [0, 1]
    assert any("Otro calificador" in text for text, code in said.items() if code == 1)
    return course


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_gets_its_verdict(graded: Any, name: str) -> None:
    _, *expected = FAULTS[name]
    graded.expect(name, *expected)


@pytest.mark.parametrize("name", ["fork-bomb", "memory-bomb", "gigabyte", "full-disk"])
def test_a_student_whose_run_was_stopped_learns_why(graded: Any, name: str) -> None:
    told = [check["message"] for check in graded.result(name)["checks"] if not check["passed"]]
    assert told
    assert all(FAULTS[name][3] in message for message in told)


@pytest.mark.parametrize("student", ["honest-1", "honest-2"])
def test_the_honest_ones_beside_them_keep_their_marks(graded: Any, student: str) -> None:
    result = graded.result(student)
    assert (result["status"], result["score"]) == ("graded", FULL), result


def test_a_second_grader_of_the_same_output_steps_back_and_nothing_runs_twice(graded: Any) -> None:
    found = [graded.result(path.parent.name) for path in graded.output.glob("results/*/*.json")]
    assert len(found) == len(FAULTS) + 2
    assert {result["attempt"] for result in found} == {1}


def test_nothing_is_left_over(graded: Any, engine: docker.DockerClient) -> None:
    graded.wait_for_nothing(engine)
