"""Hand-ins that no edit of an answer can make: bytes, and whole folders."""

import json
import os
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


def named(name: str, content: Callable[[Any], bytes] | None = None) -> Make:
    """A maker of one notebook, right by default, under another name."""

    def make(folder: Path, handout: Any) -> None:
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content(handout) if content else handout.bytes())

    return make


def beside(extra: Callable[[Path], object]) -> Make:
    """A maker of a right notebook with something else beside it."""

    def make(folder: Path, handout: Any) -> None:
        named(f"{handout.exercise.name}.ipynb")(folder, handout)
        extra(folder)

    return make


def instead(made: Callable[[Path], object]) -> Make:
    """A maker of what stands where the notebook should be."""

    def make(folder: Path, handout: Any) -> None:
        folder.mkdir(parents=True)
        made(folder / f"{handout.exercise.name}.ipynb")

    return make


def sparse(path: Path) -> None:
    """A file of a terabyte that takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


def deep(folder: Path) -> None:
    """Folders in folders, beyond what a path can name."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d" * 200, dir_fd=here)
        there = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)


def with_empty_cells(handout: Any) -> bytes:
    """120,000 cells with nothing in them."""
    empty = {"cell_type": "code", "metadata": {}, "source": "", "outputs": []}
    return json.dumps({**handout.solution, "cells": [empty] * 120_000}).encode()


def with_a_huge_cell(handout: Any) -> bytes:
    """200,000 lines of HCL in a cell."""
    huge = {"cell_type": "code", "metadata": {}, "source": "%%hcl x.tf\n" + "a = 1\n" * 200_000}
    return json.dumps({**handout.solution, "cells": [huge]}).encode()


def without_ids(handout: Any) -> bytes:
    """As some tools save notebooks: neither ids nor metadata."""
    cells = [{**{k: v for k, v in c.items() if k != "id"}, "metadata": {}}
             for c in handout.solution["cells"]]  # fmt: skip
    return json.dumps({**handout.solution, "cells": cells}).encode()


def with_a_mark(handout: Any) -> bytes:
    """With a byte order mark, as editors on Windows save."""
    return b"\xef\xbb\xbf" + bytes(handout.bytes())


def objects(_: Any) -> bytes:
    """99 MB of nothing."""
    return b"[" + b"{}," * 33_000_000 + b"{}]"


MADE: dict[str, Made] = {
    "truncated": Made("ej01", bytes_of(truncated), "invalid_notebook", 0),
    "without-cells": Made(
        "ej01", bytes_of(without_cells), "invalid_notebook", 0, "no es el del ejercicio"
    ),
    "copy": Made("ej01", named("Copia de ej01_provider_y_volumenes (2).ipynb"), "graded", 10),
    "numbered": Made("ej01", named("Ejercicio 1.ipynb"), "graded", 10, "Ejercicio 1.ipynb"),
    "renamed": Made("ej01", named("práctica final 🚢.ipynb", without_ids), "graded", 10),
    "other-number": Made("ej01", named("ej02_imagen_del_pipeline.ipynb"), "graded", 10),
    "with-a-mark": Made("ej01", bytes_of(with_a_mark), "graded", 10),
    "deep": Made("ej01", beside(deep), "graded", 10),
    "pipe-beside": Made("ej01", beside(lambda f: os.mkfifo(f / "timestamp.txt")), "graded", 10),
    "link-to-all": Made("ej01", beside(lambda f: (f / "todo").symlink_to("/")), "graded", 10),
    "pipe": Made("ej01", instead(os.mkfifo), "invalid_notebook", 0, "no es un archivo"),
    "device": Made(
        "ej01",
        instead(lambda p: p.symlink_to("/dev/zero")),
        "invalid_notebook",
        0,
        "no es un archivo",
    ),
    "sparse": Made("ej01", instead(sparse), "invalid_notebook", 0, "más de 100 MB"),
    "objects": Made("ej01", bytes_of(objects), "invalid_notebook", 0, "demasiada memoria"),
    "nested": Made(
        "ej01",
        bytes_of(lambda _: b'{"a":' * 1_000_000),
        "invalid_notebook",
        0,
        "demasiados niveles",
    ),
    "empty-cells": Made(
        "ej01", bytes_of(with_empty_cells), "invalid_notebook", 0, "120000 celdas y caben 2000"
    ),
    "huge-cell": Made("ej01", bytes_of(with_a_huge_cell), "invalid_notebook", 0, "kB de código"),
}
