"""Tasks on a dask cluster. Workers share no disk with the coordinator and none with each other.

What all tasks of an exercise share travels once, as a task of its own, so that it is there again
after the worker that had it has died. A worker grades only with the same sources, Terraform,
Python and base image as the coordinator: a verdict says what it was made with.
"""

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import docker_provider
import taller
from taller.catalog import Catalog
from taller.clean.report import Report
from taller.docker_state import connect
from taller.errors import TallerError
from taller.grading.identity import Identity
from taller.grading.leftovers import remove_labelled
from taller.grading.prepare import Preparation
from taller.grading.read import Notebook
from taller.grading.sandbox import require_bubblewrap
from taller.grading.task import Task, grade
from taller.grading.verdicts import no_verdict
from taller.result import Result

EXIT_INFRASTRUCTURE = 3
_CONNECT_SECONDS = 15
_WORKERS_SECONDS = 5
_PATIENCE = 12
"""How many looks in a row may find no worker before the class is given up."""
_AHEAD = 2
"""Tasks for each thread of the cluster: one runs, one is already there."""

Site = dict[str, str]
"""What a machine grades with: component to version, and a digest of our sources."""


@dataclass(frozen=True)
class Kit:
    """What all tasks of an exercise share.

    Attributes:
        name: of the exercise's folder.
        files: name to text of what is in it.
        pristine, public: see Task.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    pristine: Notebook
    public: dict[str, str]


def site(versions: Site) -> Site:
    """What this machine grades with."""
    digest = hashlib.sha256()
    for package in (taller, docker_provider):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return {**versions, "sources": digest.hexdigest()[:12]}


@cache
def _here() -> Site:
    return site(Preparation(Catalog(Path(), (), ()), Identity("", b""), None).versions)


def inspect_worker(*, confined: bool) -> Site:
    """What this worker grades with, looked up anew; run on each worker before a class.

    Raises:
        TallerError: it cannot grade at all.
    """
    if confined:
        require_bubblewrap()
    _here.cache_clear()
    return _here()


def grade_remotely(task: Task, kit: Kit, expected: Site) -> Result:
    """Grade on a worker, from what came over the network alone."""
    differences = _differences(expected, _here())
    if differences:
        text = f"Este trabajador no califica con lo mismo que el coordinador: {differences}."
        return replace(no_verdict(task.exercise, text), student=task.student)
    exercise = replace(task.exercise, folder=_unpacked(kit.name, kit.files))
    _clear_leftovers(task)
    return grade(replace(task, exercise=exercise, pristine=kit.pristine, public=kit.public))


def _differences(expected: Site, found: Site) -> str:
    return ", ".join(
        f"{name} {found.get(name) or 'ninguno'} en vez de {version or 'ninguno'}"
        for name, version in expected.items()
        if found.get(name) != version
    )


@cache
def _unpacked(name: str, files: tuple[tuple[str, str], ...]) -> Path:
    """An exercise's folder, among the worker's own files, which dask removes in the end."""
    from distributed import get_worker

    digest = hashlib.sha256(repr(files).encode()).hexdigest()[:12]
    folder = Path(get_worker().local_directory, f"taller-{digest}", name)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files:
        (folder / file).write_text(text, "utf-8")
    return folder


def _clear_leftovers(task: Task) -> None:
    """Remove what a worker that died while it graded this has left here."""
    client = connect()
    try:
        remove_labelled(client, f"taller.prefix={task.namespace}", Report())
    finally:
        client.close()


def _same(kit: Kit) -> Kit:
    return kit


def _connect(address: str) -> Any:
    """A client of a scheduler that has workers."""
    from distributed import Client

    client = None
    try:
        client = Client(  # type: ignore[no-untyped-call] # distributed has no types here
            address, timeout=_CONNECT_SECONDS, set_as_default=False
        )
        client.wait_for_workers(1, timeout=_WORKERS_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        if client is not None:
            client.close()  # type: ignore[no-untyped-call] # as above
        raise TallerError(
            f"El clúster {address} no tiene trabajadores o no responde: {error}",
            "Arráncalo: «dask scheduler» en una máquina y «dask worker tcp://…» en cada otra, "
            "con el mismo taller instalado.",
        ) from error
    return client


class DaskPool:
    """The workers of a dask scheduler.

    Args:
        address: of the scheduler, ``tcp://host:8786``.
        jobs: calls at a time; two for each thread of the cluster by default.
        versions: what the coordinator grades with.
        confined: whether answers run in a sandbox.

    Raises:
        TallerError: nobody answers there, it has no workers, or they grade with something else.
    """

    def __init__(
        self, address: str, jobs: int | None, versions: Site, *, confined: bool = True
    ) -> None:
        self._expected = site(versions)
        self._client = _connect(address)
        self._executor = self._client.get_executor(pure=False)
        self._kits: dict[str, Any] = {}
        self._misses = 0
        try:
            self._require_same(confined)
        except BaseException:
            self._client.close()
            raise
        self.width = jobs or _AHEAD * sum(self._client.nthreads().values())

    def submit(self, item: Task | Result) -> "Future[Result]":
        """Hand a task to some worker; what has its result already goes nowhere."""
        if isinstance(item, Result):
            ready: Future[Result] = Future()
            ready.set_result(item)
            return ready
        light = replace(item, pristine=Notebook(()), public={})
        future: Future[Result] = self._executor.submit(
            grade_remotely, light, self._kit(item), self._expected
        )
        return future

    def renew(self) -> None:
        """Nothing: the scheduler gives a dead worker's tasks to others."""

    def require_alive(self) -> None:
        """Make sure that there is a scheduler, and every now and then a worker.

        Raises:
            TallerError: there is none.
        """
        status, workers = self._client.status, self._client.scheduler_info(n_workers=-1)["workers"]
        self._misses = 0 if workers else self._misses + 1
        if status != "running" or self._misses > _PATIENCE:
            raise TallerError(
                "El clúster se quedó sin trabajadores, o el planificador ya no responde.",
                "Lo calificado está guardado: arráncalos y repite el comando.",
                exit_code=EXIT_INFRASTRUCTURE,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

    def _kit(self, task: Task) -> Any:
        """The kit of a task's exercise, on the cluster."""
        exercise = task.exercise
        if exercise.id not in self._kits:
            names = ("exercise.toml", "checks.py")
            files = tuple((name, (exercise.folder / name).read_text("utf-8")) for name in names)
            kit = Kit(exercise.name, files, task.pristine, dict(task.public))
            key = f"kit-{exercise.id}-{hashlib.sha256(repr(kit).encode()).hexdigest()[:12]}"
            self._kits[exercise.id] = self._client.submit(_same, kit, key=key)
        return self._kits[exercise.id]

    def _require_same(self, confined: bool) -> None:
        asked = self._client.run(partial(inspect_worker, confined=confined), on_error="return")
        for address, found in asked.items():
            wrong = found if isinstance(found, Exception) else _differences(self._expected, found)
            if wrong:
                raise TallerError(
                    f"El trabajador {address} no puede calificar esta clase: {wrong}.",
                    "Instala en él el mismo taller y el mismo Terraform, y llévale la imagen base "
                    "(docker save | docker load); o quítalo del clúster.",
                )
