"""Every exercise through the real ``taller grade``: its solution, untouched, and a wrong answer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from taller.builder.wrong import WrongAnswer, answers, read_wrong
from taller.catalog import Exercise, load_catalog
from taller.grading.identity import identity_of, scratch_folder

CATALOG = load_catalog(Path(__file__).parents[2])
SECONDS = 600

pytestmark = [pytest.mark.engine, pytest.mark.timeout(SECONDS)]
every_exercise = pytest.mark.parametrize("exercise", CATALOG.exercises, ids=lambda e: e.id)

Json = dict[str, Any]


def notebook(path: Path) -> Json:
    return dict(json.loads(path.read_text("utf-8")))


def wrong_answer(exercise: Exercise, name: str = "") -> WrongAnswer:
    """The one of that name, or the first one."""
    found = read_wrong(exercise, notebook(CATALOG.solution(exercise)))
    return next(wrong for wrong in found if name in ("", wrong.name))


def with_postgresql(solution: Json) -> Json:
    """The solution of the exercise on remote state, with the other store."""
    changed: Json = json.loads(json.dumps(solution))
    for cell in changed["cells"]:
        if "answer" in cell["metadata"].get("tags", []):
            text = "".join(cell["source"]).replace("    use_lockfile = true\n", "")
            cell["source"] = text.replace('backend "s3"', 'backend "pg"').replace(
                '= "s3"', '= "pg"'
            )
    assert answers(changed) != answers(solution)
    return changed


class Graded:
    """A class that handed in everything, graded."""

    def __init__(self, folder: Path) -> None:
        self.submitted, self.output = folder / "submitted", folder / "out"
        for exercise in CATALOG.exercises:
            solution = notebook(CATALOG.solution(exercise))
            self._hand_in("solucion", exercise, solution)
            self._hand_in("intacto", exercise, notebook(CATALOG.pristine(exercise)))
            wrong = wrong_answer(exercise).submission(solution)
            self._hand_in("equivocado", exercise, wrong)
            if exercise.remote_state:
                self._hand_in("postgresql", exercise, with_postgresql(solution))
                unlocked = wrong_answer(exercise, "sin_lockfile").submission(solution)
                self._hand_in("sin-lock", exercise, unlocked)
        words = ["grade", str(self.submitted), "-o", str(self.output), "--jobs", "2"]
        self.done = subprocess.run(
            [sys.executable, "-m", "taller", *words], capture_output=True, text=True,
            timeout=SECONDS,
        )  # fmt: skip

    def _hand_in(self, student: str, exercise: Exercise, content: Json) -> None:
        path = self.submitted / student / f"{exercise.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")

    def result(self, student: str, exercise: Exercise) -> Json:
        return notebook(self.output / "results" / student / f"{exercise.id}.json")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Graded:
    return Graded(tmp_path_factory.mktemp("class"))


@every_exercise
def test_the_solution_gets_full_marks(exercise: Exercise, graded: Graded) -> None:
    result = graded.result("solucion", exercise)
    assert (result["status"], result["score"]) == ("graded", exercise.points), result


@every_exercise
def test_the_untouched_exercise_gets_nothing(exercise: Exercise, graded: Graded) -> None:
    result = graded.result("intacto", exercise)
    assert (result["status"], result["score"]) == ("graded", 0), result


@every_exercise
def test_a_wrong_answer_gets_exactly_its_points(exercise: Exercise, graded: Graded) -> None:
    wrong, result = wrong_answer(exercise), graded.result("equivocado", exercise)
    failed = frozenset(c["id"] for c in result["checks"] if not c["passed"])
    assert result["status"] == "graded", result
    assert (failed, result["score"]) == (wrong.fails, wrong.score), result


def test_remote_state_works_on_postgresql_too(graded: Graded) -> None:
    for exercise in CATALOG.exercises:
        if exercise.remote_state:
            result = graded.result("postgresql", exercise)
            assert (result["status"], result["score"]) == ("graded", exercise.points), result


def test_the_grader_locks_no_state_that_the_answer_leaves_open(graded: Graded) -> None:
    for exercise in CATALOG.exercises:
        if exercise.remote_state:
            wrong = wrong_answer(exercise, "sin_lockfile")
            assert graded.result("sin-lock", exercise)["score"] == wrong.score


def test_everything_has_a_verdict_and_nothing_is_left(
    graded: Graded, engine: docker.DockerClient
) -> None:
    assert graded.done.returncode == 0, graded.done.stderr
    run = identity_of(graded.output).run
    mine: dict[str, Any] = {"label": f"taller.run={run}"}
    assert not engine.containers.list(all=True, filters=mine)
    assert not engine.volumes.list(filters=mine)
    assert not engine.networks.list(filters=mine)
    assert not engine.images.list(filters=mine)
    assert not scratch_folder(run).exists()


def test_flags_have_no_colour_codes(graded: Graded) -> None:
    flags = [
        flag for path in graded.output.glob("results/*/*.json") for flag in notebook(path)["flags"]
    ]
    assert flags
    assert not [flag for flag in flags if "\x1b" in flag]
