"""Every exercise on the real engine: its solution, untouched, and each wrong answer."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from _pytest.mark.structures import ParameterSet
from nbgrader.utils import determine_grade, is_grade

from taller.builder.wrong import read_wrong
from taller.catalog import Exercise, load_catalog

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)
SECONDS = 60
"""What one solution may take with a warm image, on two cores."""

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
every_exercise = pytest.mark.parametrize("exercise", CATALOG.exercises, ids=lambda e: e.id)


def solution(exercise: Exercise) -> dict[str, Any]:
    return dict(json.loads(CATALOG.solution(exercise).read_text("utf-8")))


def wrong_answers() -> list[ParameterSet]:
    return [
        pytest.param(exercise, path.stem, id=f"{exercise.id}-{path.stem}")
        for exercise in CATALOG.exercises
        for path in sorted((exercise.folder / "wrong").glob("*.toml"))
    ]


@every_exercise
def test_the_solution_gets_every_point(exercise: Exercise, desk: Any) -> None:
    desk.hand_in(solution(exercise))
    result = desk.verdict(exercise)
    assert (result.status, result.score) == ("graded", exercise.points), result.to_json()
    desk.tidy_up()


@every_exercise
def test_the_untouched_exercise_gets_no_point(exercise: Exercise, desk: Any) -> None:
    desk.hand_in(json.loads(CATALOG.pristine(exercise).read_text("utf-8")))
    result = desk.verdict(exercise)
    assert (result.status, result.score) == ("graded", 0), result.to_json()
    desk.tidy_up()


@pytest.mark.parametrize(("exercise", "name"), wrong_answers())
def test_a_wrong_answer_gets_exactly_its_verdict(exercise: Exercise, name: str, desk: Any) -> None:
    reference = solution(exercise)
    wrong = next(w for w in read_wrong(exercise, reference) if w.name == name)
    desk.hand_in(wrong.submission(reference))
    result = desk.verdict(exercise)
    failed = frozenset(check.id for check in result.checks if not check.passed)
    assert (result.status, failed) == ("graded", wrong.fails), result.to_json()
    assert result.score == wrong.score
    desk.tidy_up()


def run(exercise: Exercise, prefix: str, folder: Path) -> float:
    """Run a solution under papermill, checks and teardown included; return the seconds."""
    began = os.times().elapsed
    papermill.execute_notebook(
        CATALOG.solution(exercise), folder / f"{exercise.id}-{prefix}.ipynb",
        parameters={"prefix": prefix}, cwd=folder, progress_bar=False, kernel_name="python3",
    )  # fmt: skip
    return os.times().elapsed - began


def nbgrader_points(executed: Path) -> list[tuple[float, float]]:
    """What nbgrader gives to each check cell of an executed notebook, and the most it could."""
    cells = nbformat.read(executed, as_version=4).cells  # type: ignore[no-untyped-call] # nbformat has no types here
    return [determine_grade(cell) for cell in cells if is_grade(cell)]


@every_exercise
def test_the_solution_runs_headless_and_leaves_nothing(
    exercise: Exercise, home: Path, prefix: str, found: Callable[[], list[str]], tmp_path: Path,
    warm_image: str, leftovers: None,
) -> None:  # fmt: skip
    assert run(exercise, prefix, tmp_path) < SECONDS
    points = nbgrader_points(tmp_path / f"{exercise.id}-{prefix}.ipynb")
    assert points
    assert [given for given, _ in points] == [best for _, best in points]
    assert found() == []


def test_two_prefixes_run_side_by_side(
    home: Path, prefix: str, found: Callable[[], list[str]], tmp_path: Path, leftovers: None
) -> None:
    exercise = CATALOG.exercise("ej04")
    prefixes = [f"{prefix}-a", f"{prefix}-b"]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: run(exercise, one, tmp_path), prefixes))
    assert found() == []
