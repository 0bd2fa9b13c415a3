"""The same class gets the same scores, whatever the order, the jobs and the machine's load."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taller.builder.wrong import read_wrong

pytestmark = pytest.mark.engine

TIMEOUT = "6"
BURNERS = os.cpu_count() or 2
WRONG = ("output_olvidado",)

Verdicts = dict[str, dict[str, Any]]


@pytest.fixture
def loaded_machine() -> Iterator[None]:
    """A busy process for each processor, beside the grader."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BURNERS)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


def hand_in(course: Any, ej01: Any) -> None:
    wrong = {one.name: one for one in read_wrong(ej01.exercise, ej01.solution)}
    course.hand_in("a-solution", ej01.bytes())
    course.hand_in("b-endless", ej01.answering(outputs_tf="while True: pass"))
    for name in WRONG:
        course.hand_in(f"c-{name}", ej01.answering(**wrong[name].sources))
    course.hand_in("e-truncated", ej01.bytes()[:-100])
    course.hand_in(
        "f-forbidden", ej01.answering(main_tf='%%hcl main.tf\nmodule "x" { source="y" }')
    )
    course.hand_in("g-solution", ej01.bytes())


def verdicts(course: Any, output: Path) -> Verdicts:
    """Results without times, by student."""
    found = {path.parent.name: path for path in output.glob("results/*/ej01.json")}
    results = {name: course.result(name, output=output) for name in found}
    return {
        name: {key: value for key, value in result.items() if key != "duration_s"}
        for name, result in results.items()
    }


def test_order_jobs_and_load_change_no_verdict(
    course: Any, ej01: Any, request: pytest.FixtureRequest
) -> None:
    hand_in(course, ej01)
    assert course.grade("--jobs", "2", "--timeout", TIMEOUT) == 0
    # Names in Docker are another OUT's, so the second run has others: no message may show them.
    first = course.output.rename(course.folder / "first")
    request.getfixturevalue("loaded_machine")
    late = course.folder / "late"
    late.mkdir()
    for student in ("a-solution", "b-endless"):
        (course.submitted / student).rename(late / student)
    assert course.grade("--jobs", "1", "--timeout", TIMEOUT) == 0
    for folder in list(late.iterdir()):
        folder.rename(course.submitted / folder.name)
    assert course.grade("--jobs", "3", "--timeout", TIMEOUT) == 0

    before, after = verdicts(course, first), verdicts(course, course.output)
    assert len(before) == len(list(course.submitted.iterdir()))
    assert after == before
    table = (course.output / "gradebook.csv").read_bytes()
    assert table == (first / "gradebook.csv").read_bytes()
    scores = {name: result["score"] for name, result in after.items()}
    assert scores["a-solution"] == scores["g-solution"] == ej01.points
