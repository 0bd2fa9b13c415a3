"""The files below a folder that a student made: only so many, and only so deep."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from taller.grading.intake.names import is_hidden, plain_name

MAX_DEPTH = 20
MAX_ENTRIES = 10_000


@dataclass(frozen=True)
class Found:
    """A file, and what its author called it."""

    path: Path
    name: str


@dataclass
class Walked:
    """The files, and what was not looked at and why, a Spanish sentence each."""

    files: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def walk(folder: Path) -> Walked:
    """List a folder's files, links and whatever else stands in for one; no link is followed."""
    found = Walked()
    waiting = [(folder, 0)]
    entries = 0
    while waiting:
        parent, depth = waiting.pop()
        try:
            with os.scandir(parent) as listed:
                inside = [(one.name, one.is_dir(follow_symlinks=False)) for one in _some(listed)]
        except OSError as error:
            found.problems.append(
                f"la carpeta «{plain_name(parent.name)}» no se puede leer: {error.strerror}."
            )
            continue
        entries += len(inside)
        for name, is_folder in sorted(inside):
            if is_hidden(name):
                continue
            if not is_folder:
                found.files.append(Found(parent / name, name))
            elif depth < MAX_DEPTH:
                waiting.append((parent / name, depth + 1))
            else:
                found.problems.append(
                    f"hay carpetas dentro de carpetas, más de {MAX_DEPTH}: lo que está más abajo "
                    "no se mira."
                )
        if entries > MAX_ENTRIES:
            found.problems.append(f"tiene más de {MAX_ENTRIES} archivos: los demás no se miran.")
            break
    return found


def _some(listed: "os._ScandirIterator[str]") -> "list[os.DirEntry[str]]":
    """So many entries at most: a folder may hold millions."""
    return [one for one, _ in zip(listed, range(MAX_ENTRIES + 1), strict=False)]
