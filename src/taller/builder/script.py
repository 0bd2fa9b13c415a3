"""Percent scripts → cells, each with the line on which it begins."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from taller.catalog import ContentError

TAGS = frozenset({"parameters", "answer", "check", "teardown"})
_MARKER_LINE = re.compile(r"#\s*%%+(\s.*)?$")


@dataclass(frozen=True)
class Cell:
    """One cell of a script.

    Attributes:
        kind: ``code`` or ``markdown``.
        source: text without a final newline, cell magics uncommented.
        tag: one of ``TAGS``, or None.
        grade_id: the author's name for an answer or check cell, or None.
        line: where the cell begins in the script, from 1.
    """

    kind: Literal["code", "markdown"]
    source: str
    tag: str | None
    grade_id: str | None
    line: int


def read_script(path: Path) -> list[Cell]:
    """Read a jupytext percent script.

    Raises:
        ContentError: the script is missing, has text before its first cell, a raw or empty cell,
            or metadata other than one known tag and ``grade_id``.
    """
    # jupytext imports nbformat, which takes three seconds here: only builds pay for it.
    import jupytext

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContentError(path, 1, "falta este archivo.") from error
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _MARKER_LINE.match(line)]
    if not lines or text.splitlines()[: lines[0] - 1]:
        raise ContentError(path, 1, "el archivo debe empezar por una celda: «# %%».")
    cells = jupytext.reads(text, fmt="py:percent")["cells"]
    if len(cells) != len(lines):
        raise ContentError(path, 1, "hay «# %%» dentro de un texto entre comillas: quítalo.")
    ends = [*lines[1:], len(text.splitlines()) + 1]
    return [
        _cell(path, begin, raw, text.splitlines()[begin : end - 1])
        for begin, end, raw in zip(lines, ends, cells, strict=True)
    ]


def _cell(path: Path, line: int, raw: dict[str, Any], written: list[str]) -> Cell:
    metadata = {
        key: value
        for key, value in raw["metadata"].items()
        if not key.startswith("lines_to_")  # jupytext's memory of blank lines
    }
    tags = metadata.pop("tags", [])
    grade_id = metadata.pop("grade_id", None)
    kind = raw["cell_type"]
    source = _source(str(raw["source"]), written)
    if metadata:
        raise ContentError(path, line, f"metadatos desconocidos: {', '.join(metadata)}.")
    if len(tags) > 1 or set(tags) - TAGS:
        raise ContentError(path, line, f"etiquetas no válidas: {tags}; hay {sorted(TAGS)}.")
    if kind not in ("code", "markdown"):
        raise ContentError(path, line, "las celdas son de código o markdown.")
    if not source.strip():
        raise ContentError(path, line, "celda vacía.")
    return Cell(kind, source, tags[0] if tags else None, grade_id, line)


def _source(source: str, written: list[str]) -> str:
    """The cell's text; below a cell magic, exactly as written.

    jupytext would also uncomment whatever looks like a magic there, such as the HCL comment
    ``# ls de volúmenes``.
    """
    if not source.startswith("%%"):
        return source
    return "\n".join([source.partition("\n")[0], *written[1:]]).rstrip()
