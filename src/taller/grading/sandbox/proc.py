"""Processes, as /proc shows them (man 5 proc_pid_stat)."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")
_IN_VFORK = ("wait_for_vfork_done", "kernel_clone", "_do_fork")
"""Where a process waits that has called vfork(), as kernels name it (man 5 proc_pid_wchan)."""
_SECTOR_BYTES = 512
"""The unit of st_blocks (man 2 stat)."""


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat: processor time of it and of the children it waited for."""

    pid: int
    parent: int
    ticks: int
    threads: int
    pages: int


def descendants(pid: int) -> Iterator[Process]:
    """A process and all that descend from it."""
    processes = {p.pid: p for p in _processes()}
    inside: set[int] = set()
    found = {pid}
    while found:
        inside |= found
        found = {p.pid for p in processes.values() if p.parent in inside} - inside
    return (processes[number] for number in inside if number in processes)


def is_alive(pid: int) -> bool:
    """Whether a process is there and more than a zombie, which only waits to be counted."""
    try:
        line = _read_stat(str(pid))
    except OSError:
        return False
    return line.rpartition(") ")[2][0] not in "ZX"


def is_held_up(pid: int) -> bool:
    """Whether a thread of a process runs, wants to, or waits for the disk: it has work.

    Who has called vfork() waits for its child, although that looks like waiting for the disk.
    """
    held_up = False
    with contextlib.suppress(OSError), os.scandir(_PROC / str(pid) / "task") as threads:
        for thread in threads:
            with contextlib.suppress(OSError):  # it has just ended
                state = _read_stat(f"{pid}/task/{thread.name}").rpartition(") ")[2][0]
                where = (_PROC / str(pid) / "task" / thread.name / "wchan").read_text()
                held_up |= state == "R" or (state == "D" and where not in _IN_VFORK)
    return held_up


def _read_stat(pid: str) -> str:
    """A process may call itself anything: bytes that are no text, brackets, line ends."""
    with open(f"/proc/{pid}/stat", errors="replace") as stat:  # noqa: PTH123 - as above
        return stat.read()


def _processes() -> Iterator[Process]:
    for name in os.listdir(_PROC):  # noqa: PTH208 - every 50 ms: paths would take twice as long
        if name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                yield _parse_stat(_read_stat(name))


def _parse_stat(line: str) -> Process:
    pid, _, rest = line.partition(" (")
    fields = rest.rpartition(") ")[2].split()  # from the third field, the state, on
    ticks = sum(int(fields[i]) for i in (11, 12, 13, 14))
    return Process(int(pid), int(fields[1]), ticks, int(fields[17]), int(fields[21]))


def unlinked_bytes(pids: list[int], device: int) -> int:
    """Bytes on a device of files without a name, which processes hold open or mapped.

    What others than this user's hold, nobody but root can see.
    """
    found: dict[int, int] = {}
    for pid in pids:
        for kind in ("fd", "map_files"):
            with contextlib.suppress(OSError), os.scandir(_PROC / str(pid) / kind) as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):  # closed meanwhile
                        status = entry.stat()
                        if not status.st_nlink and status.st_dev == device:
                            found[status.st_ino] = status.st_blocks * _SECTOR_BYTES
    return sum(found.values())


def proportional(process: Process) -> int:
    """Bytes of memory, shared pages divided by the number of their users (man 5 proc: Pss)."""
    try:
        lines = (_PROC / str(process.pid) / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended, or it is not ours to look at
        return process.pages * PAGE_BYTES if is_alive(process.pid) else 0
    fields = (line.split() for line in lines)
    return next((int(field[1]) * 1024 for field in fields if field[0] == "Pss:"), 0)
