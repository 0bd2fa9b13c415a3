"""Look at a running sandbox again and again, and end it when it reaches a limit."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from docker_guard.folder_size import folder_size
from taller.grading.sandbox.idle import Elsewhere, Idleness, nothing_elsewhere
from taller.grading.sandbox.limits import MEGABYTE, Completed, Limits, Status
from taller.grading.sandbox.meter import Usage, meter
from taller.grading.sandbox.proc import is_held_up, unlinked_bytes

_PAUSE_SECONDS = 0.05
_DISK_SHARE = 30
"""A look at the disk may take a thirtieth of the time at most."""
_SIGKILL_CODE = 128 + signal.SIGKILL


class Watch:
    """The limits of one sandbox, from before its start until nothing of it is left."""

    def __init__(
        self, workspace: Path, limits: Limits, elsewhere: Elsewhere = nothing_elsewhere
    ) -> None:
        self._workspace = workspace
        self._limits = limits
        self._meter = meter(limits)
        self.groups = self._meter.entries
        self.pause = _PAUSE_SECONDS
        self._began = time.monotonic()
        self._next_disk = 0.0
        self._idle = Idleness(limits.idle_s, elsewhere, self._is_held_up)
        self._pid = 0
        self._usage = Usage(0.0, 0, 0)
        self._peak = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._meter.close()

    def broken(self, pid: int) -> Status | None:
        """The limit that has been reached, if any."""
        self._pid = pid
        usage = self._read(pid)
        seconds = time.monotonic() - self._began
        if usage.crowded or usage.processes > self._limits.processes:
            return "processes"  # before memory: hundreds of processes use that up, too
        if usage.out_of_memory or usage.memory > self._limits.memory_mb * MEGABYTE:
            return "memory"
        if usage.cpu_seconds > self._limits.cpu_s or seconds > self._limits.wall_s:
            return "timeout"
        if self._idle.is_reached(usage.cpu_seconds):
            return "idle"
        return "disk" if self._disk_full(pid) else None  # last: a slow look ages all that was read

    def verdict(self, process: "subprocess.Popen[bytes]") -> Status:
        """How a program ended that has ended by itself."""
        broken = self.broken(process.pid)
        if broken:
            return broken
        return "killed" if process.returncode in (_SIGKILL_CODE, -signal.SIGKILL) else "ok"

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill whatever is left of the sandbox, and wait until it is gone.

        bubblewrap's death kills the first process of the pid namespace, and with it all others;
        the meter waits for them when it is closed.
        """
        try:
            self._read(process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and all of its group
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def completed(
        self, process: "subprocess.Popen[bytes]", status: Status, stdout: str, stderr: str
    ) -> Completed:
        """What became of the program."""
        code = process.returncode
        return Completed(
            status, code if code >= 0 else 128 - code, stdout, stderr,
            time.monotonic() - self._began, self._usage.cpu_seconds, self._peak / MEGABYTE,
        )  # fmt: skip

    def _read(self, pid: int) -> Usage:
        self._usage = self._meter.read(pid)
        self._peak = max(self._peak, self._usage.memory)
        return self._usage

    def _is_held_up(self) -> bool:
        return any(map(is_held_up, self._meter.pids(self._pid)[: self._limits.processes]))

    def _disk_full(self, pid: int) -> bool:
        now = time.monotonic()
        if now < self._next_disk:
            return False
        most, files = self._limits.disk_mb * MEGABYTE, self._limits.files
        size, count = folder_size(self._workspace, most, files)
        if size <= most:
            pids = self._meter.pids(pid)[: self._limits.processes]  # more is another limit's
            size += unlinked_bytes(pids, self._workspace.stat().st_dev)
        self._next_disk = time.monotonic() + _DISK_SHARE * (time.monotonic() - now)
        return size > most or count > files
