"""The notebook that a lab belongs to, as it was handed out: which cells write what."""

import ast
import json
import re
from functools import cache
from pathlib import Path

from taller.catalog import load_catalog
from taller.errors import TallerError

_MAGIC = re.compile(r"^%%hcl[ \t]+(\S+)[ \t]*$", re.MULTILINE)
_LESSON = re.compile(r"leccion-(\d\d)")


@cache
def code_cells(name: str) -> tuple[str, ...]:
    """The code cells of the notebook in which ``Lab(name)`` is opened; none for any other name."""
    path = _notebook(name)
    if path is None or not path.is_file():
        return ()
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return tuple("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def _notebook(name: str) -> Path | None:
    try:
        catalog = load_catalog()
        if lesson := _LESSON.match(name):
            found = next((one for one in catalog.lessons if one.id == lesson[1]), None)
            return catalog.root / "notebooks" / f"{found.name}.ipynb" if found else None
        return catalog.pristine(catalog.exercise(name)) if name.startswith("ej") else None
    except TallerError:  # a workspace of the student's own is in no notebook of the course
        return None


def files_of(name: str) -> list[str]:
    """The files that the notebook's cells write, in their order."""
    found = [_MAGIC.match(source) for source in code_cells(name)]
    return list(dict.fromkeys(match[1] for match in found if match))


def skipped(name: str, there: set[str]) -> str | None:
    """The first file that an exercise writes and that is not there, though a later one is.

    A lesson writes and removes files as it goes on.
    """
    wanted = files_of(name) if name.startswith("ej") else []
    last = max((n for n, file in enumerate(wanted) if file in there), default=-1)
    return next((file for file in wanted[:last] if file not in there), None)


def names_made(source: str) -> set[str]:
    """The names that a cell gives a value to."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic, or a mistake: it makes none that Python knows
        return set()
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def cell_that_makes(name: str, variable: str) -> str | None:
    """The line of the notebook that gives a variable its value."""
    for source in code_cells(name):
        if variable in names_made(source):
            lines = (line for line in source.splitlines() if re.match(rf"{variable}\b", line))
            return next(lines, None)
    return None
