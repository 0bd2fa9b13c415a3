"""What the grader itself sees of engine and disk: only that makes a fault nobody's answer's."""

import errno
import shutil
import tempfile
from pathlib import Path

from taller.docker_state import EngineError, connect
from taller.grading.sandbox import SandboxUnavailable

_LEAST_BYTES = 256 * 1024 * 1024


class Infrastructure(Exception):
    """A probe's word: something that no answer can help is broken."""


def fault(error: BaseException) -> str:
    """What is wrong with this machine, as far as probes can tell; empty when they find nothing.

    Args:
        error: on which the question came up.
    """
    if isinstance(error, Infrastructure | SandboxUnavailable | EngineError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"No cabe más en el disco del calificador: {error}"
    return engine_fault() or disk_fault()


def engine_fault() -> str:
    """Why the engine does not answer; empty when it does."""
    try:
        connect().close()
    except EngineError as error:
        return str(error)
    return ""


def disk_fault() -> str:
    """Where there is no room to work in; empty when there is."""
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    if free >= _LEAST_BYTES:
        return ""
    return f"Quedan {free // 2**20} MB libres en {folder}, y hacen falta {_LEAST_BYTES // 2**20}."
