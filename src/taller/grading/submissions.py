"""What a folder of submissions holds: who handed in which exercise, in which file.

A student's notebooks lie anywhere below a folder with the student's name: nbgrader's
``submitted/<student>/<assignment>/``, Moodle's download with a folder for each student, or what an
instructor made. Moodle's other download and Canvas's put all files side by side, with the student
in front of the file's name (``mod/assign/classes/downloader.php`` and ``lib/content_zipper.rb``
of those systems).

What a notebook answers is what is in it; its name decides only where that says nothing. Whatever
was handed in and is not graded is named, student by student: nothing is lost without a word.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from taller.catalog import Catalog, Exercise
from taller.errors import EXIT_USAGE, TallerError
from taller.grading.intake import names
from taller.grading.intake.identify import Identity, Marks, identities, marks_of
from taller.grading.intake.walk import Found, walk
from taller.grading.read import read_regular

_TIMESTAMP = "timestamp.txt"
_NEVER = datetime.min.replace(tzinfo=UTC)
_SHOWN = 10
"""Remarks of one student, and files in one of them."""
NOBODY = ""
"""Who has what lies in SUBMITTED and says nothing of its student."""


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one exercise.

    Attributes:
        student: name of the folder directly below SUBMITTED, without what Moodle adds; or what
            stands before the file's name in a download of Moodle or Canvas; as ``plain_name``
            writes it.
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
class Collected:
    """A class's submissions.

    Attributes:
        students: whoever handed in something, sorted.
        submissions: by student and exercise.
        strays: student, or NOBODY, to what was handed in and is not graded, a Spanish sentence
            each.
    """

    students: tuple[str, ...]
    submissions: tuple[Submission, ...]
    strays: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Notebook:
    """A notebook, what its author called it, and what it is."""

    path: Path
    name: str
    identity: Identity

    def exercise_in(self, catalog: Catalog) -> Exercise | None:
        """What it answers: by its content, or else by its name."""
        by_content = self.by_content(catalog)
        return by_content or (None if self.identity.notebook else self.by_name(catalog))

    def by_content(self, catalog: Catalog) -> Exercise | None:
        own = self.identity.notebook
        return next((one for one in catalog.exercises if own in (one.name, one.id)), None)

    def by_name(self, catalog: Catalog) -> Exercise | None:
        number = names.numbered(self.name)
        return next((one for one in catalog.exercises if int(one.id[2:]) == number), None)


def collect(
    submitted: Path, catalog: Catalog, only: frozenset[str] = frozenset(),
    output: Path | None = None,
) -> Collected:  # fmt: skip
    """Look through a folder of submissions.

    Of several notebooks for one exercise, one is graded: the one that has the name that was given
    out, then the newest by nbgrader's ``timestamp.txt`` beside it, then the one in the fewest
    folders, then the last folder (``intento_10`` comes after ``intento_2``). A file's own times
    play no part: they do not survive a download.

    Args:
        submitted: the folder.
        catalog: the exercises that there are.
        only: ids of the exercises wanted; all when empty.
        output: a folder that is no student, wherever it lies.

    Raises:
        TallerError: there is nothing to grade.
    """
    marks = marks_of(catalog)
    found: list[Submission] = []
    entries, strays = _by_student(submitted, output)
    for student, own in sorted(entries.items()):
        submissions, remarks = _of_student(student, own, catalog, marks)
        found += submissions
        strays[student] = strays.get(student, ()) + remarks
    wanted = tuple(one for one in found if not only or one.exercise.id in only)
    strays = {student: lines for student, lines in strays.items() if lines}
    if not wanted:
        seen = [f"{student or 'Sin estudiante'}: {line}" for student, own in strays.items()
                for line in own][:3]  # fmt: skip
        raise TallerError(
            f"No hay nada que calificar en {submitted}.",
            "Espero <estudiante>/…/ejNN*.ipynb, por ejemplo: "
            f"ana/{catalog.exercises[0].name if catalog.exercises else 'ej01'}.ipynb"
            + "".join(f"\n  {line}" for line in seen),
            exit_code=EXIT_USAGE,
        )
    return Collected(tuple(sorted(entries)), wanted, strays)


def _by_student(
    submitted: Path, output: Path | None
) -> tuple[dict[str, list[Path]], dict[str, tuple[str, ...]]]:
    """Student to what is theirs directly below SUBMITTED, folders or notebooks; and the rest."""
    by_raw_name: dict[str, list[Path]] = {}
    lost: list[str] = []
    for path in sorted(submitted.iterdir()):
        student = _student(path, output)
        if student:
            by_raw_name.setdefault(student, []).append(path)
        elif student is None:
            name = names.plain_name(path.name)
            lost.append(
                f"«{name}» es un enlace, y no se sigue." if path.is_symlink() else
                f"«{name}» no está en la carpeta de nadie: no se sabe de quién es. Ponlo en una "
                "carpeta con el nombre de su estudiante."
            )  # fmt: skip
    found: dict[str, list[Path]] = {}
    for raw, paths in sorted(
        by_raw_name.items(), key=lambda one: names.plain_name(one[0]) != one[0]
    ):
        name = names.plain_name(raw)
        if name in found:  # another student's already: names differ in what cannot be written
            name += f"~{hashlib.sha256(raw.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        found[name] = paths
    return found, {NOBODY: _bounded(lost)}


def _student(path: Path, output: Path | None) -> str | None:
    """Whose an entry of SUBMITTED is; None for what somebody misses, empty for what nobody does."""
    if names.is_hidden(path.name) or (output is not None and path.resolve() == output.resolve()):
        return ""
    if path.is_symlink():
        return None if path.is_dir() or names.is_notebook(path.name) else ""
    if path.is_dir():
        return "" if names.is_output(path) else names.student_of_folder(path.name)
    downloaded = names.downloaded(path.name)
    if downloaded:
        return downloaded.student
    return None if names.is_notebook(path.name) else ""


def _of_student(
    student: str, entries: Sequence[Path], catalog: Catalog, marks: Marks
) -> tuple[list[Submission], tuple[str, ...]]:
    """A student's submissions, and what is not graded."""
    files, strays = _files(entries)
    candidates = [one for one in files if _may_be_notebook(one.name)]
    known = identities([one.path for one in candidates], marks) if candidates else []
    notebooks = [
        _Notebook(one.path, one.name, identity)
        for one, identity in zip(candidates, known, strict=True)
    ]
    found = [
        _chosen(student, exercise, own)
        for exercise in catalog.exercises
        if (own := [one for one in notebooks if one.exercise_in(catalog) is exercise])
    ]
    strays += [_stray(one) for one in notebooks if one.exercise_in(catalog) is None]
    rest = [one.name for one in files if one not in candidates]
    numbered = [name for name in rest if names.numbered(name)]
    strays += [f"«{names.plain_name(name)}» no es un notebook (.ipynb)." for name in numbered]
    if not notebooks and not numbered and rest:
        listed = ", ".join(names.plain_name(name) for name in sorted(rest)[:_SHOWN])
        strays.append(f"no ha entregado ningún notebook (.ipynb), sino: {listed}.")
    return found, _bounded([line for line in strays if line])


def _files(entries: Sequence[Path]) -> tuple[list[Found], list[str]]:
    files: list[Found] = []
    strays: list[str] = []
    for entry in entries:
        downloaded = None if entry.is_dir() else names.downloaded(entry.name)
        if downloaded:
            files.append(Found(entry, downloaded.name))
        else:
            found = walk(entry)
            files += found.files
            strays += found.problems
    return files, strays


def _may_be_notebook(name: str) -> bool:
    return names.is_notebook(name) or (name.endswith(".json") and bool(names.numbered(name)))


def _stray(one: _Notebook) -> str:
    """Why a notebook is not graded; nothing for the workshop's own lessons under their names."""
    name = names.plain_name(one.name)
    own = one.identity.notebook
    if own:
        is_known = Path(one.name).stem.startswith(own[:2]) and not names.numbered(one.name)
        return "" if is_known else f"«{name}» es la lección {own}, no un ejercicio: no se califica."
    if one.identity.readable:
        return f"«{name}» no es de ningún ejercicio de este taller: no se califica."
    return f"«{name}» no se puede leer, y su nombre no dice de qué ejercicio es: no se califica."


def _chosen(student: str, exercise: Exercise, own: list[_Notebook]) -> Submission:
    """Of several notebooks for one exercise, the one that is graded."""
    own.sort(key=lambda one: _natural(one.path.name))
    own.sort(key=_last_attempt, reverse=True)
    own.sort(key=lambda one: Path(one.name).stem != exercise.name)  # the name that was given out
    best = own[0]
    is_odd = best.name[:4].lower() != exercise.id
    remark = f"«{names.plain_name(best.name)}» es {exercise.id}, por su contenido o por su nombre"
    rest = tuple(one.path for one in own[1:])
    return Submission(student, exercise, best.path, rest, (remark,) if is_odd else ())


def _last_attempt(one: _Notebook) -> tuple[datetime, int, list[tuple[int, str]]]:
    """Grows with each attempt."""
    folder = one.path.parent
    return _timestamp(folder), -len(folder.parts), _natural(str(folder))


def _timestamp(folder: Path) -> datetime:
    """What nbgrader wrote on collecting (``2026-03-01 10:00:00.000000 UTC``); else, long ago."""
    try:
        text = read_regular(folder / _TIMESTAMP, 100).decode("utf-8").strip()
        read = datetime.fromisoformat(re.sub(r" +(?=[+-])", "", text.replace(" UTC", "+00:00")))
    except (OSError, ValueError):  # the other rules decide then
        return _NEVER
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _natural(text: str) -> list[tuple[int, str]]:
    """A key by which 10 comes after 2."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)
    ]


def _bounded(lines: list[str]) -> tuple[str, ...]:
    rest = len(lines) - _SHOWN
    return (*lines[:_SHOWN], *([f"y otros {rest} avisos como estos."] if rest > 0 else []))
