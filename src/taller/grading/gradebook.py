"""What scripts and spreadsheets read: a JSON file for each verdict, and the class as a CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from taller.catalog import Catalog
from taller.grading.marks import Mark, Marks, total
from taller.result import Result

_FORMULA = re.compile(r"(?:^|(?<=[;|\t\r\n]))(?=[\s\"']{0,8}[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet could see a formula begin: at the start of a cell, and after whatever it may
take for the end of one. A Spanish Excel splits at semicolons, also inside the quotes of a file that
is separated by commas; with a tab or a new line it is the same."""


def write_result(output: Path, result: Result) -> None:
    """Write ``results/<student>/<exercise>.json``."""
    write_whole(output / "results" / result.student / f"{result.exercise}.json", result.to_json())


def gradebook_csv(catalog: Catalog, marks: Marks) -> str:
    """The text of ``gradebook.csv``: a line a student, a column an exercise, empty without a score.

    ``max_total`` counts every exercise of the workshop, handed in or not.
    """
    ids = [exercise.id for exercise in catalog.exercises]
    best = sum(exercise.points for exercise in catalog.exercises)
    rows = [
        [student, *scores(own, ids), total(own.values()), best]
        for student, own in sorted(marks.items())
    ]
    return csv_text([["student", *ids, "total", "max_total"], *rows])


def scores(own: Mapping[str, Mark], ids: Iterable[str]) -> list[int | str]:
    """One cell an exercise: the points, or nothing where there is no score."""
    found = (own.get(id_) for id_ in ids)
    return ["" if one is None or one.score is None else one.score for one in found]


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, as RFC 4180 has it; no text in them can be a formula, but an ``Exact`` one."""
    draft = io.StringIO(newline="")
    csv.writer(draft).writerows([_plain(cell) for cell in row] for row in rows)
    return draft.getvalue()


class Exact(str):
    """A text that must be written as it is, and that no spreadsheet can run."""

    __slots__ = ()


def _plain(cell: object) -> object:
    return plain_cell(cell) if isinstance(cell, str) and not isinstance(cell, Exact) else cell


def plain_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever it splits cells at."""
    return _FORMULA.sub("'", text)


def write_if_changed(path: Path, text: str) -> bool:
    """Write a file unless it already holds this text; say whether it was written."""
    try:
        same = path.read_bytes() == text.encode()
    except FileNotFoundError:
        same = False
    if not same:
        write_whole(path, text)
    return not same


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    A draft that a killed process left is written over: one process writes an OUT at a time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, "utf-8", newline="")
    draft.replace(path)
