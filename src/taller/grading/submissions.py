"""What a folder of submissions holds: who handed in which exercise, in which file.

A student's notebooks lie anywhere below a folder with the student's name: nbgrader's
``submitted/<student>/<assignment>/``, Moodle's download with a folder for each student, or what an
instructor made. Moodle's other download and Canvas's put all files side by side, with the student
in front of the file's name (``mod/assign/classes/downloader.php`` and ``lib/content_zipper.rb``
of those systems).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from taller.catalog import Catalog, Exercise
from taller.errors import EXIT_USAGE, TallerError

_NOTEBOOK = re.compile(r"ej\d\d(?!\d).*\.ipynb", re.IGNORECASE)
_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_[a-z]+_?(?P<name>.*)")
"""``Ana García_1234_assignsubmission_file``, a folder or the beginning of a file's name."""
_CANVAS = re.compile(r"(?P<student>.+?)(?:_LATE)?(?P<id>_\d+)_\d+_(?P<name>.+)")
"""``garciaana_LATE_1234_567890_ej01.ipynb``: student, late, user, attachment, file."""
_CANVAS_ANONYMOUS = re.compile(r"(?P<student>anon_[^_]+)_\d+_(?P<name>.+)")
_TIMESTAMP = "timestamp.txt"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one exercise.

    Attributes:
        student: name of the folder directly below SUBMITTED, without what Moodle adds; or what
            stands before the file's name in a download of Moodle or Canvas.
        exercise: what it answers.
        path: the file; it may be a link or unreadable, ``read_submission`` says so.
        ignored: other files of the student for the same exercise, which are not graded.
        remarks: how it was found, for the instructor, where that is not plain.
    """

    student: str
    exercise: Exercise
    path: Path
    ignored: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Notebook:
    """A notebook and what its author called it."""

    path: Path
    name: str


def students(submitted: Path) -> list[str]:
    """Whoever handed in something, sorted; links and hidden folders are not students.

    Raises:
        TallerError: a name that no table and no message could show, or a notebook that nothing
            says whose it is.
    """
    return sorted(_by_student(submitted))


def find_submissions(submitted: Path, catalog: Catalog, only: frozenset[str]) -> list[Submission]:
    """Every ``<student>/**/ejNN*.ipynb``, by student and exercise.

    Of several notebooks for one exercise, one is graded: the one that has the name that was given
    out, then the newest by nbgrader's ``timestamp.txt`` beside it, then the one in the fewest
    folders, then the last folder (``intento_10`` comes after ``intento_2``). A file's own times
    play no part: they do not survive a download.

    Args:
        submitted: the folder.
        catalog: the exercises that there are.
        only: ids of the exercises wanted; all when empty.

    Raises:
        TallerError: there is none, or see ``students``.
    """
    found = [
        one
        for student, entries in sorted(_by_student(submitted).items())
        for one in _of_student(student, entries, catalog)
        if not only or one.exercise.id in only
    ]
    if not found:
        raise TallerError(
            f"No hay nada que calificar en {submitted}.",
            "Espero <estudiante>/…/ejNN*.ipynb, por ejemplo: ana/ej01_provider_y_volumenes.ipynb",
            exit_code=EXIT_USAGE,
        )
    return found


def _by_student(submitted: Path) -> dict[str, list[Path]]:
    """Student to what is theirs directly below SUBMITTED: folders, or notebooks."""
    found: dict[str, list[Path]] = {}
    for path in sorted(submitted.iterdir()):
        student = _student(path)
        if student is not None:
            found.setdefault(student, []).append(path)
    for student in found:
        if not student.isprintable():
            raise TallerError(
                f"El nombre de la carpeta {student!a} no es texto.",
                "Cámbialo por el del estudiante y repite el comando.",
                exit_code=EXIT_USAGE,
            )
    return found


def _student(path: Path) -> str | None:
    """Whose an entry of SUBMITTED is; None for what is nobody's."""
    if path.name.startswith("."):
        return None
    if path.is_dir():
        moodle = _MOODLE.fullmatch(path.name)
        return None if path.is_symlink() else moodle["student"] if moodle else path.name
    downloaded = _downloaded(path.name)
    if downloaded:
        return downloaded["student"] + (downloaded.groupdict().get("id") or "")
    if _NOTEBOOK.search(path.name):
        raise TallerError(
            f"No sé de quién es {path.name!r}: está suelto en {path.parent}.",
            "Ponlo en una carpeta con el nombre de su estudiante y repite el comando.",
            exit_code=EXIT_USAGE,
        )
    return None


def _downloaded(name: str) -> re.Match[str] | None:
    """The parts of a notebook's name in a download of Moodle or Canvas."""
    for pattern in (_MOODLE, _CANVAS_ANONYMOUS, _CANVAS):
        found = pattern.fullmatch(name)
        if found and _NOTEBOOK.fullmatch(found["name"]):
            return found
    return None


def _of_student(student: str, entries: list[Path], catalog: Catalog) -> Iterator[Submission]:
    notebooks = [one for entry in entries for one in _notebooks(entry)]
    for exercise in catalog.exercises:
        own = [one for one in notebooks if one.name[:4].lower() == exercise.id]
        own.sort(key=lambda one: _natural(one.path.name))
        own.sort(key=_last_attempt, reverse=True)
        # The name that was given out comes first.
        own.sort(key=lambda one, name=exercise.name: Path(one.name).stem != name)  # type: ignore[misc] # mypy cannot infer defaults of a lambda
        if own:
            yield Submission(student, exercise, own[0].path, tuple(one.path for one in own[1:]))


def _notebooks(entry: Path) -> Iterator[_Notebook]:
    downloaded = None if entry.is_dir() else _downloaded(entry.name)
    if downloaded:
        yield _Notebook(entry, downloaded["name"])
    for parent, folders, names in os.walk(entry):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if _NOTEBOOK.fullmatch(name):
                yield _Notebook(Path(parent, name), name)


def _last_attempt(one: _Notebook) -> tuple[datetime, int, list[tuple[int, str]]]:
    """Grows with each attempt."""
    folder = one.path.parent
    return _timestamp(folder), -len(folder.parts), _natural(str(folder))


def _timestamp(folder: Path) -> datetime:
    """What nbgrader wrote on collecting (``2026-03-01 10:00:00.000000 UTC``); else, long ago."""
    try:
        text = (folder / _TIMESTAMP).read_text("utf-8").strip()
        read = datetime.fromisoformat(re.sub(r"\s+(?=[+-])", "", text.replace(" UTC", "+00:00")))
    except (OSError, ValueError):  # the other rules decide then
        return _NEVER
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _natural(text: str) -> list[tuple[int, str]]:
    """A key by which 10 comes after 2."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)
    ]
