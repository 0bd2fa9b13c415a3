"""State locks: who holds one, and whether its holder can be proven to be dead."""

import getpass
import json
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

_FIELD = re.compile(r"^\s+(ID|Path|Operation|Who|Version|Created):\s+(.*\S)\s*$", re.MULTILINE)
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? \+0000 UTC")
_CLOCK_SLACK_SECONDS = 2.0
_DATA_FOLDER = ".terraform"


@dataclass(frozen=True)
class LockInfo:
    """What Terraform writes into a state lock; ``created`` is in UTC, as Terraform prints it."""

    id: str
    path: str
    operation: str
    who: str
    version: str
    created: str

    @classmethod
    def from_detail(cls, detail: str) -> "LockInfo | None":
        """Read the "Lock Info" lines in the detail of a lock diagnostic, if it has them."""
        found = dict(_FIELD.findall(detail))
        if "ID" not in found:
            return None
        names = ("ID", "Path", "Operation", "Who", "Version", "Created")
        return cls(*(found.get(name, "?") for name in names))

    @property
    def created_at(self) -> datetime | None:
        """When the lock was taken, or None when the text is not the one Terraform prints."""
        match = _GO_TIME.match(self.created)
        if match is None:
            return None
        return datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=UTC)


def holder_is_dead(lock: LockInfo, folder: Path) -> bool:
    """Whether the process that took the lock is certain not to run any more.

    It is when the lock names this user on this host, and no process here that could be Terraform
    on the same remote state is as old as the lock: one that began later cannot have taken it. The
    lock of a local state is the operating system's; it goes with its process and is never stale.

    Args:
        lock: what Terraform said about the lock.
        folder: the configuration's folder, whose remote backend holds the lock.
    """
    created, backend = lock.created_at, _backend(folder)
    if created is None or backend is None:
        return False
    if lock.who != f"{getpass.getuser()}@{socket.gethostname()}":
        return False
    latest_start = created.timestamp() + _CLOCK_SLACK_SECONDS
    return not any(_may_hold(process, latest_start, backend) for process in psutil.process_iter())


def _may_hold(process: psutil.Process, latest_start: float, backend: Any) -> bool:
    try:
        if process.create_time() > latest_start or process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = process.cmdline()
        if not any("terraform" in word.rpartition("/")[2].lower() for word in command[:2]):
            return False
        return bool(_backend(*_folders(process, command)) == backend)
    except psutil.NoSuchProcess:
        return False
    except (psutil.AccessDenied, OSError, ValueError):
        return True  # it cannot be ruled out


def _folders(process: psutil.Process, command: list[str]) -> tuple[Path, str]:
    """Where a Terraform process works and keeps its data, seen from its own root."""
    proc = Path(f"/proc/{process.pid}")
    on_linux = proc.is_dir()
    root, folder = (str(proc / "root"), proc / "cwd") if on_linux else ("", Path(process.cwd()))
    chdir = next((word.partition("=")[2] for word in command if word.startswith("-chdir=")), ".")
    data = process.environ().get("TF_DATA_DIR", _DATA_FOLDER)
    return folder / _rooted(root, chdir), _rooted(root, data)


def _rooted(root: str, path: str) -> str:
    return root + path if path.startswith("/") else path


def _backend(folder: Path, data: str = _DATA_FOLDER) -> Any:
    """The remote backend that init recorded in a folder; None for a local state."""
    record = folder / data / "terraform.tfstate"
    return json.loads(record.read_text("utf-8")).get("backend") if record.is_file() else None
