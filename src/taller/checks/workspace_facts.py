"""What a workspace's folder says: its text files, and the values that a notebook handed over."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from taller.catalog import Exercise

MAX_FILE_BYTES = 1_000_000
_SKIPPED = frozenset({".terraform", ".taller", "__pycache__"})
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def text_files(folder: Path) -> dict[str, str]:
    """Path relative to the folder to text; states, links, binary and huge files left out."""
    found: dict[str, str] = {}
    for path in sorted(_regular_files(folder)):
        if ".tfstate" in path.name or path.stat().st_size > MAX_FILE_BYTES:
            continue
        try:
            found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # not text, so no check can ask about it
            continue
    return found


def checked_values(
    exercise: Exercise, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the right JSON type, and why the others are not."""
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
                f"El valor «{name}» debe ser de tipo {kind} y has entregado {value!r}."
            )
    return good, problems


def _regular_files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder; links are never followed, so nothing outside is read."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                yield path
