"""The grader's side of the fork server: where there is one, modules begin as its forks."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOLDER = ("sh", "-c", 'exec 7>&1 8>&2; echo >&0; read -r code <&0 || exit 137; exit "$code"')
"""Says that the sandbox is there, waits for the exit code of what runs in it, and ends with it.

Its outputs are 7 and 8 too, for 1 is the channel for a moment while it speaks."""


_OWN = ("PATH", "HOME", "LANG", "PYTHONPATH")
"""Variables of the server itself, which its forks can read in /proc."""


@dataclass(frozen=True)
class Module:
    """What ``python -m`` runs."""

    name: str
    arguments: tuple[str, ...]


def module_of(command: Sequence[str]) -> Module | None:
    """The module that a command line runs with this Python, if that is what it does."""
    python, *words = command
    if Path(python).name not in ("python", Path(sys.executable).name) or words[:1] != ["-m"]:
        return None
    return Module(words[1], tuple(words[2:]))


@contextmanager
def forked(
    module: Module, *, user: int, folder: str, env: Mapping[str, str], file_mb: int,
    groups: Sequence[Path],
) -> Iterator[int]:  # fmt: skip
    """Order a fork; it begins when HOLDER runs in a sandbox, with this as its standard input.

    Args:
        module: what it runs.
        user: user and group id, inside the sandbox.
        folder: its current one, inside.
        env: its whole environment.
        file_mb: size of the largest file that it may write (MiB).
        groups: control groups' files that it enters.
    """
    order: dict[str, Any] = {
        "module": module.name, "arguments": module.arguments, "user": user, "folder": folder,
        "env": dict(env), "file_mb": file_mb,
    }  # fmt: skip
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # who writes to it is told
    descriptors = [os.open(group, os.O_WRONLY) for group in groups]
    with ours, theirs:
        try:
            _server(env).send(order, [ours.fileno(), *descriptors])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        yield theirs.fileno()


class _Server:
    """The fork server of this process."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        view = ["bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--cap-add", "ALL"]
        python = [sys.executable, "-m", "taller.grading.sandbox.fork_server"]
        with theirs:
            self.process = subprocess.Popen(
                [*view, "--", *python], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd="/",
                env={name: env[name] for name in _OWN}, start_new_session=True,
            )  # fmt: skip

    def send(self, order: dict[str, Any], descriptors: list[int]) -> None:
        socket.send_fds(self._orders, [json.dumps(order).encode()], descriptors)


_servers: dict[int, _Server] = {}
_starting = threading.Lock()


def _server(env: Mapping[str, str]) -> _Server:
    """The server of this process; a fork of this process gets one of its own."""
    with _starting:
        server = _servers.get(os.getpid())
        if server is None or server.process.poll() is not None:
            _servers.clear()
            server = _servers[os.getpid()] = _Server(env)
        return server
