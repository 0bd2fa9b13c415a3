"""A small class, handed in and graded as an instructor does it: solutions, mistakes and attacks."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taller import process
from taller.builder.wrong import WrongAnswer, answers, read_wrong
from taller.catalog import Catalog, Exercise, load_catalog
from taller.demo.platform import Platform
from taller.doctor.packages import can_install, install
from taller.errors import TallerError
from taller.progress import Progress

_SECONDS = 600

_BREAK_OUT = """\
# Busca las respuestas, el Docker de verdad y la red; después mata cuanto ve.
import os, pathlib, signal, socket
for path in ("/root", "/home", "/var/run/docker.sock"):
    print(path, pathlib.Path(path).exists())
try:
    socket.create_connection(("192.0.2.1", 443), timeout=2)
except OSError as error:
    print(error)
os.kill(-1, signal.SIGKILL)
os._exit(0)
"""
_BREAK_OUT_SCORE = 3
"""Its other cells are the solution: these are the points that files alone can earn."""

_MOUNT_ROOT = """

resource "docker_container" "spy" {
  name       = "${var.prefix}_spy"
  image      = "taller/base:bookworm"
  privileged = true

  volumes {
    host_path      = "/"
    container_path = "/host"
  }
}
"""


@dataclass(frozen=True)
class HandIn:
    """What one student hands in.

    Attributes:
        student: name of the folder.
        exercise: which.
        what: what it is, in Spanish.
        notebook: the file's content.
        status, score: the verdict that it must get.
    """

    student: str
    exercise: Exercise
    what: str
    notebook: dict[str, Any]
    status: str
    score: int


@dataclass(frozen=True)
class Graded:
    """A verdict: status, points (None without one), and the seconds that it took when it was run.

    ``expected`` says whether it is the one that the hand-in must get.
    """

    hand_in: HandIn
    status: str
    score: int | None
    seconds: float

    @property
    def expected(self) -> bool:
        return (self.status, self.score) == (self.hand_in.status, self.hand_in.score)


@dataclass(frozen=True)
class GradedClass:
    """The verdicts of a class, and the folder with its report and its feedback."""

    output: Path
    verdicts: tuple[Graded, ...]


def grade_class(platform: Platform, progress: Progress) -> GradedClass | None:
    """Grade the class with ``taller grade``; what did not change since the last demo is not run.

    Returns:
        The verdicts; None, after saying so, where answers cannot be isolated.

    Raises:
        TallerError: the grader failed.
    """
    if shutil.which("bwrap") is None:
        if not can_install():
            progress.say("La clase de ejemplo no se califica: falta bubblewrap, que la aísla.")
            return None
        install(progress, "bubblewrap", "aísla las respuestas mientras se corrigen")
    folder = platform.workspace.folder / "report" / "clase"
    catalog = load_catalog()
    handed_in = tuple(sorted(small_class(catalog), key=lambda one: (one.student, one.exercise.id)))
    _write(folder / "entregas", handed_in)
    with progress.step(f"clase de ejemplo: {len(handed_in)} entregas con taller grade"):
        done = process.run(
            [sys.executable, "-m", "taller", "grade", str(folder / "entregas"),
             "-o", str(folder / "notas"), "--json"],
            timeout=_SECONDS,
        )  # fmt: skip
    if done.returncode:
        raise TallerError(
            f"La clase de ejemplo no se pudo calificar:\n{done.stderr.strip()[-2000:]}"
        )
    return GradedClass(
        folder / "notas", tuple(_verdict(folder / "notas", one) for one in handed_in)
    )


def small_class(catalog: Catalog) -> Iterator[HandIn]:
    """Solutions, mistakes that students make, and two attacks.

    Among the solutions are those that need most of an engine: a build from cache without network,
    a job that trains, and a remote state.
    """
    for id_, student, mistakes in (
        ("ej01", "ana", {"berta": "output_olvidado", "carlos": "falta_gold"}),
        ("ej02", "ana", {}),
        ("ej03", "ana", {}),
        ("ej04", "ana", {"dana": "sin_internal"}),
        ("ej07", "ana", {}),
    ):
        exercise = catalog.exercise(id_)
        solution = json.loads(catalog.solution(exercise).read_text("utf-8"))
        yield HandIn(student, exercise, "la solución", solution, "graded", exercise.points)
        wrong = {one.name: one for one in read_wrong(exercise, solution)}
        for name, mistake in mistakes.items():
            yield _mistake(name, exercise, wrong[mistake], solution)
    yield from _attacks(catalog.exercise("ej01"), catalog)


def _mistake(
    student: str, exercise: Exercise, wrong: WrongAnswer, solution: dict[str, Any]
) -> HandIn:
    notebook = wrong.submission(solution)
    return HandIn(student, exercise, wrong.why, notebook, "graded", wrong.score)


def _attacks(exercise: Exercise, catalog: Catalog) -> Iterator[HandIn]:
    solution = json.loads(catalog.solution(exercise).read_text("utf-8"))
    given = answers(solution)
    escape = _with(solution, "outputs_tf", _BREAK_OUT)
    what = "Un ataque: busca cómo salir del sandbox y mata a quien la corrige."
    yield HandIn("emma", exercise, what, escape, "graded", _BREAK_OUT_SCORE)
    mount = _with(solution, "main_tf", given["main_tf"] + _MOUNT_ROOT)
    what = "Un ataque: un contenedor privilegiado que monta el disco del equipo."
    yield HandIn("fabio", exercise, what, mount, "policy_violation", 0)


def _with(notebook: dict[str, Any], grade_id: str, source: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(notebook))
    for cell in changed["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell["source"] = source
    return changed


def _write(folder: Path, handed_in: tuple[HandIn, ...]) -> None:
    """The class's folder, made anew: a student who left it is not graded again."""
    shutil.rmtree(folder, ignore_errors=True)
    for one in handed_in:
        path = folder / one.student / one.exercise.id / f"{one.exercise.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(one.notebook, ensure_ascii=False), "utf-8")


def _verdict(output: Path, one: HandIn) -> Graded:
    path = output / "results" / one.student / f"{one.exercise.id}.json"
    result = json.loads(path.read_text("utf-8"))
    return Graded(one, result["status"], result["score"], result["duration_s"])
