"""Functions that read what a student made, each call in a process that can be killed.

The calls are forks of a server (limited_server.py) that has imported already what they need: 3 ms
a call. Each has limits of processor time, of time by the clock and of memory; nothing of a call is
left when it has answered, and one that does not answer takes nothing with it but itself.
"""

import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Literal, TypeVar, cast

from taller.errors import TallerError
from taller.grading.limited_server import ANSWER, ORDER, Ending

Answer = TypeVar("Answer")

What = Literal["time", "memory", "depth", "crash"]

_GRACE_SECONDS = 30.0
"""What the server itself may need besides, on a machine that is busy."""

_WORDS: dict[What, str] = {
    "time": "hace falta demasiado tiempo para leerlo",
    "memory": "hace falta demasiada memoria para leerlo",
    "depth": "tiene demasiados niveles, unos dentro de otros",
    "crash": "el programa que lo lee no puede con él",
}


@dataclass(frozen=True)
class Effort:
    """What a call may use; what is allowed to files is far above what any honest one needs.

    Attributes:
        processor_s: processor time, in whole seconds.
        wall_s: seconds by the clock; generous, since a busy machine is nobody's fault.
        memory_mb: what it may add to the memory of a process that has only begun (MiB).
        answer_mb: size of the answer (MiB).
    """

    processor_s: int = 10
    wall_s: float = 90.0
    memory_mb: int = 768
    answer_mb: int = 64


class TooMuch(TallerError):
    """A call that reached a limit; ``what`` says which, and the message in Spanish."""

    def __init__(self, what: What) -> None:
        super().__init__(_WORDS[what])
        self.what = what

    def __reduce__(self) -> "tuple[type[TooMuch], tuple[What]]":
        return TooMuch, (self.what,)


def limited(
    function: Callable[..., Answer], *arguments: object, effort: Effort | None = None
) -> Answer:
    """Call a function in a process of its own.

    Args:
        function: of a module, so that it can be found there.
        arguments: what can be pickled, as the answer and what the function raises.
        effort: the limits.

    Raises:
        TooMuch: it reached one of them, or its process died.
        Exception: what the function itself raised.
    """
    order = pickle.dumps((function, arguments))
    try:
        ending, content = _ask(order, effort or Effort())
    except _ServerLost:  # killed by somebody, or for want of memory: once more, with a new one
        try:
            ending, content = _ask(order, effort or Effort())
        except _ServerLost:
            raise TooMuch("crash") from None
    if ending is Ending.ANSWERED:
        return cast("Answer", pickle.loads(content))  # noqa: S301 - our own function's answer
    if ending is Ending.RAISED:
        raise cast("BaseException", pickle.loads(content))  # noqa: S301 - the same
    raise TooMuch(cast("What", ending.name.lower()))


class _ServerLost(Exception):
    """The server does not answer any more."""


def _ask(order: bytes, effort: Effort) -> tuple[Ending, bytes]:
    """Have a free server do it, or a new one."""
    try:
        server = _idle.pop()
    except IndexError:
        server = _Server()
    try:
        found = server.ask(order, effort)
    except BaseException:
        server.end()
        raise
    _idle.append(server)
    return found


_idle: "deque[_Server]" = deque()
"""Servers that wait; one thread uses one at a time."""


def _forget() -> None:
    """A fork of this process gets servers of its own: two must not speak to one."""
    _idle.clear()


os.register_at_fork(after_in_child=_forget)


class _Server:
    """One server; it ends when the pipe to it closes, so with this process at the latest."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "taller.grading.limited_server"]
        with _starting:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        self._orders = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def ask(self, order: bytes, effort: Effort) -> tuple[Ending, bytes]:
        header = ORDER.pack(
            len(order), effort.processor_s, effort.wall_s, effort.memory_mb, effort.answer_mb
        )
        deadline = time.monotonic() + effort.wall_s + _GRACE_SECONDS
        try:
            self._orders.write(header + order)
            self._orders.flush()
        except OSError as error:
            raise _ServerLost from error
        ending, size = ANSWER.unpack(self._read(ANSWER.size, deadline))
        return Ending(ending), self._read(size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        read = bytearray()
        descriptor = self._answers.fileno()
        while len(read) < size:
            seconds = deadline - time.monotonic()
            if seconds <= 0 or not select.select([descriptor], [], [], seconds)[0]:
                raise _ServerLost
            block = os.read(descriptor, min(size - len(read), 1 << 20))
            if not block:
                raise _ServerLost
            read += block
        return bytes(read)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._orders.close()
        self._answers.close()


_starting = threading.Lock()
