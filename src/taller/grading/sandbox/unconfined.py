"""No walls: for answers that the instructor trusts, on a machine without bubblewrap.

What is left: a clean environment that names no Docker but the guard's, the limits of Limits, and
the end of all that a program started. What is not: a program can do whatever this user can, such
as reading the rubric and the other answers, and speaking to Docker's own socket.
"""

import contextlib
import os
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from taller.grading.sandbox.jail import ENTER, WORKSPACE, Jail
from taller.grading.sandbox.limits import MEGABYTE, Limits

_MARK = "TALLER_UNCONFINED"
_DEFAULT = "DOCKER_DEFAULT_SOCKET"
"""What the embedded provider takes for the platform's own socket."""
_SWEEPS = 20
"""A program may start others while it is being swept: so often is tried again."""


def jail_for(
    workspace: Path, read_only: Sequence[Path], guard_socket: Path | None,
    limits: Limits, env: Mapping[str, str], forwards: Mapping[int, Path],
) -> Jail:  # fmt: skip
    """The walls that the limits ask for; arguments and errors as in Jail."""
    kind = Jail if limits.confined else Unconfined
    return kind(workspace, read_only, guard_socket, limits, env, forwards)


class Unconfined(Jail):
    """A Jail's face without its walls: the program finds its workspace where it is."""

    def __init__(
        self, workspace: Path, read_only: Sequence[Path], guard_socket: Path | None,
        limits: Limits, env: Mapping[str, str], forwards: Mapping[int, Path],
    ) -> None:  # fmt: skip
        super().__init__(workspace, read_only, guard_socket, limits, env, forwards)
        self.user = None
        self.inside = str(self._workspace)
        self._mark = secrets.token_hex(16)

    def require(self) -> None:
        """Nothing is needed."""

    def command(self, args: Sequence[str], groups: Sequence[Path]) -> list[str]:
        """As Jail.command; paths that begin with /workspace are translated."""
        entries = [str(group) for group in groups]
        limits = ["prlimit", "--core=0", f"--fsize={self._limits.file_mb * MEGABYTE}"]
        variables = [f"{name}={value}" for name, value in self._variables().items()]
        start = ["env", "-i", "-C", self.inside, *variables]
        start += self._relayed({port: str(socket) for port, socket in self._forwards.items()})
        start += map(self._translated, args)
        enter = ["sh", "-c", ENTER + 'exec "$@"', "sh", *entries, "--"]
        return [*enter, *limits, *start]

    def sweep(self) -> None:
        """Kill what has left the process group: its environment still has our mark."""
        for _ in range(_SWEEPS):
            found = list(_marked(f"{_MARK}={self._mark}".encode()))
            for pid in found:
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.kill(pid, signal.SIGKILL)
            if not found:
                return

    def _variables(self) -> dict[str, str]:
        own = self._workspace / ".tmp"
        own.mkdir(mode=0o700, exist_ok=True)
        guard = f"unix://{self._guard_socket}"
        docker = {"DOCKER_HOST": guard, _DEFAULT: guard} if self._guard_socket else {}
        given = {name: self._translated(value) for name, value in self._env.items()}
        return {**given, **docker, "HOME": str(own), "TMPDIR": str(own), _MARK: self._mark}

    def _translated(self, text: str) -> str:
        return self.inside + text[len(WORKSPACE) :] if text.startswith(WORKSPACE) else text


def _marked(mark: bytes) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
