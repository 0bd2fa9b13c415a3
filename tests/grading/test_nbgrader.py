"""The generated notebooks in a real nbgrader course: they validate, and score as in ours."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taller.builder.wrong import read_wrong
from taller.catalog import Exercise, load_catalog
from taller.checks import load_checks

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")
ASSIGNMENT = "taller"

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Scores = dict[str, float]

CONFIGURATION = """
c = get_config()
c.CourseDirectory.course_id = "titanic"
# The notebooks come without their answers already: what is left in an answer cell is its TODO.
c.ClearSolutions.enabled = False
c.Execute.timeout = 600
"""


@dataclass(frozen=True)
class Course:
    """A course folder as nbgrader wants it."""

    root: Path
    prefix: str

    def put(self, place: str, notebook: Json | Path) -> Path:
        """Save a notebook under a step (``source``, ``submitted/ana``), with the run's prefix."""
        tree: Json = (
            json.loads(notebook.read_text("utf-8")) if isinstance(notebook, Path) else notebook
        )
        for cell in tree["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                cell["source"] = [f'prefix = "{self.prefix}"']
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(tree), "utf-8")
        return path

    def nbgrader(self, *words: str) -> str:
        """Run one of nbgrader's programs; returns all that it said."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=self.root, env=self.environment, text=True, timeout=280,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        own = {"TALLER_HOME": "home", "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "data"}
        return os.environ | {name: str(self.root / folder) for name, folder in own.items()}

    def scores(self, student: str, exercise: Exercise) -> Scores:
        """What nbgrader's gradebook holds for each check cell of a student."""
        with self._gradebook() as book:
            grades = book.find_submission_notebook(exercise.name, ASSIGNMENT, student).grades
            assert not any(grade.needs_manual_grade for grade in grades)
            return {grade.cell.name: grade.auto_score for grade in grades}

    def best(self, exercise: Exercise) -> Scores:
        """The most that nbgrader gives for each check cell."""
        with self._gradebook() as book:
            cells = book.find_notebook(exercise.name, ASSIGNMENT).grade_cells
            return {cell.name: cell.max_score for cell in cells}

    def _gradebook(self) -> Any:
        from nbgrader.api import Gradebook  # takes two seconds

        return Gradebook(f"sqlite:///{self.root}/gradebook.db")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A course with all exercises in one assignment, given out."""
    made = Course(tmp_path_factory.mktemp("course"), f"t{secrets.token_hex(4)}")
    (made.root / "nbgrader_config.py").write_text(CONFIGURATION, "utf-8")
    for exercise in CATALOG.exercises:
        made.put(f"source/{ASSIGNMENT}/{exercise.name}.ipynb", CATALOG.notebook(exercise))
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader starts the program alembic, and finds it only on the path.
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        made.nbgrader("generate_assignment", ASSIGNMENT)
        yield made
    remove = [sys.executable, "-m", "taller", "clean", "--prefix", made.prefix]
    subprocess.run(remove, env=made.environment, check=True, capture_output=True, timeout=60)


def asked(exercise: Exercise) -> dict[str, list[str]]:
    """The checks that each check cell asks for."""
    cells = json.loads(CATALOG.notebook(exercise).read_text("utf-8"))["cells"]
    ids = [check.id for check in load_checks(exercise.checks_file)]
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: [
            name for name in ids if f'"{name}"' in "".join(cell["source"])
        ]
        for cell in cells
        if "check" in cell["metadata"].get("tags", [])
    }


def by_cell(exercise: Exercise, checks: list[Json]) -> Scores:
    """The points that our grader gave for what each check cell asks."""
    given = {check["id"]: check["points"] for check in checks}
    return {cell: sum(given[name] for name in ids) for cell, ids in asked(exercise).items()}


def test_nbgrader_takes_every_exercise_and_finds_the_points_of_its_visible_checks(
    course: Course,
) -> None:
    for exercise in CATALOG.exercises:
        visible = [check for check in load_checks(exercise.checks_file) if not check.hidden]
        best = course.best(exercise)
        assert sum(best.values()) == sum(check.points for check in visible)
        assert set(best) == set(asked(exercise))
        released = json.loads(
            (course.root / "release" / ASSIGNMENT / f"{exercise.name}.ipynb").read_text()
        )
        given = json.loads(CATALOG.notebook(exercise).read_text("utf-8"))
        for before, after in zip(given["cells"], released["cells"], strict=True):
            if "answer" in before["metadata"].get("tags", []):
                assert "".join(before["source"]) == "".join(after["source"])


def test_a_solution_validates_and_an_exercise_says_which_cells_fail(course: Course) -> None:
    solved = course.put("solved.ipynb", CATALOG.solution(EJ01))
    assert "Success! Your notebook passes all the tests." in course.nbgrader(
        "validate", str(solved)
    )
    stub = course.put("stub.ipynb", CATALOG.notebook(EJ01))
    said = course.nbgrader("validate", str(stub))
    assert f"FAILED ON {len(asked(EJ01))} CELL(S)" in said
    assert 'lab.check("raw_volume_exists", "silver_volume_exists", "gold_volume_exists")' in said


def test_autograde_gives_the_points_that_our_grader_gives(course: Course) -> None:
    solution = json.loads(CATALOG.solution(EJ01).read_text("utf-8"))
    (wrong,) = (one for one in read_wrong(EJ01, solution) if one.name == "output_olvidado")
    handed_in = {"ana": solution, "berta": wrong.submission(solution)}  # half of a cell is right
    name = f"{EJ01.name}.ipynb"
    for student, notebook in handed_in.items():
        course.put(f"submitted/{student}/{ASSIGNMENT}/{name}", notebook)
    course.nbgrader("autograde", ASSIGNMENT)
    ours = grade(course)
    for student in handed_in:
        assert course.scores(student, EJ01) == by_cell(EJ01, ours[student]), student
    assert course.scores("ana", EJ01) == course.best(EJ01)


def grade(course: Course) -> dict[str, list[Json]]:
    """The checks of each student, as our own grader sees the same folder."""
    done = subprocess.run(
        [sys.executable, "-m", "taller", "grade", str(course.root / "submitted"), "-o",
         str(course.root / "out"), "--jobs", "2"],
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = (course.root / "out" / "results").glob(f"*/{EJ01.id}.json")
    return {path.parent.name: json.loads(path.read_text("utf-8"))["checks"] for path in results}
