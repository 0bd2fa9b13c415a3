"""State locks: who holds one, and whether its holder can be proven to be dead."""

import getpass
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

_FIELD = re.compile(r"^\s+(ID|Path|Operation|Who|Version|Created):\s+(.*\S)\s*$", re.MULTILINE)
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? \+0000 UTC")
_CLOCK_SLACK_SECONDS = 2.0


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


def holder_is_dead(lock: LockInfo) -> bool:
    """Whether the process that took the lock is certain not to run any more.

    It is when the lock names this user on this host and no process here that could be Terraform
    is as old as the lock: a process that began later cannot have taken it.
    """
    created = lock.created_at
    if created is None or lock.who != f"{getpass.getuser()}@{socket.gethostname()}":
        return False
    latest_start = created.timestamp() + _CLOCK_SLACK_SECONDS
    return not any(_may_hold(process, latest_start) for process in psutil.process_iter())


def _may_hold(process: psutil.Process, latest_start: float) -> bool:
    try:
        if process.create_time() > latest_start or process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = process.cmdline()[:2]
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True  # it cannot be ruled out
    return any("terraform" in word.rpartition("/")[2].lower() for word in words)
