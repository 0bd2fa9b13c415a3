"""What a folder of submissions holds: who handed in which exercise, in which file."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taller.catalog import Catalog, Exercise
from taller.errors import EXIT_USAGE, TallerError

_NOTEBOOK = re.compile(r"ej\d\d(?!\d).*\.ipynb", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one exercise.

    Attributes:
        student: name of the folder directly below SUBMITTED.
        exercise: what it answers.
        path: the file; it may be a link or unreadable, ``read_submission`` says so.
        ignored: other files of the student for the same exercise, which are not graded.
    """

    student: str
    exercise: Exercise
    path: Path
    ignored: tuple[Path, ...] = ()


def students(submitted: Path) -> list[str]:
    """The students' folders, sorted; links and hidden folders are not students.

    Raises:
        TallerError: a name that no table and no message could show.
    """
    found = (path for path in submitted.iterdir() if path.is_dir() and not path.is_symlink())
    names = sorted(path.name for path in found if not path.name.startswith("."))
    for name in names:
        if not name.isprintable():
            raise TallerError(
                f"El nombre de la carpeta {name!a} no es texto.",
                "Cámbialo por el del estudiante y repite el comando.",
                exit_code=EXIT_USAGE,
            )
    return names


def find_submissions(submitted: Path, catalog: Catalog, only: frozenset[str]) -> list[Submission]:
    """Every ``<student>/**/ejNN*.ipynb``, by student and exercise.

    Args:
        submitted: the folder; nbgrader's ``submitted/<student>/<assignment>/`` fits.
        catalog: the exercises that there are.
        only: ids of the exercises wanted; all when empty.

    Raises:
        TallerError: there is none.
    """
    found = [
        one
        for student in students(submitted)
        for one in _of_student(submitted / student, catalog)
        if not only or one.exercise.id in only
    ]
    if not found:
        raise TallerError(
            f"No hay nada que calificar en {submitted}.",
            "Espero <estudiante>/…/ejNN*.ipynb, por ejemplo: ana/ej01_provider_y_volumenes.ipynb",
            exit_code=EXIT_USAGE,
        )
    return found


def _of_student(folder: Path, catalog: Catalog) -> Iterator[Submission]:
    notebooks = sorted(_notebooks(folder))
    for exercise in catalog.exercises:
        own = [path for path in notebooks if path.name[:4].lower() == exercise.id]
        # The name that was given out comes first; among others, the order of the alphabet.
        own.sort(key=lambda path, name=exercise.name: path.stem != name)  # type: ignore[misc] # mypy cannot infer defaults of a lambda
        if own:
            yield Submission(folder.name, exercise, own[0], tuple(own[1:]))


def _notebooks(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if _NOTEBOOK.fullmatch(name))
