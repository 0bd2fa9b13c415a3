"""Which exercise a notebook answers, by what is in it: the ids of its cells, and the lab it opens.

Names of files get lost: «Copia de ej01….ipynb», «Ejercicio 1.ipynb». Most cells have an id that no
other notebook of the workshop has; where ids were stripped, ``Lab("ej01")`` says it.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from taller.catalog import Catalog
from taller.grading.intake.reading import EFFORT
from taller.grading.limited import TooMuch, limited
from taller.grading.read import InvalidNotebook, Notebook, read_bytes, read_notebook

_LAB = re.compile(r"\bLab\(\s*[\"'](ej\d\d)[\"']")
_ENOUGH = 2
"""Cells of its own by which an exercise is recognised."""

Marks = Mapping[str, str]
"""Id of a cell that only one notebook of the workshop has, to that notebook's name."""


@dataclass(frozen=True)
class Identity:
    """What a file is.

    Attributes:
        notebook: name of the notebook of the workshop that it comes from; empty when unknown.
        readable: whether it is a notebook at all.
    """

    notebook: str = ""
    readable: bool = False


def marks_of(catalog: Catalog) -> Marks:
    """What tells the notebooks of the workshop apart."""
    owners: dict[str, set[str]] = {}
    for path in _given_out(catalog):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            owners.setdefault(str(cell.get("id", "")), set()).add(path.stem)
    return {id_: next(iter(names)) for id_, names in owners.items() if id_ and len(names) == 1}


def _given_out(catalog: Catalog) -> Sequence[Path]:
    exercises = [catalog.pristine(one) for one in catalog.exercises]
    lessons = [catalog.root / "notebooks" / f"{one.name}.ipynb" for one in catalog.lessons]
    return [path for path in (*exercises, *lessons) if path.is_file()]


def identities(paths: Sequence[Path], marks: Marks) -> list[Identity]:
    """What each file is; files that cannot be read in the limits are unknown."""
    absolute = [path.absolute() for path in paths]
    try:
        return limited(_identify_all, absolute, marks, effort=EFFORT)
    except TooMuch:
        if len(absolute) == 1:
            return [Identity()]
        return [found for path in absolute for found in identities([path], marks)]


def _identify_all(paths: Sequence[Path], marks: Marks) -> list[Identity]:
    return [_identify(path, marks) for path in paths]


def _identify(path: Path, marks: Marks) -> Identity:
    try:
        notebook = read_notebook(read_bytes(path))
    except InvalidNotebook:
        return Identity()
    return Identity(_by_cells(notebook, marks) or _by_lab(notebook), readable=True)


def _by_cells(notebook: Notebook, marks: Marks) -> str:
    found = Counter(marks[id_] for id_ in {cell.id for cell in notebook.cells} if id_ in marks)
    ranked = found.most_common(2)
    is_tie = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
    return "" if not ranked or is_tie or ranked[0][1] < _ENOUGH else ranked[0][0]


def _by_lab(notebook: Notebook) -> str:
    opened = {found[1] for cell in notebook.cells if (found := _LAB.search(cell.source))}
    return opened.pop() if len(opened) == 1 else ""
