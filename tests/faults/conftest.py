"""A class that hands in everything that goes wrong, and the real grader that must survive it."""

import copy
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from taller.catalog import Catalog, Exercise, load_catalog
from taller.grading.identity import identity_of
from taller.grading.sandbox.proc import is_alive

CATALOG = load_catalog(Path(__file__).parents[2])

Json = dict[str, Any]

_PR_SET_CHILD_SUBREAPER = 36
_GROUPS = Path("/sys/fs/cgroup")
_ENDING_SECONDS = 10.0


@dataclass(frozen=True)
class Handout:
    """One exercise: what an honest student hands in, and how to spoil it."""

    exercise: Exercise
    solution: Json

    @property
    def points(self) -> int:
        return self.exercise.points

    def bytes(self) -> bytes:
        """The solution, as a file."""
        return json.dumps(self.solution, ensure_ascii=False).encode()

    def answering(self, **sources: str) -> bytes:
        """The solution with some answer cells replaced."""
        return self.edited(lambda cells: [c | _source(c, sources) for c in cells])

    def adding(self, text: str, **sources: str) -> bytes:
        """As `answering`, with a cell of the student's own after the answer `outputs_tf`."""
        added = {"cell_type": "code", "metadata": {}, "outputs": [], "source": text}

        def add(cells: list[Json]) -> list[Json]:
            after = next(i for i, c in enumerate(cells) if c["id"] == "answer-outputs_tf")
            cells = [c | _source(c, sources) for c in cells]
            return [*cells[: after + 1], added, *cells[after + 1 :]]

        return self.edited(add)

    def edited(self, change: Callable[[list[Json]], list[Json]]) -> bytes:
        """The solution with other cells."""
        cells = change(copy.deepcopy(self.solution["cells"]))
        return json.dumps({**self.solution, "cells": cells}, ensure_ascii=False).encode()


def _source(cell: Json, sources: dict[str, str]) -> Json:
    grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return {"source": sources[grade_id]} if grade_id in sources else {}


@dataclass
class Course:
    """A class and its grader; all that the grader leaves is looked for in here.

    The grader's temporary folder is this class's own, and its orphans come to this process.
    ``python`` is the command line that its graders begin with.
    """

    folder: Path
    scratch: Path
    python: tuple[str, ...] = (sys.executable,)
    graders: list["subprocess.Popen[str]"] = field(default_factory=list)
    workers: set[int] = field(default_factory=set)

    @property
    def submitted(self) -> Path:
        return self.folder / "submitted"

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def run(self) -> str:
        """What marks the Docker objects of this class's graders."""
        return identity_of(self.output).run

    def hand_in(self, student: str, content: bytes, exercise: Exercise | None = None) -> Path:
        exercise = exercise or CATALOG.exercise("ej01")
        path = self.submitted / student / exercise.id / f"{exercise.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def start(self, *options: str, output: Path | None = None) -> "subprocess.Popen[str]":
        """A grader that runs beside the test."""
        words = ["grade", str(self.submitted), "-o", str(output or self.output), *options]
        grader = subprocess.Popen(
            [*self.python, "-m", "taller", *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(self.scratch)},
        )  # fmt: skip
        self.graders.append(grader)
        return grader

    def grade(self, *options: str, output: Path | None = None, seconds: float = 280) -> int:
        """Run a grader to its end; what it said is shown when the test fails."""
        grader = self.start(*options, output=output)
        said, _ = grader.communicate(timeout=seconds)
        print(said)
        return grader.returncode

    def taller(self, *words: str) -> int:
        """Run another command; its exit code."""
        return subprocess.run([sys.executable, "-m", "taller", *words], timeout=60).returncode

    def kill(self, grader: "subprocess.Popen[str]") -> None:
        """SIGKILL, as an out-of-memory killer does it."""
        self.workers |= {grader.pid, *(p.pid for p in psutil.Process(grader.pid).children(True))}
        grader.kill()
        grader.wait()
        assert grader.stdout is not None
        grader.stdout.close()  # whatever survives it still writes there

    def result(self, student: str, exercise: str = "ej01", output: Path | None = None) -> Json:
        path = (output or self.output) / "results" / student / f"{exercise}.json"
        return dict(json.loads(path.read_text("utf-8")))

    def expect(self, student: str, status: str, score: int | None, says: str) -> None:
        """Compare a verdict: its status, its points, and what it or one of its checks says."""
        result = self.result(student)
        assert (result["status"], result["score"]) == (status, score), result
        said = [*result["flags"], *(check["message"] for check in result["checks"])]
        assert says in " ".join(said), result

    def processes(self) -> list[str]:
        """What is left of the graders' processes: they have become this process's children."""
        own = {grader.pid for grader in self.graders if grader.poll() is None}
        left = [p for p in psutil.Process().children(recursive=True) if p.pid not in own]
        return [str(p) for p in left if is_alive(p.pid)]

    def leftovers(self, engine: docker.DockerClient) -> dict[str, list[str]]:
        """All that is left over, by kind; empty when there is nothing."""
        mine = {"label": f"taller.run={self.run}"}
        found = {
            "containers": [c["Id"] for c in engine.api.containers(all=True, filters=mine)],
            "networks": [n["Id"] for n in engine.api.networks(filters=mine)],
            "volumes": [v["Name"] for v in engine.api.volumes(filters=mine)["Volumes"] or []],
            "images": [i["Id"] for i in engine.api.images(filters=mine)],
            "files": sorted(path.name for path in self.scratch.iterdir()),
            "mounts": [m for m in _mounts() if str(self.scratch) in m],
            "groups": [str(g) for pid in self.workers for g in _GROUPS.rglob(f"taller-{pid}-*")],
            "processes": self.processes(),
        }
        return {kind: names for kind, names in found.items() if names}

    def wait_for_nothing(self, engine: docker.DockerClient) -> None:
        """Processes take a moment to end; what is still there after that stays."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.leftovers(engine) == {}


def _mounts() -> list[str]:
    return Path("/proc/self/mountinfo").read_text().splitlines()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return CATALOG


@pytest.fixture(scope="session")
def handout() -> Callable[[str], Handout]:
    """The handout of an exercise, by its id."""

    def find(name: str) -> Handout:
        exercise = CATALOG.exercise(name)
        return Handout(exercise, json.loads(CATALOG.solution(exercise).read_text("utf-8")))

    return find


@pytest.fixture(scope="module")
def ej01(handout: Callable[[str], Handout]) -> Handout:
    return handout("ej01")


@pytest.fixture(scope="session")
def adopt_orphans() -> None:
    """Orphans of what this process starts come to it (man 2 PR_SET_CHILD_SUBREAPER)."""
    assert ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


@pytest.fixture(scope="module")
def course(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient, adopt_orphans: None
) -> Iterator[Course]:
    """A class that has not handed in yet."""
    scratch = Path(tempfile.mkdtemp(prefix="tf-"))  # pytest's own path is too long for a socket
    scratch.chmod(0o711)  # the sandbox's user passes through it
    course = Course(tmp_path_factory.mktemp("course"), scratch)
    yield course
    for grader in course.graders:
        if grader.poll() is None:
            grader.send_signal(signal.SIGKILL)
            grader.wait()
    shutil.rmtree(scratch)
