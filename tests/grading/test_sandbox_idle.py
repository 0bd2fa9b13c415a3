"""Who only waits is ended early; who has work and is kept from it is not."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from taller.grading.sandbox import Limits, run_sandboxed
from taller.grading.sandbox.idle import Idleness
from taller.grading.sandbox.proc import is_held_up

IDLE = Limits(cpu_s=20, wall_s=40, idle_s=2)


@contextmanager
def running(code: str) -> Iterator[int]:
    """A Python program that has said that it is where it should be."""
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"ready\n"
    yield program.pid
    program.kill()
    program.wait()
    program.stdout.close()


def seen(pid: int) -> float:
    """In how many of twenty looks it had work."""
    looks = []
    for _ in range(20):
        time.sleep(0.02)
        looks.append(is_held_up(pid))
    return sum(looks) / len(looks)


def test_who_runs_has_work_and_who_sleeps_has_none() -> None:
    with running("print('ready', flush=True)\nwhile True: pass") as pid:
        assert seen(pid) > 0.9
    with running("import time; print('ready', flush=True); time.sleep(60)") as pid:
        assert seen(pid) < 0.2
    assert not is_held_up(pid)  # it has ended


def test_a_thread_that_runs_beside_one_that_sleeps_is_seen() -> None:
    code = """
import threading, time
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
print('ready', flush=True)
time.sleep(60)
"""
    with running(code) as pid:
        assert seen(pid) > 0.9


def test_who_waits_for_a_child_by_vfork_has_no_work() -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
print('ready', flush=True)
if libc.vfork() == 0:
    libc.sleep(3)
    libc._exit(0)
"""
    with running(code) as pid:
        assert seen(pid) < 0.2


def never() -> bool:
    return False


def always() -> bool:
    return True


@pytest.mark.parametrize(("is_held_up", "ends"), [(never, True), (always, False)])
def test_quiet_counts_as_waiting_unless_something_keeps_it_from_work(
    is_held_up: Callable[[], bool], ends: bool
) -> None:
    idle = Idleness(1.5, lambda: 0.0, is_held_up)
    deadline = time.monotonic() + 4
    reached = False
    while not reached and time.monotonic() < deadline:
        reached = idle.is_reached(0.0)
        time.sleep(0.05)
    assert reached is ends


def test_a_program_that_only_sleeps_is_ended_and_one_that_works_a_little_is_not(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    slept = run_sandboxed(
        [sys.executable, "-c", "import time; time.sleep(30)"], workspace=tmp_path, limits=IDLE
    )
    assert (slept.status, time.monotonic() - began < 15) == ("idle", True)
    code = "import time; end = time.time() + 6\nwhile time.time() < end: sum(range(10**6))"
    worked = run_sandboxed([sys.executable, "-c", code], workspace=tmp_path, limits=IDLE)
    assert worked.status == "ok"
