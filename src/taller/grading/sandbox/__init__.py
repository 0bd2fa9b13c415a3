"""A sandbox of Linux namespaces (bubblewrap) for code that nobody has read.

What it promises: the program sees a read-only system, its workspace and nothing else of this
machine's files; no network, no processes but its own, no Docker but the guard's; what it uses is
bounded, and nothing of it outlives its deadline. What it does not: it shares the kernel, so a hole
in the kernel is a hole in the sandbox; and it can see how fast and how busy the machine is.
"""

from taller.grading.sandbox.jail import GUARD_SOCKET, WORKSPACE, require_bubblewrap
from taller.grading.sandbox.limits import Completed, Limits, SandboxUnavailable, Status
from taller.grading.sandbox.runner import run_sandboxed

__all__ = [
    "GUARD_SOCKET",
    "WORKSPACE",
    "Completed",
    "Limits",
    "SandboxUnavailable",
    "Status",
    "require_bubblewrap",
    "run_sandboxed",
]
