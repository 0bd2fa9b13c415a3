"""What a sandboxed program may use, and how it ended."""

from dataclasses import dataclass
from typing import Literal

from taller.errors import TallerError

MEGABYTE = 1024 * 1024

Status = Literal["ok", "timeout", "idle", "memory", "output", "processes", "disk", "killed"]
"""``ok``: it ended by itself, whatever its exit code. ``killed``: a signal that no limit sent.
Otherwise the limit that ended it: processor or wall time, a wait in which nobody did anything,
memory, output, number of processes or the workspace's size."""


@dataclass(frozen=True)
class Limits:
    """Limits of a sandbox, for all of its processes together.

    Attributes:
        memory_mb: memory, what is written to ``/tmp`` included (MiB).
        processes: how many there may be. Threads do not count: how many Terraform has depends on
            the machine, and decides nothing.
        tasks: processes and threads together, where the kernel itself says no.
        file_mb: size of the largest file that can be written (MiB).
        disk_mb, files: size of the workspace (MiB) and number of files in it.
        tmp_mb: size of ``/tmp`` and of ``/dev/shm`` (MiB, each).
        output_mb: standard output and standard error, each (MiB).
        cpu_s: processor time in seconds; the deadline that a busy machine does not bring nearer.
        wall_s: time by the clock in seconds, for what does a little now and then for ever.
        idle_s: seconds by the clock in which neither the program nor what works for it elsewhere
            used the processor; then it only waits.
        confined: whether there are walls at all; without them only what is trusted may run.
    """

    memory_mb: int = 1024
    processes: int = 256
    tasks: int = 512
    file_mb: int = 128
    disk_mb: int = 256
    files: int = 10_000
    tmp_mb: int = 128
    output_mb: int = 16
    cpu_s: float = 60.0
    wall_s: float = 600.0
    idle_s: float = 30.0
    confined: bool = True


@dataclass(frozen=True)
class Completed:
    """A sandboxed program that has ended.

    Attributes:
        status: which limit ended it, if any.
        returncode: exit code; 128 plus the signal when a signal ended it.
        stdout, stderr: what it wrote; beyond the limit cut, with a mark at the end.
        seconds, cpu_seconds: by the clock, and of processor time.
        memory_mb: the most memory it was seen to use (MiB).
    """

    status: Status
    returncode: int
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float
    memory_mb: float


class SandboxUnavailable(TallerError):
    """This machine cannot isolate a program."""
