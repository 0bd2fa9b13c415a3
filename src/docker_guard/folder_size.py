"""How much a folder holds, while others are writing to it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_SECTOR_BYTES = 512
"""The unit of st_blocks, whatever the file system's own block (man 2 stat)."""


_LONGEST_PATH = 3500
"""Bytes; the system itself takes paths of up to 4096 (PATH_MAX)."""


def folder_size(folder: Path, most_bytes: int, most_files: int) -> tuple[int, int]:
    """Count the bytes on disk and the entries below a folder; links are not followed.

    The count ends early once it is beyond either number: enough is known then. So it is where
    folders lie deeper than a path can be long: nobody could look at what is in there.
    """
    size = files = 0
    for status in _entries(folder):
        if status is None:
            return most_bytes + 1, most_files + 1
        size, files = size + status.st_blocks * _SECTOR_BYTES, files + 1
        if size > most_bytes or files > most_files:
            break
    return size, files


def _entries(folder: Path) -> Iterator[os.stat_result | None]:
    pending = [str(folder)]
    while pending:
        path = pending.pop()
        if len(os.fsencode(path)) > _LONGEST_PATH:
            yield None
            continue
        with contextlib.suppress(OSError), os.scandir(path) as entries:  # just removed
            for entry in entries:
                with contextlib.suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
