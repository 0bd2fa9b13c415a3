"""What a workspace's folder says: its text files, and the values that a notebook handed over."""

import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from taller.catalog import Exercise

MAX_FILE_BYTES = 1_000_000
MAX_TOTAL_BYTES = 16_000_000
MAX_ENTRIES = 20_000
MAX_DEPTH = 20
MAX_VALUES_BYTES = 1024 * 1024
_SHOWN = 100
_SKIPPED = frozenset({".terraform", ".taller", "__pycache__"})
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def text_files(folder: Path) -> dict[str, str]:
    """Path relative to the folder to text; states, links, binary and huge files left out.

    Whatever made the folder, it is read only so far: see the limits above.
    """
    found: dict[str, str] = {}
    room = MAX_TOTAL_BYTES
    for path in sorted(_regular_files(folder)):
        size = path.stat().st_size
        if ".tfstate" in path.name or size > MAX_FILE_BYTES or room < 0:
            continue
        room -= size
        try:
            found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # not text, so no check can ask about it
            continue
    return found


def checked_values(
    exercise: Exercise, values: Mapping[str, Any] | str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the right JSON type, and why the others are not; a text says why of all."""
    if isinstance(values, str):
        return {}, {f"values.{name}": values for name in exercise.values}
    good: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, kind in exercise.values.items():
        if name not in values:
            continue
        value = values[name]
        is_bool = isinstance(value, bool)
        if isinstance(value, _JSON_TYPES[kind]) and is_bool == (kind == "boolean"):
            good[name] = value
        else:
            problems[f"values.{name}"] = (
                f"El valor «{name}» debe ser de tipo {kind} y has entregado {repr(value)[:_SHOWN]}."
            )
    return good, problems


def read_values(content: bytes | None) -> dict[str, Any] | str:
    """What a ``values.json`` says, or why nothing: whoever made it, it may be anything.

    Args:
        content: at most one byte more than ``MAX_VALUES_BYTES``; None when it is no file.
    """
    again = "Entrega los valores con lab.values(…)."
    if content is None:
        return f"Tus valores no están en un archivo que se pueda leer. {again}"
    if len(content) > MAX_VALUES_BYTES:
        return (
            f"Tus valores ocupan más de {MAX_VALUES_BYTES // 1024} kB. Entrega solo la respuesta."
        )
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return f"El archivo de tus valores no es JSON que se pueda leer. {again}"
    return found if isinstance(found, dict) else f"El archivo de tus valores es otro. {again}"


def _regular_files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder; links are never followed, so nothing outside is read."""
    waiting = [(folder, 0)]
    seen = 0
    while waiting and seen < MAX_ENTRIES:
        parent, depth = waiting.pop()
        try:
            inside = sorted(islice(os.scandir(parent), MAX_ENTRIES), key=lambda one: one.name)
        except OSError:  # not there, or not to be read: no check can ask about what is in it
            continue
        seen += len(inside)
        for one in inside:
            if one.is_file(follow_symlinks=False):
                yield parent / one.name
                continue
            is_own = one.is_dir(follow_symlinks=False) and one.name not in _SKIPPED
            if is_own and depth < MAX_DEPTH:
                waiting.append((parent / one.name, depth + 1))
