"""What is graded, and what a verdict depends on: the same key, the same verdict."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from taller.builder.public import public_checks, public_settings
from taller.catalog import Catalog, Exercise
from taller.docker_state import connect
from taller.doctor.image import base_image
from taller.errors import TallerError
from taller.grading.identity import Identity
from taller.grading.intake.names import plain_name
from taller.grading.intake.reading import Reading, read_submission
from taller.grading.read import InvalidNotebook, Notebook, read_notebook
from taller.grading.submissions import Submission
from taller.grading.task import Task
from taller.grading.verdicts import without_run
from taller.result import Result
from taller.terraform.version import locate
from taller.terraform.version import version as terraform_version

_BESIDE = ("Dockerfile", ".dockerignore", "requirements-image.lock", "src/titanic", "infra")
"""What exercises use of the folder that students get: the pipeline, and the reference modules."""
_NOT_SOURCE = frozenset({"__pycache__", ".terraform", ".terraform.lock.hcl"})


@dataclass(frozen=True)
class Prepared:
    """A submission, read.

    Attributes:
        key: hash of all that its verdict depends on.
        notebook_sha256: of the submitted bytes.
        work: what is left to do; or already the verdict, on bytes that are no notebook.
    """

    key: str
    notebook_sha256: str
    work: Task | Result


@dataclass(frozen=True)
class _Given:
    """What all submissions of an exercise share."""

    pristine: Notebook
    public: Mapping[str, str]
    rubric: tuple[str, ...]


class Preparation:
    """Reads submissions for one grader.

    Args:
        catalog: the exercises.
        identity: of this grader, which marks its objects in Docker.
        timeout: processor seconds for each notebook; by default each exercise's own.
    """

    def __init__(self, catalog: Catalog, identity: Identity, timeout: float | None) -> None:
        self._catalog = catalog
        self._identity = identity
        self._timeout = timeout
        self._given: dict[str, _Given] = {}

    @cached_property
    def versions(self) -> dict[str, str]:
        """What verdicts are made with: component to version."""
        return {
            "taller": version("titanic-workshop"),
            "python": platform.python_version(),
            "terraform": terraform_version(locate()).text,
            "image": _image(),
        }

    def prepare(self, submission: Submission) -> Prepared:
        """Read a submission and find its answers."""
        exercise = submission.exercise
        given = self._of(exercise)
        ignored = (f"no se califica: {plain_name(path.name)}" for path in submission.ignored)
        reading = read_submission(submission.path, given.pristine, (*submission.remarks, *ignored))
        if reading.aligned is None:
            result = self._invalid(submission, reading.problem)
            return self._prepared(reading, [reading.problem, *given.rubric], result)
        timeout = self._timeout or exercise.time_limit_s
        task = Task(
            submission.student, exercise, given.pristine, reading.aligned, given.public,
            self._identity.run, self._identity.namespace(submission.student, exercise.id), timeout,
        )  # fmt: skip
        parts = [reading.aligned.sources(), *given.rubric, timeout]
        return self._prepared(reading, parts, task)

    def _prepared(self, reading: Reading, parts: Sequence[object], work: Task | Result) -> Prepared:
        text = json.dumps([*parts, self.versions], ensure_ascii=False, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        return Prepared(key, reading.sha256, work)

    def _invalid(self, submission: Submission, message: str) -> Result:
        result = without_run(submission.exercise, "invalid_notebook", message)
        return replace(result, student=submission.student)

    def _of(self, exercise: Exercise) -> _Given:
        if exercise.id not in self._given:
            self._given[exercise.id] = _read_given(self._catalog, exercise)
        return self._given[exercise.id]


def _read_given(catalog: Catalog, exercise: Exercise) -> _Given:
    content = catalog.pristine(exercise).read_bytes()
    folder = f"checks/{exercise.name}"
    public = {
        **_beside(catalog.root),
        f"{folder}/exercise.toml": public_settings(exercise),
        f"{folder}/checks.py": public_checks(exercise),
    }
    settings = exercise.folder / "exercise.toml"
    rubric = (
        exercise.checks_file.read_text("utf-8"), settings.read_text("utf-8"),
        hashlib.sha256(repr(sorted(public.items())).encode()).hexdigest(),
    )  # fmt: skip
    return _Given(_read_pristine(content, exercise), public, (content.decode(), *rubric))


def _beside(root: Path) -> dict[str, str]:
    """Path to text of the files that lie beside the notebooks."""
    roots = [root / name for name in _BESIDE]
    files = (file for path in roots for file in ([path] if path.is_file() else path.rglob("*")))
    return {
        file.relative_to(root).as_posix(): file.read_text("utf-8")
        for file in sorted(files)
        if file.is_file() and not _NOT_SOURCE.intersection(file.parts)
    }


def _read_pristine(content: bytes, exercise: Exercise) -> Notebook:
    try:
        return read_notebook(content)
    except InvalidNotebook as error:
        raise TallerError(
            f"El notebook de {exercise.id} no se puede leer: {error.message}",
            "Vuelve a generarlo: taller build",
        ) from error


def _image() -> str:
    """The id of the image that exercises build upon; empty where there is none yet."""
    try:
        name = base_image()
    except TallerError:  # only exercises with containers need one, and they say so
        return ""
    client = connect()
    try:
        return str(client.images.get(name).id)
    finally:
        client.close()


def results_path(output: Path, result: Result) -> Path:
    """Where a result is written."""
    return output / "results" / result.student / f"{result.exercise}.json"
