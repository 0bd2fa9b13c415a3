"""One exercise's folder → its exercise and solution notebooks, once everything adds up."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taller.builder import solution
from taller.builder.notebook import notebook
from taller.builder.rules import (
    announcement,
    check_points,
    exactly_one,
    verify_cells,
    verify_checks,
    verify_wrong,
)
from taller.builder.script import Cell, read_script
from taller.builder.wrong import WrongAnswer, read_wrong
from taller.catalog import ContentError, Exercise
from taller.checks.engine import load_checks

Json = dict[str, Any]


@dataclass(frozen=True)
class BuiltExercise:
    """The two notebooks of an exercise, and its wrong answers."""

    stub: Json
    solved: Json
    wrong: list[WrongAnswer]


def build_exercise(exercise: Exercise) -> BuiltExercise:
    """Build and verify one exercise.

    Raises:
        ContentError: whatever AUTHORING.md asks for and is not so, with file and line.
    """
    path = exercise.folder / "notebook.py"
    cells = read_script(path)
    checks = load_checks(exercise.checks_file)
    verify_checks(exercise, checks)
    verify_cells(path, cells)
    points = check_points(path, cells, checks)
    cells = _announced(cells, announcement(checks))
    parts = [solution.split(path, cell) for cell in cells]
    stub = notebook([_with(c, p.stub) for c, p in zip(cells, parts, strict=True)], points)
    solved = notebook([_with(c, p.solved) for c, p in zip(cells, parts, strict=True)], points)
    wrong = read_wrong(exercise, solved)
    verify_wrong(exercise, checks, wrong)
    return BuiltExercise(stub, solved, wrong)


def build_lesson(path: Path) -> Json:
    """Build one lesson.

    Raises:
        ContentError: it lacks the cell tagged ``parameters``, or has an exercise's cells.
    """
    cells = read_script(path)
    exactly_one(path, cells, "parameters")
    for cell in cells:
        if cell.tag in ("answer", "check") or solution.has_region(cell):
            raise ContentError(path, cell.line, "una lección no lleva respuestas ni checks.")
    return notebook(cells, {})


def _announced(cells: list[Cell], text: str) -> list[Cell]:
    """The cells with the announcement of the grader's own checks below the last check cell."""
    last = max(n for n, cell in enumerate(cells, 1) if cell.tag == "check")
    line = cells[last - 1].line
    said = [Cell("markdown", text, None, None, line)] if text else []
    return [*cells[:last], *said, *cells[last:]]


def _with(cell: Cell, source: str) -> Cell:
    return replace(cell, source=source)
