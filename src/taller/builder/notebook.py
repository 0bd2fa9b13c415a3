"""Cells → notebook JSON (nbformat 4.5), with nbgrader's cell metadata (schema 3).

Notebooks are plain dictionaries: importing nbformat takes seconds, and the tests validate them.
"""

import hashlib
import json
from collections import Counter
from typing import Any

from taller.builder.script import Cell

Json = dict[str, Any]

METADATA: Json = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def notebook(cells: list[Cell], points: dict[str, int]) -> Json:
    """Make a notebook without outputs.

    Args:
        cells: in order; their sources are taken as they are.
        points: of each check cell, by grade_id.
    """
    seen: Counter[str] = Counter()
    return {
        "cells": [_cell(cell, _cell_id(cell, seen), points) for cell in cells],
        "metadata": METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def dumps(notebook: Json) -> str:
    """The notebook's text, as Jupyter itself formats it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell_id(cell: Cell, seen: Counter[str]) -> str:
    """An id that edits of other cells leave alone: the author's name, or a hash of the text."""
    if cell.grade_id is not None:
        return f"{cell.tag}-{cell.grade_id}"
    digest = hashlib.sha256(f"{cell.kind}\n{cell.source}".encode()).hexdigest()[:12]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _cell(cell: Cell, id_: str, points: dict[str, int]) -> Json:
    raw: Json = {
        "cell_type": cell.kind,
        "id": id_,
        "metadata": _metadata(cell, points),
        "source": cell.source.splitlines(keepends=True),
    }
    if cell.kind == "code":
        raw |= {"execution_count": None, "outputs": []}
    return raw


def _metadata(cell: Cell, points: dict[str, int]) -> Json:
    metadata: Json = {"tags": [cell.tag]} if cell.tag else {}
    if cell.tag in ("answer", "check"):
        graded = cell.tag == "check"
        metadata["deletable"] = False
        metadata["nbgrader"] = {
            "cell_type": cell.kind,
            "grade": graded,
            "grade_id": cell.grade_id,
            "locked": graded,
            "schema_version": 3,
            "solution": not graded,
            "task": False,
        }
        if graded:
            metadata["editable"] = False
            metadata["nbgrader"]["points"] = points[str(cell.grade_id)]
    return metadata
