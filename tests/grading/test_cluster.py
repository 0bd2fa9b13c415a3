"""A class graded by the workers of a dask cluster that have neither its files nor its rubrics."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from taller.builder.wrong import read_wrong
from taller.catalog import load_catalog
from taller.grading.cluster import Kit, grade_remotely
from taller.grading.identity import Identity, identity_of
from taller.grading.prepare import Preparation
from taller.grading.read import Notebook
from taller.grading.submissions import collect
from taller.grading.task import Task

REPOSITORY = Path(__file__).parents[2]
CATALOG = load_catalog(REPOSITORY)
EJ01 = CATALOG.exercise("ej01")
SOLUTION = json.loads(CATALOG.solution(EJ01).read_text("utf-8"))
WRONG = read_wrong(EJ01, SOLUTION)[0].submission(SOLUTION)
HIDDEN = (REPOSITORY / "content", REPOSITORY / "solutions", REPOSITORY / "exercises")

pytestmark = pytest.mark.engine

Json = dict[str, Any]


@dataclass
class Cluster:
    """A scheduler and workers, each a process of its own."""

    folder: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def start(self, *words: str, **env: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                words, cwd=self.folder, env={**os.environ, **env}, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def start_scheduler(self) -> None:
        file = self.folder / "scheduler.json"
        self.start(
            sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0",
            "--no-dashboard", "--scheduler-file", str(file),
        )  # fmt: skip
        wait_for(lambda: file.exists() and file.read_text().rstrip().endswith("}"))

    def start_worker(self, *hidden: Path, **env: str) -> "subprocess.Popen[bytes]":
        """A worker that does not see some folders."""
        before = self.workers
        walls = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent"]
        walls += [word for path in hidden for word in ("--tmpfs", str(path))]
        worker = self.start(
            *walls, "--", sys.executable, "-m", "dask", "worker", self.address, "--no-nanny",
            "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder), **env,
        )  # fmt: skip
        wait_for(lambda: self.workers > before)
        return worker

    @property
    def workers(self) -> int:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:  # type: ignore[no-untyped-call] # distributed has no types here
            return len(client.nthreads())

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def wait_for(condition: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    folder.mkdir()
    cluster = Cluster(folder)
    cluster.start_scheduler()
    try:
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            process.kill()
            process.wait()


def hand_in(submitted: Path, student: str, notebook: Json) -> None:
    path = submitted / student / f"{EJ01.name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook))


def command(submitted: Path, output: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "taller", "grade", str(submitted), "-o", str(output), *options,
    ]  # fmt: skip


def grade(*words: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=250)


def on(cluster: Cluster) -> tuple[str, ...]:
    return "--backend", "dask", "--scheduler", cluster.address


def result(output: Path, student: str) -> Json:
    path = output / "results" / student / "ej01.json"
    return dict(json.loads(path.read_text("utf-8")))


def verdict(output: Path, student: str) -> list[Any]:
    """What does not depend on the time, nor on the prefix that the OUT's path gives."""
    own = result(output, student)
    points = {check["id"]: check["points"] for check in own["checks"]}
    return [own["status"], own["score"], points, own["notebook_sha256"], own["versions"]]


def test_a_cluster_that_shares_no_disk_gives_the_same_marks(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    submitted, here, there = tmp_path / "submitted", tmp_path / "here", tmp_path / "there"
    hand_in(submitted, "ana", SOLUTION)
    hand_in(submitted, "berta", WRONG)
    hand_in(submitted, "carla", {"nbformat": 3})
    with running(tmp_path / "cluster") as cluster:
        for _ in range(2):
            cluster.start_worker(submitted, *HIDDEN)
        done = grade(submitted, there, *on(cluster))
        assert done.returncode == 0, done.stderr + cluster.log()
    assert grade(submitted, here, "--jobs", "2").returncode == 0
    assert (there / "gradebook.csv").read_bytes() == (here / "gradebook.csv").read_bytes()
    for student in ("ana", "berta", "carla"):
        assert verdict(there, student) == verdict(here, student)
    assert result(there, "ana")["score"] == EJ01.points
    assert not engine.volumes.list(filters={"label": f"taller.run={identity_of(there).run}"})


def test_a_killed_worker_costs_no_verdict(tmp_path: Path, engine: docker.DockerClient) -> None:
    submitted, output = tmp_path / "submitted", tmp_path / "out"
    for student in ("ana", "berta"):
        hand_in(submitted, student, SOLUTION)
    mine = {"label": f"taller.run={identity_of(output).run}"}
    with running(tmp_path / "cluster") as cluster:
        victim = cluster.start_worker()
        cluster.start_worker()
        grader = subprocess.Popen(command(submitted, output, *on(cluster)))
        wait_for(lambda: engine.volumes.list(filters=mine))  # both are at it
        victim.kill()
        assert grader.wait(200) == 0
    assert [result(output, one)["score"] for one in ("ana", "berta")] == [EJ01.points] * 2
    assert not engine.volumes.list(filters=mine)


def test_a_worker_with_other_sources_is_refused(tmp_path: Path) -> None:
    submitted, output = tmp_path / "submitted", tmp_path / "out"
    hand_in(submitted, "ana", SOLUTION)
    shutil.copytree(REPOSITORY / "src", tmp_path / "src")
    with (tmp_path / "src" / "taller" / "result.py").open("a") as file:
        file.write("# another version\n")
    with running(tmp_path / "cluster") as cluster:
        cluster.start_worker(PYTHONPATH=str(tmp_path / "src"))
        done = grade(submitted, output, *on(cluster))
    assert done.returncode == 1
    assert "no puede calificar esta clase: sources" in done.stderr
    assert not (output / "results").exists()


def test_a_worker_that_joins_later_with_other_sources_gives_no_verdict(tmp_path: Path) -> None:
    hand_in(tmp_path, "ana", SOLUTION)
    (submission,) = collect(tmp_path, CATALOG).submissions
    task = Preparation(CATALOG, Identity("g0", b"secret"), None).prepare(submission).work
    assert isinstance(task, Task)
    kit = Kit(EJ01.name, (), Notebook(()), {})
    found = grade_remotely(task, kit, {"sources": "de otra versión"})
    assert (found.student, found.status, found.score) == ("ana", "infra_error", None)
    assert "en vez de de otra versión" in found.flags[0]


def test_a_cluster_without_workers_is_an_error_that_says_so(tmp_path: Path) -> None:
    submitted = tmp_path / "submitted"
    hand_in(submitted, "ana", SOLUTION)
    with running(tmp_path / "cluster") as cluster:
        done = grade(submitted, tmp_path / "out", *on(cluster))
    assert done.returncode == 1
    assert "no tiene trabajadores" in done.stderr
    assert "dask worker" in done.stderr
