"""One call at a time in a workspace, however many notebooks have it open."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import IO

from taller.lab.errors import LabError

PATIENCE_SECONDS = 10.0
_OURS: ContextVar[frozenset[Path]] = ContextVar("_OURS", default=frozenset())
"""Workspaces that a call around this one holds: a check asks the student's function."""
_POLL_SECONDS = 0.1


@contextmanager
def busy(
    private: Path, operation: str, on_wait: Callable[[str], None], patience: float | None = None
) -> Iterator[None]:
    """Hold a workspace's lock during a call, and the calls within it; it goes with the process.

    Args:
        private: the workspace's private folder.
        operation: what the call is, for the others to read.
        on_wait: told once, in Spanish, when there is somebody to wait for.
        patience: seconds to wait, ``PATIENCE_SECONDS`` by default.

    Raises:
        LabError: somebody else still holds it after that time.
    """
    if private in _OURS.get():
        yield
        return
    limit = PATIENCE_SECONDS if patience is None else patience
    private.mkdir(parents=True, exist_ok=True)
    with (private / "busy").open("a+", encoding="utf-8") as file:
        _acquire(file, on_wait, limit)
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "operation": operation, "since": _now()}))
        file.flush()
        ours = _OURS.set(_OURS.get() | {private})
        try:
            yield
        finally:
            _OURS.reset(ours)
            file.truncate(0)


def _acquire(file: IO[str], on_wait: Callable[[str], None], patience: float) -> None:
    deadline = time.monotonic() + patience
    told = False
    while not _try(file):
        holder = _holder(file)
        if time.monotonic() >= deadline:
            raise LabError(
                f"Otro cuaderno está usando este mismo ejercicio: {holder}.",
                "Espera a que termine y repite la celda, o cierra ese cuaderno (menú Kernel → "
                "Apagar Kernel). Nada se ha perdido.",
            )
        if not told:
            on_wait(f"Esperando a otro cuaderno: {holder}…")
            told = True
        time.sleep(_POLL_SECONDS)


def _try(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        found = json.loads(file.read())
    except ValueError:  # it has just taken the lock, and not yet written who it is
        return "otro proceso"
    return f"el proceso {found['pid']} ejecuta «{found['operation']}» desde las {found['since']}"


def _now() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
