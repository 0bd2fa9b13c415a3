"""What lessons and exercises there are: read from the folders, listed nowhere else.

It reads both the repository (``content/``) and a student release, which instead carries
``checks/<exercise>/`` with the public part of each exercise.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taller.errors import EXIT_USAGE, TallerError
from taller.workspace import repository

EXERCISE_FOLDER = re.compile(r"(ej\d\d)_([a-z0-9_]+)")
LESSON_FILE = re.compile(r"(\d\d)_([a-z0-9_]+)")
_HEADING = {
    ".py": re.compile(r"^# # (.+)$", re.MULTILINE),
    ".ipynb": re.compile(r"^# (.+)$", re.MULTILINE),
}
_KEYS: dict[str, type] = {
    "title": str,
    "points": int,
    "optional": bool,
    "time_limit_s": int,
    "variables": dict,
    "replans": dict,
    "renames": dict,
    "repair": dict,
    "probe": dict,
    "witnessed": dict,
    "values": dict,
    "remote_state": bool,
    "max_objects": int,
}
_REQUIRED = ("title", "points", "optional", "time_limit_s")


class ContentError(TallerError):
    """A mistake in what an author wrote, with its file and line."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}", "Mira content/AUTHORING.md.")
        self.path = path
        self.line = line


@dataclass(frozen=True)
class Exercise:
    """One exercise, as its folder describes it.

    Attributes:
        id: ``ej01`` … ``ej99``.
        slug: the rest of the folder's name.
        title: in Spanish.
        points: of all checks, hidden ones included.
        optional: whether the course calls it optional.
        time_limit_s: seconds that a grader's run of the notebook may take.
        folder: where ``exercise.toml`` and ``checks.py`` are.
        variables: Terraform variables of every plan, besides ``prefix``.
        replans: name of an extra plan to its variables.
        renames: name of an extra plan to the resource type whose names are all other ones in it.
        repair: address of the object that the grader deletes and heals, or None.
        probe: ``function``, ``after``, ``volumes``: see ``taller.checks.probe``.
        witnessed: name of a value to ``after`` and ``file``: graders take it from this file, as it
            is when that answer has run, whatever the notebook hands over.
        values: name to JSON type of what the notebook must hand over.
        remote_state: whether the state may be kept on a server, which the grader provides.
        max_objects: how many resources a plan may hold, in the lab and for a grader.
    """

    id: str
    slug: str
    title: str
    points: int
    optional: bool
    time_limit_s: int
    folder: Path
    variables: Mapping[str, Any] = field(default_factory=dict)
    replans: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    repair: str | None = None
    probe: Mapping[str, Any] = field(default_factory=dict)
    witnessed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    remote_state: bool = False
    max_objects: int = 30

    @property
    def name(self) -> str:
        """The folder's name, which is also the notebook's without ``.ipynb``."""
        return f"{self.id}_{self.slug}"

    @property
    def checks_file(self) -> Path:
        """The rubric."""
        return self.folder / "checks.py"


@dataclass(frozen=True)
class Lesson:
    """One lesson: its two-digit id, slug, Spanish title, and the file that it was read from."""

    id: str
    slug: str
    title: str
    path: Path

    @property
    def name(self) -> str:
        """The notebook's file name without ``.ipynb``."""
        return f"{self.id}_{self.slug}"


@dataclass(frozen=True)
class Catalog:
    """All lessons and exercises under one root, in order."""

    root: Path
    lessons: tuple[Lesson, ...]
    exercises: tuple[Exercise, ...]

    def exercise(self, name: str) -> Exercise:
        """Return the exercise with this id, number (``1``) or folder name.

        Raises:
            TallerError: there is none; the message proposes the closest.
        """
        number = re.fullmatch(r"(?:ej(?:ercicio)?[\s_-]*)?(\d{1,3})", name.strip(), re.IGNORECASE)
        wanted = f"ej{int(name):02d}" if name.isdecimal() else name
        for exercise in self.exercises:
            if wanted in (exercise.id, exercise.name):
                return exercise
        known = [exercise.id for exercise in self.exercises]
        meant = f"ej{int(number[1]):02d}" if number else ""
        close = [meant] if meant in known else difflib.get_close_matches(name, known, n=1)
        close = [] if number and meant not in known else close
        raise TallerError(
            f"No existe el ejercicio «{name}».",
            f"¿Querías decir {close[0]}?" if close else f"Los que hay: {', '.join(known)}.",
            exit_code=EXIT_USAGE,
        )

    def notebook(self, exercise: Exercise) -> Path:
        """The notebook that a student works in."""
        return self.root / "exercises" / f"{exercise.name}.ipynb"

    def pristine(self, exercise: Exercise) -> Path:
        """The untouched exercise; in a student release, a copy that nobody works in."""
        copy = exercise.folder / "notebook.ipynb"
        return copy if copy.is_file() else self.notebook(exercise)

    def solution(self, exercise: Exercise) -> Path:
        """The solved notebook (not in a student release)."""
        return self.root / "solutions" / f"{exercise.name}.ipynb"


def load_catalog(root: Path | None = None) -> Catalog:
    """Read the catalogue of a repository or of a student release.

    Raises:
        ContentError: an ``exercise.toml`` is wrong.
    """
    root = root or repository()
    content = root / "content"
    folder = content / "exercises" if content.is_dir() else root / "checks"
    exercises = [
        read_exercise(found)
        for found in sorted(folder.glob("ej*/"))
        if EXERCISE_FOLDER.fullmatch(found.name)
    ]
    lessons = content / "lessons" if content.is_dir() else root / "notebooks"
    return Catalog(root, tuple(_lessons(lessons)), tuple(exercises))


def _lessons(folder: Path) -> list[Lesson]:
    suffix = ".py" if folder.name == "lessons" else ".ipynb"
    files = sorted(path for path in folder.glob(f"*{suffix}") if LESSON_FILE.fullmatch(path.stem))
    return [Lesson(path.stem[:2], path.stem[3:], _title(path) or path.stem, path) for path in files]


def _title(path: Path) -> str | None:
    """The first heading of a percent script or of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    found = _HEADING[path.suffix].search(text)
    return found[1].strip() if found else None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ContentError: it is missing, not UTF-8, or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ContentError(path, 1, "falta este archivo.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        raise ContentError(path, int(line[1]) if line else 1, f"TOML no válido: {error}") from error


def line_of(path: Path, key: str) -> int:
    """The line on which a TOML key or table begins; 1 when it is not there."""
    pattern = re.compile(rf"\s*\[*\s*{re.escape(key)}\b")
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)


def read_exercise(folder: Path) -> Exercise:
    """Read one exercise's folder.

    Raises:
        ContentError: the folder's name or its ``exercise.toml`` is wrong.
    """
    path = folder / "exercise.toml"
    name = EXERCISE_FOLDER.fullmatch(folder.name)
    if name is None:
        raise ContentError(folder, 1, "la carpeta debe llamarse ejNN_nombre_en_minusculas.")
    data = read_toml(path)
    _check_types(path, data)
    repair = data.pop("repair", {})
    if repair and set(repair) != {"address"}:
        raise ContentError(path, line_of(path, "repair"), "[repair] lleva solo «address».")
    return Exercise(name[1], name[2], folder=folder, repair=repair.get("address"), **data)


def _check_types(path: Path, data: dict[str, Any]) -> None:
    for key in _REQUIRED:
        if key not in data:
            raise ContentError(path, 1, f"falta la clave «{key}».")
    for key, value in data.items():
        if key not in _KEYS:
            raise ContentError(path, line_of(path, key), f"clave desconocida «{key}».")
        if type(value) is not _KEYS[key]:
            kind = _KEYS[key].__name__
            raise ContentError(path, line_of(path, key), f"«{key}» debe ser de tipo {kind}.")
    for key in ("points", "time_limit_s", "max_objects"):
        if data.get(key, 1) <= 0:
            raise ContentError(path, line_of(path, key), f"«{key}» debe ser mayor que cero.")
