"""Solution regions: kept in solutions, replaced by a TODO in exercises.

The markers are nbgrader's, with what the student has to do behind the first::

    ### BEGIN SOLUTION: declara los tres volúmenes
    ### END SOLUTION

``#`` begins a comment in Python, in HCL and in a Dockerfile, so they work in all of them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from taller.builder.script import Cell
from taller.catalog import ContentError

_MARKER = re.compile(
    r"(?P<indent>[ \t]*)### (?P<edge>BEGIN|END) SOLUTION(?::[ \t]*(?P<todo>.*?))?[ \t]*"
)
_LOOKS_LIKE_MARKER = re.compile(r"(BEGIN|END)\s+SOLUTION", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """A cell as the student gets it (``stub``) and as the reference has it (``solved``)."""

    stub: str
    solved: str


def split(path: Path, cell: Cell) -> Answer:
    """Cut a cell along its markers; a cell without markers is the same in both.

    Raises:
        ContentError: a marker is nested, unclosed, unopened, misspelt, or says nothing to do.
    """
    stub: list[str] = []
    solved: list[str] = []
    opened = 0
    for number, line in enumerate(cell.source.split("\n"), cell.line + 1):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            _refuse_lookalike(path, number, line)
            solved.append(line)
            stub += [] if opened else [line]
        elif marker["edge"] == "BEGIN":
            _check_begin(path, number, marker, opened)
            stub.append(f"{marker['indent']}# TODO: {marker['todo']}")
            opened = number
        else:
            if not opened:
                raise ContentError(path, number, "END SOLUTION sin su BEGIN SOLUTION.")
            opened = 0
    if opened:
        raise ContentError(path, opened, "BEGIN SOLUTION sin su END SOLUTION en esta celda.")
    return Answer("\n".join(stub), "\n".join(solved))


def answered_lines(cell: Cell) -> frozenset[int]:
    """The lines of the solved text that stand in solution regions, from 0."""
    number, opened, found = 0, False, set()
    for line in cell.source.split("\n"):
        marker = _MARKER.fullmatch(line)
        if marker is not None:
            opened = marker["edge"] == "BEGIN"
            continue
        if opened:
            found.add(number)
        number += 1
    return frozenset(found)


def has_region(cell: Cell) -> bool:
    """Whether the cell has a solution marker."""
    return any(_MARKER.fullmatch(line) for line in cell.source.split("\n"))


def _check_begin(path: Path, line: int, marker: re.Match[str], opened: int) -> None:
    if opened:
        raise ContentError(path, line, f"BEGIN SOLUTION dentro de otra región (línea {opened}).")
    if not marker["todo"]:
        raise ContentError(path, line, "falta qué hay que hacer: «### BEGIN SOLUTION: declara …».")


def _refuse_lookalike(path: Path, line: int, text: str) -> None:
    if _LOOKS_LIKE_MARKER.search(text):
        raise ContentError(
            path, line, "marcador mal escrito: «### BEGIN SOLUTION: …» o «### END SOLUTION»."
        )
