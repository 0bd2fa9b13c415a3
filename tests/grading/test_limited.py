"""What reads students' files can be stopped, and says by which limit; nothing of it is left."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from taller.grading.limited import Effort, TooMuch, limited
from taller.hcl import HclError, parse

SMALL = Effort(processor_s=1, wall_s=2.0, memory_mb=64, answer_mb=1)


def test_a_call_gives_what_the_function_gives_in_another_process() -> None:
    assert limited(json.loads, '{"a": 1}') == {"a": 1}
    assert limited(os.getpid) != os.getpid()


def test_what_the_function_raises_is_raised_here() -> None:
    with pytest.raises(json.JSONDecodeError, match="Expecting value"):
        limited(json.loads, "x")
    with pytest.raises(HclError) as raised:
        limited(parse, "main.tf", "a = 1\n@\n")
    assert (raised.value.line, raised.value.column) == (2, 1)


@pytest.mark.parametrize(
    ("function", "arguments", "what"),
    [
        (time.sleep, (60,), "time"),
        (pow, (3, 10**9), "time"),
        (bytearray, (1 << 30,), "memory"),
        (bytes, (2 << 20,), "memory"),  # an answer that nobody could carry
        (json.loads, ("[" * 1_000_000,), "depth"),
        (os.abort, (), "crash"),
        (os.kill, (0, 9), "crash"),
        (os._exit, (0,), "crash"),
    ],
)
def test_each_limit_is_told_by_its_name(
    function: Callable[..., object], arguments: tuple[object, ...], what: str
) -> None:
    began = time.monotonic()
    with pytest.raises(TooMuch) as raised:
        limited(function, *arguments, effort=SMALL)
    assert raised.value.what == what
    assert time.monotonic() - began < 20
    assert limited(len, "next") == 4  # the one that comes after pays for nothing


def test_what_a_call_started_ends_with_it() -> None:
    mark = "31.415926"
    with pytest.raises(TooMuch):
        limited(subprocess.run, ["sleep", mark], effort=SMALL)
    assert not [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]


def test_a_server_that_was_killed_is_replaced() -> None:
    server = limited(os.getppid)
    os.kill(server, 9)
    assert limited(os.getppid) != server


def test_calls_of_several_threads_do_not_mix() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: limited(abs, -number), range(40)))
    assert found == list(range(40))


def test_nothing_outlives_who_asked() -> None:
    program = (
        "import os, time; from taller.grading.limited import limited\n"
        "print(limited(os.getppid), flush=True); limited(time.sleep, 60)"
    )
    asking = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    server = psutil.Process(int(asking.stdout.readline()))
    deadline = time.monotonic() + 20
    while not server.children():
        assert time.monotonic() < deadline
    family = [server, *server.children()]
    asking.kill()
    asking.wait()
    asking.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_a_call_costs_a_few_milliseconds() -> None:
    limited(len, "")
    best = min(_seconds_of_ten() for _ in range(5))
    assert best / 10 < 0.05  # 0.004 s on an idle machine


def _seconds_of_ten() -> float:
    began = time.monotonic()
    for _ in range(10):
        limited(len, "")
    return time.monotonic() - began
