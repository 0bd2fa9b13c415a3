"""Hand-ins that no edit of an answer can make: bytes, and whole folders."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Path, Any], None]
"""Writes into the student's folder; the second argument is the exercise's Handout."""


@dataclass(frozen=True)
class Made:
    """One hand-in and the verdict of a good teacher.

    Attributes:
        exercise: id of the exercise.
        make: writes it.
        status, score: what it must get.
        says: what a message or a flag must say.
    """

    exercise: str
    make: Make
    status: str
    score: int | None
    says: str = ""


def bytes_of(content: Callable[[Any], bytes]) -> Make:
    """A maker of one notebook out of a function of the handout."""

    def make(folder: Path, handout: Any) -> None:
        folder.mkdir(parents=True)
        (folder / f"{handout.exercise.name}.ipynb").write_bytes(content(handout))

    return make


def truncated(handout: Any) -> bytes:
    """A download that stopped half-way."""
    return bytes(handout.bytes()[: len(handout.bytes()) // 2])


def without_cells(handout: Any) -> bytes:
    """A notebook with nothing of the exercise: a verdict that says so, never a silent 0."""
    return json.dumps({**handout.solution, "cells": []}).encode()


MADE: dict[str, Made] = {
    "truncated": Made("ej01", bytes_of(truncated), "invalid_notebook", 0),
    "without-cells": Made(
        "ej01", bytes_of(without_cells), "invalid_notebook", 0, "no es el del ejercicio"
    ),
}
