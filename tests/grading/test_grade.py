"""``taller grade`` on the real engine: from a folder of notebooks to results, notes and ledger."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from taller.builder.wrong import read_wrong
from taller.catalog import Exercise, load_catalog
from taller.grading.identity import identity_of, scratch_folder

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")
SOLUTION = json.loads(CATALOG.solution(EJ01).read_text("utf-8"))
WRONG = {wrong.name: wrong for wrong in read_wrong(EJ01, SOLUTION)}

pytestmark = pytest.mark.engine

Json = dict[str, Any]


@dataclass
class Class:
    """A class that hands in, and its grader."""

    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def hand_in(self, student: str, notebook: Json | bytes, exercise: Exercise = EJ01) -> None:
        content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        path = self.folder / "submitted" / student / exercise.id / f"{exercise.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def grade(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.taller(*self.words, *options)

    @property
    def words(self) -> list[str]:
        return ["grade", str(self.folder / "submitted"), "-o", str(self.output)]

    def taller(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "taller", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=280)

    def start(self) -> subprocess.Popen[bytes]:
        """A grader that runs beside the test."""
        command = [sys.executable, "-m", "taller", *self.words, "--jobs", "1"]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def result(self, student: str, exercise: str = "ej01") -> Json:
        path = self.output / "results" / student / f"{exercise}.json"
        return dict(json.loads(path.read_text("utf-8")))

    def verdict(self, student: str) -> tuple[str, int]:
        result = self.result(student)
        return result["status"], result["score"]


@pytest.fixture
def course(tmp_path: Path, engine: docker.DockerClient) -> Class:
    return Class(tmp_path)


def failed(result: Json) -> frozenset[str]:
    return frozenset(check["id"] for check in result["checks"] if not check["passed"])


def answer(**sources: str) -> Json:
    """The solution with some answer cells replaced."""
    notebook: Json = json.loads(json.dumps(SOLUTION))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in sources:
            cell["source"] = sources[grade_id]
    return notebook


def test_a_class_gets_exactly_its_verdicts(course: Class, engine: docker.DockerClient) -> None:
    course.hand_in("ana", SOLUTION)
    course.hand_in("berta", WRONG["output_olvidado"].submission(SOLUTION))
    course.hand_in("carlos", WRONG["destroy_prohibido"].submission(SOLUTION))
    done = course.grade("--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert course.verdict("ana") == ("graded", EJ01.points)
    for student, name in (("berta", "output_olvidado"), ("carlos", "destroy_prohibido")):
        assert course.verdict(student) == ("graded", WRONG[name].score)
        assert failed(course.result(student)) == WRONG[name].fails
    lines = (course.output / "gradebook.csv").read_text("utf-8").splitlines()
    assert lines == [
        "student,ej01,ej02,ej03,ej04,ej05,ej06,ej07,ej08,total,max_total",
        "ana,10,,,,,,,,10,80",
        "berta,8,,,,,,,,8,80",
        "carlos,9,,,,,,,,9,80",
    ]
    run = identity_of(course.output).run
    assert not engine.volumes.list(filters={"label": f"taller.run={run}"})
    assert not scratch_folder(run).exists()


def test_what_did_not_change_is_not_run_again(course: Class) -> None:
    course.hand_in("ana", SOLUTION)
    assert course.grade().returncode == 0
    again = course.grade("--json")
    assert json.loads(again.stdout) == {"run": 0, "statuses": {"graded": 1}}
    assert course.result("ana")["attempt"] == 1
    forced = course.grade("--force", "--json")
    assert json.loads(forced.stdout)["run"] == 1
    assert course.result("ana")["attempt"] == 2
    assert course.taller("ledger", "verify", str(course.output)).returncode == 0


PROVISIONER = """%%hcl main.tf
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "cat /etc/passwd" }
}
"""


def test_a_forbidden_configuration_is_never_run_and_says_why(course: Class) -> None:
    course.hand_in("eva", answer(main_tf=PROVISIONER))
    assert course.grade().returncode == 0
    assert course.verdict("eva") == ("policy_violation", 0)
    assert "main.tf: los provisioners" in course.result("eva")["checks"][0]["message"]


def test_what_the_notebook_writes_behind_the_screen_is_found_before_the_verdict(
    course: Class,
) -> None:
    text = PROVISIONER.partition("\n")[2]
    sneaky = f"(lab.folder / 'main.tf').write_text({text!r})"
    course.hand_in("eva", answer(main_tf=sneaky))
    assert course.grade().returncode == 0
    assert course.verdict("eva") == ("policy_violation", 0)


def test_an_endless_loop_is_a_timeout_with_the_points_of_what_it_left(course: Class) -> None:
    course.hand_in("leo", answer(outputs_tf="while True: pass"))
    assert course.grade("--timeout", "8").returncode == 0
    assert course.verdict("leo") == ("timeout", 3)  # what files alone can show


def test_bytes_that_are_no_notebook_get_a_verdict_that_is_published_and_says_so(
    course: Class,
) -> None:
    course.hand_in("pau", json.dumps(SOLUTION).encode()[:-40])
    assert course.grade("--export", "canvas, moodle").returncode == 0
    assert course.verdict("pau") == ("invalid_notebook", 0)
    assert "termina antes de tiempo" in course.result("pau")["checks"][0]["message"]
    for name in ("gradebook.csv", "canvas.csv", "moodle.csv", "feedback/pau/ej01.html"):
        assert "pau" in (course.output / name).read_text("utf-8")


def test_a_kernel_that_dies_is_graded_on_what_it_left(course: Class) -> None:
    course.hand_in("noa", answer(outputs_tf="import os; os._exit(0)"))
    assert course.grade().returncode == 0
    assert course.verdict("noa") == ("graded", 3)  # what files alone can show
    assert any("kernel terminó" in flag for flag in course.result("noa")["flags"])


def test_a_broken_engine_costs_nobody_points(
    course: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.hand_in("ana", SOLUTION)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{course.folder}/nothing.sock")
    done = course.grade()
    assert done.returncode == 1
    assert "Docker Engine" in done.stderr
    assert not (course.output / "results").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--only", "ej99"), ("--jobs", "0"), ("--sandbox", "docker"), ("--backend", "dask"),
        ("--scheduler", "tcp://127.0.0.1:1"), ("--export", "canvas,blackboard"),
        ("--gradebook", "mysql://x/y"),
    ],
)  # fmt: skip
def test_a_wrong_use_ends_with_code_2(course: Class, words: tuple[str, ...]) -> None:
    course.hand_in("ana", SOLUTION)
    assert course.grade(*words).returncode == 2


def test_an_empty_folder_ends_with_code_2(course: Class) -> None:
    (course.folder / "submitted" / "ana").mkdir(parents=True)
    done = course.grade()
    assert done.returncode == 2
    assert "nada que calificar" in done.stderr


def test_after_a_kill_the_next_run_finishes_and_leaves_nothing(
    course: Class, engine: docker.DockerClient
) -> None:
    course.hand_in("ana", SOLUTION)
    run = identity_of(course.output).run
    mine = {"label": f"taller.run={run}"}
    grader = course.start()
    deadline = time.monotonic() + 90
    while not engine.volumes.list(filters=mine):
        assert time.monotonic() < deadline, "no volume was created"
        time.sleep(0.05)
    grader.kill()
    grader.wait()
    assert course.grade().returncode == 0
    assert course.verdict("ana") == ("graded", EJ01.points)
    assert not engine.volumes.list(filters=mine)
    assert not scratch_folder(run).exists()


def test_a_killed_worker_costs_no_verdict(course: Class, engine: docker.DockerClient) -> None:
    course.hand_in("ana", SOLUTION)
    mine = {"label": f"taller.run={identity_of(course.output).run}"}
    grader = course.start()
    deadline = time.monotonic() + 90
    while not engine.volumes.list(filters=mine):
        assert time.monotonic() < deadline, "no volume was created"
        time.sleep(0.05)
    children = psutil.Process(grader.pid).children()
    (worker,) = [one for one in children if "popen_loky_posix" in " ".join(one.cmdline())]
    worker.kill()
    assert grader.wait(280) == 0
    assert course.verdict("ana") == ("graded", EJ01.points)
    assert not engine.volumes.list(filters=mine)


def test_a_second_grader_of_one_output_says_so_and_harms_nothing(course: Class) -> None:
    course.hand_in("ana", SOLUTION)
    first = course.start()
    deadline = time.monotonic() + 90
    while not (course.output / "seal.json").exists():
        assert time.monotonic() < deadline, "the first grader did not begin"
        time.sleep(0.05)
    second = course.grade()
    assert second.returncode == 1
    assert "Otro calificador" in second.stderr
    assert first.wait(280) == 0
    assert (course.verdict("ana"), course.result("ana")["attempt"]) == (("graded", 10), 1)


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine like this one, but for bubblewrap."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            link = programs / program.name
            if program.name != "bwrap" and not link.is_symlink():
                link.symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))


def test_without_bubblewrap_answers_run_only_for_who_asks_for_it(
    course: Class, without_bubblewrap: None
) -> None:
    course.hand_in("ana", SOLUTION)
    refused = course.grade()
    assert refused.returncode == 1
    assert "Falta bubblewrap" in refused.stderr
    assert not (course.output / "results").exists()
    done = course.grade("--sandbox", "none")
    assert done.returncode == 0, done.stderr
    assert "SIN AISLAR" in done.stderr
    assert course.verdict("ana") == ("graded", EJ01.points)
