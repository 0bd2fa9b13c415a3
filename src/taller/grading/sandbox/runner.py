"""Run one program in a sandbox, to its end or to the limit that ends it."""

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from taller.grading.sandbox.idle import Elsewhere, nothing_elsewhere
from taller.grading.sandbox.limits import MEGABYTE, Completed, Limits, Status
from taller.grading.sandbox.unconfined import jail_for
from taller.grading.sandbox.watch import Watch

_BLOCK = 64 * 1024
_LAST_WORDS_SECONDS = 1.0
_CUT = "\n[… salida cortada: pasa de {} MB …]\n"


def run_sandboxed(
    command: Sequence[str],
    *,
    workspace: Path,
    read_only: Sequence[Path] = (),
    guard_socket: Path | None = None,
    limits: Limits | None = None,
    env: Mapping[str, str] | None = None,
    forwards: Mapping[int, Path] | None = None,
    elsewhere: Elsewhere = nothing_elsewhere,
) -> Completed:
    """Run a program that nobody has read, isolated from everything but its workspace.

    It sees a read-only system (``/usr``, this Python and our sources), ``read_only`` at the same
    paths, and ``workspace`` as ``/workspace``, its current folder. It has no network, no other
    processes, no environment but a minimal one plus ``env``, and no Docker but the guard's socket
    (``DOCKER_HOST`` points to it). Nothing that it started outlives the call.

    Args:
        command: the program and its arguments, with paths as they are inside.
        workspace: the only folder that it may write to. Run by root, it changes owner.
        read_only: further folders and files that it may read.
        guard_socket: socket of its guard.
        limits: what it may use.
        env: further variables of its environment.
        forwards: port of its own loopback device to the Unix socket that answers there.
        elsewhere: processor seconds of what works for it outside.

    Raises:
        SandboxUnavailable: bubblewrap is missing or may not isolate here.
        FileNotFoundError: the workspace or a read-only path does not exist.
    """
    limits = limits or Limits()
    jail = jail_for(workspace, read_only, guard_socket, limits, env or {}, forwards or {})
    with Watch(workspace, limits, elsewhere) as watch:
        with jail.started(command, watch.groups) as (line, stdin):
            process = subprocess.Popen(
                line, cwd="/", start_new_session=True,
                stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        output = _Output(process, limits.output_mb)
        try:
            status = _follow(process, output, watch)
        finally:
            watch.end(process)
            jail.sweep()
        output.pump(_LAST_WORDS_SECONDS)
        return watch.completed(process, status, *output.texts())


def _follow(process: "subprocess.Popen[bytes]", output: "_Output", watch: Watch) -> Status:
    """Pump output and look at the limits until the program ends or one is reached."""
    while process.poll() is None:
        output.pump(watch.pause)
        if output.closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(watch.pause)
        broken = "output" if output.overflowed else watch.broken(process.pid)
        if broken:
            return broken
    return watch.verdict(process)


class _Output:
    """Standard output and error of a program, kept up to a limit and then thrown away."""

    def __init__(self, process: "subprocess.Popen[bytes]", limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._pipes = [_not_none(process.stdout), _not_none(process.stderr)]
        self._kept = {pipe: bytearray() for pipe in self._pipes}
        self._selector = selectors.DefaultSelector()
        for pipe in self._pipes:
            self._selector.register(pipe, selectors.EVENT_READ)
        self.overflowed = False

    @property
    def closed(self) -> bool:
        """Whether the program has closed both, which most do only when they end."""
        return not self._selector.get_map()

    def pump(self, seconds: float) -> None:
        """Read what arrives during some seconds, or until both ends are closed."""
        deadline = time.monotonic() + seconds
        while not self.closed and (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                self._read(key.fileobj)  # type: ignore[arg-type]  # we registered pipes only
            if self.overflowed:
                return

    def _read(self, pipe: IO[bytes]) -> None:
        block = os.read(pipe.fileno(), _BLOCK)
        if not block:
            self._selector.unregister(pipe)
            return
        room = self._limit_mb * MEGABYTE - len(self._kept[pipe])
        self._kept[pipe] += block[:room]
        self.overflowed = self.overflowed or len(block) > room

    def texts(self) -> tuple[str, str]:
        """Both texts, and the pipes are closed."""
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()
        first, second = (self._text(pipe) for pipe in self._pipes)
        return first, second

    def _text(self, pipe: IO[bytes]) -> str:
        kept = self._kept[pipe]
        text = kept.decode(errors="replace")
        full = len(kept) >= self._limit_mb * MEGABYTE
        return text + _CUT.format(self._limit_mb) if full else text


def _not_none(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the program was started without pipes")
    return pipe
