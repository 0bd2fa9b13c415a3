"""One submitted file, read and aligned in a process that can be killed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taller.grading.align import Aligned, align
from taller.grading.limited import Effort, TooMuch, limited
from taller.grading.read import InvalidNotebook, Notebook, read_bytes, read_notebook

EFFORT = Effort(processor_s=15, wall_s=120.0, memory_mb=1536)
"""100 MB of honest output need 3 s and 900 MB."""

_CLEAN = (
    "Ábrelo en JupyterLab, bórrale las salidas (Edit → Clear Outputs of All Cells) y las celdas "
    "que no son del ejercicio, guárdalo y entrégalo otra vez."
)


@dataclass(frozen=True)
class Reading:
    """What a submitted file says.

    Attributes:
        sha256: of its bytes; of none when they could not be read.
        aligned: the answers; None when it is no notebook of the exercise.
        problem: what is wrong with it then, for the student.
    """

    sha256: str
    aligned: Aligned | None
    problem: str = ""


def read_submission(path: Path, pristine: Notebook, remarks: Sequence[str]) -> Reading:
    """Read a file that nobody has looked at.

    Args:
        path: it may be anything.
        pristine: the exercise as it was given out.
        remarks: flags for the instructor that it has already.
    """
    path = path.absolute()
    try:
        return limited(_read, path, pristine, tuple(remarks), effort=EFFORT)
    except TooMuch as error:
        try:
            digest = limited(_digest, path)
        except (TooMuch, InvalidNotebook):  # its name is all that is known of it
            digest = hashlib.sha256().hexdigest()
        return Reading(digest, None, f"El notebook no se puede leer: {error.message}. {_CLEAN}")


def _read(path: Path, pristine: Notebook, remarks: tuple[str, ...]) -> Reading:
    digest = hashlib.sha256()
    try:
        content = read_bytes(path)
        digest.update(content)
        notebook = read_notebook(content)
        aligned = align(pristine, Notebook(notebook.cells, (*remarks, *notebook.flags)))
    except InvalidNotebook as error:
        problem = f"{error.message} {error.suggestion}"
        return Reading(digest.hexdigest(), None, problem.encode("utf-8", "replace").decode())
    return Reading(digest.hexdigest(), aligned)


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()
