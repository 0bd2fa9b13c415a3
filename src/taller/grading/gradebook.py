"""What instructors and scripts read: a JSON file for each verdict, and the class as a CSV."""

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from taller.catalog import Catalog
from taller.result import Result


def write_result(output: Path, result: Result) -> None:
    """Write ``results/<student>/<exercise>.json``."""
    _replace(output / "results" / result.student / f"{result.exercise}.json", result.to_json())


def write_gradebook(
    output: Path, catalog: Catalog, students: Iterable[str], results: Iterable[Result]
) -> Path:
    """Write ``gradebook.csv``: a line a student, a column an exercise, empty without a score.

    ``max_total`` counts every exercise of the workshop, handed in or not.
    """
    scores: dict[str, dict[str, int]] = {student: {} for student in students}
    for result in results:
        if result.score is not None:
            scores.setdefault(result.student, {})[result.exercise] = result.score
    columns = [exercise.id for exercise in catalog.exercises]
    best = sum(exercise.points for exercise in catalog.exercises)
    path = output / "gradebook.csv"
    with tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8", newline="") as draft:
        writer = csv.writer(draft)
        writer.writerow(["student", *columns, "total", "max_total"])
        for student, own in sorted(scores.items()):
            cells = [own.get(column, "") for column in columns]
            writer.writerow([_plain(student), *cells, sum(own.values()), best])
        draft.seek(0)
        _replace(path, draft.read())
    return path


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)
