"""The server behind ``limited``: a process that has imported everything, and forks for each call.

``python -m taller.grading.limited_server`` reads orders on its standard input, one at a time: a
header (ORDER) and a pickled function with its arguments; and answers on its standard output with a
header (ANSWER) and what the function gave or raised. It ends when its input closes, also in the
middle of a call.
"""

import contextlib
import gc
import importlib
import os
import pickle
import resource
import select
import signal
import struct
import time
import traceback
from enum import IntEnum
from typing import NoReturn

from taller.grading.parent import end_with

ORDER = struct.Struct("!QIdII")
"""Bytes that follow, processor seconds, seconds by the clock, MiB of memory, MiB of an answer."""
ANSWER = struct.Struct("!BQ")
"""How it ended, bytes that follow."""

_IMPORTED = (
    "taller.grading.read", "taller.grading.align", "taller.hcl.screen", "taller.checks",
    "docker_guard.plan_rules", "hcl2", "difflib", "json",
)  # fmt: skip
_MEGABYTE = 1 << 20
_PAGES = os.sysconf("SC_PAGE_SIZE")


class Ending(IntEnum):
    """How a call ended."""

    ANSWERED, RAISED, TIME, MEMORY, DEPTH, CRASH = range(6)


def main() -> None:
    """Serve until the input closes."""
    orders, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    for name in _IMPORTED:
        importlib.import_module(name)
    from taller.hcl import parse

    parse("main.tf", "")  # makes the parser
    gc.collect()
    gc.freeze()  # no fork copies memory only to look through it
    while header := _read(orders, ORDER.size):
        size, processor, wall, memory, most = ORDER.unpack(header)
        order = _read(orders, size)
        ending, content = _call(order, orders, processor, wall, memory, most * _MEGABYTE)
        _write(answers, ANSWER.pack(ending, len(content)) + content)


def _call(
    order: bytes, orders: int, processor: int, wall: float, memory: int, most: int
) -> tuple[Ending, bytes]:
    """Do one order in a fork."""
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(orders)
        _be_called(order, writing, parent, processor, memory)
    os.close(writing)
    try:
        content, in_time = _collect(reading, orders, time.monotonic() + wall, most)
    finally:
        os.close(reading)
        status = _end(child, patience=in_time)
    if not in_time:
        return Ending.TIME, b""
    if len(content) > most:
        return Ending.MEMORY, b""
    if len(content) >= ANSWER.size:
        ending, size = ANSWER.unpack_from(content)
        if len(content) == ANSWER.size + size:
            return Ending(ending), bytes(content[ANSWER.size :])
    return (Ending.TIME if status == -signal.SIGXCPU else Ending.CRASH), b""


def _collect(reading: int, orders: int, deadline: float, most: int) -> tuple[bytearray, bool]:
    """What the fork writes until it closes its end, and whether that was in time."""
    content = bytearray()
    look = select.poll()
    look.register(reading, select.POLLIN)
    look.register(orders, 0)  # that the other end is closed is told in any case (man 2 poll)
    while len(content) <= most:
        left = deadline - time.monotonic()
        ready = dict(look.poll(left * 1000)) if left > 0 else {}
        if not ready or orders in ready:  # too late, or nobody waits for it any more
            return content, False
        block = os.read(reading, _MEGABYTE)
        if not block:
            break
        content += block
    return content, True


def _end(child: int, *, patience: bool) -> int:
    """End the fork and all that it started; how it ended.

    Args:
        child: the fork.
        patience: whether it is about to end by itself.
    """
    now = time.monotonic()
    gentle, last = now + (0.5 if patience else 0.0), now + 2.0
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() < last:  # one that hangs in the kernel is left to it
        if time.monotonic() >= gentle:
            _kill(child)
        time.sleep(0.0005)
        ended, status = os.waitpid(child, os.WNOHANG)
    _kill(child)
    return os.waitstatus_to_exitcode(status) if ended else -signal.SIGKILL


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _be_called(order: bytes, writing: int, parent: int, processor: int, memory: int) -> NoReturn:
    """Be the fork: call, tell, end."""
    os.setsid()
    end_with(parent)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor + 1))
    ending, content = _outcome(order, memory)
    _write(writing, ANSWER.pack(ending, len(content)) + content)
    os._exit(0)


def _outcome(order: bytes, memory: int) -> tuple[Ending, bytes]:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        function, arguments = pickle.loads(order)  # noqa: S301 - the grader itself sent it
        resource.setrlimit(resource.RLIMIT_AS, (_size() + memory * _MEGABYTE, hard))
        return Ending.ANSWERED, pickle.dumps(function(*arguments))
    except MemoryError:
        return Ending.MEMORY, b""
    except RecursionError:
        return Ending.DEPTH, b""
    except BaseException as error:  # noqa: BLE001 - all of it goes to the caller
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return Ending.RAISED, _pickled(error)


def _pickled(error: BaseException) -> bytes:
    """An exception for the caller; as text when it cannot travel."""
    try:
        content = pickle.dumps(error)
        pickle.loads(content)  # noqa: S301 - just made
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return pickle.dumps(RuntimeError("".join(traceback.format_exception(error))))
    return content


def _size() -> int:
    """Bytes of this process's address space."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - no module is worth it here
        return int(file.read().split()[0]) * _PAGES


def _read(descriptor: int, size: int) -> bytes:
    """Exactly so many bytes; nothing when the other end closed."""
    read = bytearray()
    while len(read) < size:
        block = os.read(descriptor, min(size - len(read), _MEGABYTE))
        if not block:
            return b""
        read += block
    return bytes(read)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main()
