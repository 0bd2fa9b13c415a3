"""How much a folder holds, while others are writing to it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_SECTOR_BYTES = 512
"""The unit of st_blocks, whatever the file system's own block (man 2 stat)."""


def folder_size(folder: Path, most_bytes: int, most_files: int) -> tuple[int, int]:
    """Count the bytes on disk and the entries below a folder; links are not followed.

    The count ends early once it is beyond either number: enough is known then.
    """
    size = files = 0
    for status in _entries(folder):
        size, files = size + status.st_blocks * _SECTOR_BYTES, files + 1
        if size > most_bytes or files > most_files:
            break
    return size, files


def _entries(folder: Path) -> Iterator[os.stat_result]:
    pending = [str(folder)]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:  # just removed
            for entry in entries:
                with contextlib.suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
