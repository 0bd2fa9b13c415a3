"""How much a sandbox uses: by control groups where they may be written, else from /proc."""

import contextlib
import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from taller.grading.sandbox.limits import MEGABYTE, Limits
from taller.grading.sandbox.proc import PAGE_BYTES, Process, descendants, is_alive, proportional

_ROOT = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_NAME = "taller"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_REMOVAL_SECONDS = 10.0
_REMOVAL_PAUSE_SECONDS = 0.002

_CONTROLLERS = ("memory", "pids", "cpuacct")
"""Of control groups, version 1."""

_numbers = itertools.count()


@dataclass(frozen=True)
class Usage:
    """What a sandbox has used so far: processor time (s), memory (bytes), processes.

    ``out_of_memory`` and ``crowded`` say that the kernel refused it memory, or a process or thread.
    """

    cpu_seconds: float
    memory: int
    processes: int
    out_of_memory: bool = False
    crowded: bool = False


class Meter(Protocol):
    """Measures one sandbox."""

    entries: list[Path]
    """Files into which the first process writes its number, before it becomes the sandbox."""

    def read(self, pid: int) -> Usage:
        """Measure; ``pid`` is the sandbox's first process."""

    def pids(self, pid: int) -> list[int]:
        """The sandbox's processes."""

    def close(self) -> None:
        """Wait until the sandbox's processes are gone, and give back what the meter holds.

        Raises:
            OSError: they are still there after ten seconds.
        """


def meter(limits: Limits) -> Meter:
    """The best meter for this machine."""
    for kind in (GroupsV1, GroupV2):
        try:
            return kind(limits)
        except OSError:
            continue  # no such control groups here, or no right to make one
    return ProcessTree(limits)


class GroupsV1:
    """Control groups, version 1 (Linux: admin-guide/cgroup-v1).

    Raises:
        OSError: they are not mounted, or not writable.
    """

    def __init__(self, limits: Limits) -> None:
        name = _new_name()
        self._memory, self._pids, self._cpu = (
            _own_group(controller) / name for controller in _CONTROLLERS
        )
        self._folders = [self._memory, self._pids, self._cpu]
        self.entries = [folder / "cgroup.procs" for folder in self._folders]
        _make(self._folders)
        limit = str(limits.memory_mb * MEGABYTE)
        (self._memory / "memory.limit_in_bytes").write_text(limit)
        swap = self._memory / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(limit)
        (self._pids / "pids.max").write_text(str(limits.tasks))

    def read(self, pid: int) -> Usage:  # noqa: ARG002 - the group knows its processes
        return Usage(
            cpu_seconds=_number(self._cpu / "cpuacct.usage") / 1e9,
            memory=_number(self._memory / "memory.max_usage_in_bytes"),
            processes=len(_pids(self.entries[0])),
            out_of_memory=_field(self._memory / "memory.oom_control", "oom_kill") > 0,
            crowded=_field(self._pids / "pids.events", "max") > 0,
        )

    def pids(self, pid: int) -> list[int]:  # noqa: ARG002 - as above
        return _pids(self.entries[0])

    def close(self) -> None:
        _remove(self._folders)


class GroupV2:
    """A control group, version 2 (Linux: admin-guide/cgroup-v2), below the root of the hierarchy.

    Raises:
        OSError: it is not mounted, or not writable.
    """

    def __init__(self, limits: Limits, root: Path = _ROOT) -> None:
        controllers = (root / "cgroup.controllers").read_text().split()
        if not {"memory", "pids", "cpu"} <= set(controllers):
            raise FileNotFoundError(f"{root} lacks a controller")
        (root / "cgroup.subtree_control").write_text("+memory +pids +cpu")
        self._folder = root / _new_name()
        self.entries = [self._folder / "cgroup.procs"]
        _make([self._folder])
        (self._folder / "memory.max").write_text(str(limits.memory_mb * MEGABYTE))
        (self._folder / "memory.swap.max").write_text("0")
        (self._folder / "pids.max").write_text(str(limits.tasks))

    def read(self, pid: int) -> Usage:  # noqa: ARG002 - the group knows its processes
        return Usage(
            cpu_seconds=_field(self._folder / "cpu.stat", "usage_usec") / 1e6,
            memory=_number(self._folder / "memory.current"),
            processes=len(_pids(self.entries[0])),
            out_of_memory=_field(self._folder / "memory.events", "oom_kill") > 0,
            crowded=_field(self._folder / "pids.events", "max") > 0,
        )

    def pids(self, pid: int) -> list[int]:  # noqa: ARG002 - as above
        return _pids(self.entries[0])

    def close(self) -> None:
        _remove([self._folder])


class ProcessTree:
    """All descendants of the first process, as /proc shows them (man 5 proc_pid_stat).

    It sees what a process uses only while it, or the one that waited for it, is there; and a
    process can outgrow a limit between two looks. Nothing in a sandbox leaves its tree: orphans
    go to the sandbox's own first process.
    """

    def __init__(self, limits: Limits) -> None:
        self.entries: list[Path] = []
        self._memory_limit = limits.memory_mb * MEGABYTE
        self._tasks = limits.tasks
        self._seconds = 0.0
        self._seen: set[int] = set()

    def read(self, pid: int) -> Usage:
        tree = list(descendants(pid))
        self._seen |= {process.pid for process in tree}
        self._seconds = max(self._seconds, sum(p.ticks for p in tree) / _TICKS_PER_SECOND)
        return Usage(
            cpu_seconds=self._seconds,
            memory=self._memory(tree),
            processes=len(tree),
            crowded=sum(p.threads for p in tree) > self._tasks,
        )

    def pids(self, pid: int) -> list[int]:
        return [process.pid for process in descendants(pid)]

    def _memory(self, tree: list["Process"]) -> int:
        """Pages that forks share count once, but only near the limit: that look is a slow one."""
        resident = sum(p.pages for p in tree) * PAGE_BYTES
        return resident if resident <= self._memory_limit else sum(map(proportional, tree))

    def close(self) -> None:
        deadline = time.monotonic() + _REMOVAL_SECONDS
        while any(map(is_alive, self._seen)):
            if time.monotonic() > deadline:
                raise TimeoutError("processes of a sandbox are still running")
            time.sleep(_REMOVAL_PAUSE_SECONDS)


def sweep() -> None:
    """Remove the control groups of graders that were killed, and what still runs in them."""
    for controller in _CONTROLLERS:
        with contextlib.suppress(OSError):  # there are none of version 1 here
            _sweep(_own_group(controller))
    _sweep(_ROOT)


def _own_group(controller: str) -> Path:
    """The folder of this process's group of a controller (man 7 cgroups)."""
    for line in (_PROC / "self" / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return _ROOT / controller / path.lstrip("/")
    raise FileNotFoundError(f"there is no controller {controller}")


def _new_name() -> str:
    return f"{_NAME}-{os.getpid()}-{next(_numbers)}"


def _make(folders: list[Path]) -> None:
    made: list[Path] = []
    for folder in folders:
        _sweep(folder.parent)
        try:
            folder.mkdir()
            made.append(folder)
        except OSError:
            _remove(made)
            raise


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_NAME}-*-*"):
        owner = folder.name.split("-")[1]
        if not is_alive(int(owner)):  # a zombie is not: who collects it may never come
            with contextlib.suppress(OSError):  # its last process is still ending
                for pid in (folder / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)  # it began when its grader was killed
                folder.rmdir()


def _remove(folders: list[Path]) -> None:
    """Remove groups; a group stays busy for a moment after its last process."""
    deadline = time.monotonic() + _REMOVAL_SECONDS
    for folder in folders:
        while folder.exists():
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_REMOVAL_PAUSE_SECONDS)


def _pids(file: Path) -> list[int]:
    """The processes of a group; threads do not count."""
    return sorted({int(line) for line in file.read_text().split()})


def _number(file: Path) -> int:
    return int(file.read_text())


def _field(file: Path, name: str) -> int:
    if not file.exists():
        return 0
    fields = dict(line.split() for line in file.read_text().splitlines())
    return int(fields.get(name, 0))
