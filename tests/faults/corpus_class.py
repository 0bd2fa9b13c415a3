"""The corpus as a class: its cases, how they are handed in, and how a verdict is looked at."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from taller.catalog import load_catalog
from taller.trials.case import Case, read_cases

CATALOG = load_catalog(Path(__file__).parents[2])
SOLUTIONS = {
    exercise.id: json.loads(CATALOG.solution(exercise).read_text("utf-8"))
    for exercise in CATALOG.exercises
}
CASES = {
    f"{folder.name}-{case.name}": case
    for folder in sorted(Path(__file__).with_name("corpus").glob("*/"))
    for case in read_cases(folder, CATALOG, SOLUTIONS)
}


def hand_in(course: Any, names: Collection[str]) -> None:
    """Put cases into a class's folder, each as a student of its own."""
    for name in names:
        case = CASES[name]
        notebook = case.notebook(SOLUTIONS[case.exercise.id])
        content = json.dumps(notebook, ensure_ascii=False).encode()
        course.hand_in(student_of(name), content, case.exercise)


def student_of(name: str) -> str:
    """A case's name as a folder's."""
    return name.replace("_", "-")


def expect(course: Any, name: str) -> None:
    """Compare a case's verdict with the one that was written for it."""
    case: Case = CASES[name]
    result = course.result(student_of(name), case.exercise.id)
    assert (result["status"], result["score"]) == (case.status, case.score), (case.why, result)
    if case.fails is not None:
        failed = {check["id"] for check in result["checks"] if not check["passed"]}
        assert failed == case.fails, (case.why, result)
    said = " ".join([*result["flags"], *(check["message"] for check in result["checks"])])
    assert case.says in said, (case.why, result)
