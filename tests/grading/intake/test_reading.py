"""Whatever lies where a notebook should lie gets a verdict with what to do, and soon."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taller.catalog import load_catalog
from taller.grading.intake.reading import Reading, read_submission
from taller.grading.read import read_notebook

CATALOG = load_catalog(Path(__file__).parents[3])
EJ01 = CATALOG.exercise("ej01")
PRISTINE = read_notebook(CATALOG.pristine(EJ01).read_bytes())
SOLUTION = json.loads(CATALOG.solution(EJ01).read_text("utf-8"))

Make = Callable[[Path], None]


def read(path: Path) -> Reading:
    began = time.monotonic()
    found = read_submission(path, PRISTINE, ("un aviso",))
    assert time.monotonic() - began < 60
    return found


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def with_outputs(path: Path) -> None:
    """90 MB of output, in letters that take four bytes each in memory."""
    tree: dict[str, Any] = json.loads(json.dumps(SOLUTION))
    text = ["una línea 🚢 de salida que se repite\n"] * (90 * 2**20 // 42)
    output = {"output_type": "stream", "name": "stdout", "text": text}
    next(c for c in tree["cells"] if c["cell_type"] == "code")["outputs"] = [output]
    path.write_text(json.dumps(tree, ensure_ascii=False), "utf-8")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (os.mkfifo, "no es un archivo"),
        (lambda path: path.symlink_to("/dev/zero"), "no es un archivo"),
        (lambda path: path.symlink_to(CATALOG.solution(EJ01)), "ni un enlace"),
        (Path.mkdir, "no es un archivo"),
        (lambda path: None, "no se puede leer"),
        (sparse, "más de 100 MB"),
        (lambda path: path.write_bytes(b"[" + b"{}," * 33_000_000 + b"{}]"), "demasiada memoria"),
        (lambda path: path.write_bytes(b'{"a":' * 1_000_000), "demasiados niveles"),
        (lambda path: path.write_bytes(b'{"nbformat": 4, "cells": []}'), "no es el del ejercicio"),
    ],
)
def test_what_is_no_notebook_of_the_exercise_says_what_to_do(
    make: Make, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "ej01.ipynb"
    make(path)
    found = read(path)
    assert found.aligned is None
    assert says in found.problem


def test_an_honest_notebook_with_90_mb_of_output_is_read(tmp_path: Path) -> None:
    with_outputs(tmp_path / "ej01.ipynb")
    found = read(tmp_path / "ej01.ipynb")
    assert found.problem == ""
    assert found.aligned is not None
    assert {answer.confidence for answer in found.aligned.answers} == {1.0}
    assert found.aligned.flags == ("un aviso",)


def test_reading_a_notebook_takes_a_moment() -> None:
    read(CATALOG.solution(EJ01))
    best = 1.0
    for _ in range(10):
        began = time.monotonic()
        read(CATALOG.solution(EJ01))
        best = min(best, time.monotonic() - began)
    assert best < 0.1  # 0.01 s on an idle machine
