"""Programs are started in one place: with a time limit that reaches all that they start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from taller.errors import TallerError
from taller.process import ProgramMissing, ProgramTimeout, run, spawn


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be collected."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_output_exit_code_and_time_come_back() -> None:
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert 0 < done.seconds < 10


def test_lines_are_seen_as_they_arrive() -> None:
    seen: list[tuple[str, float]] = []
    began = time.monotonic()
    run(
        ["sh", "-c", "echo one; sleep 0.5; echo two"],
        timeout=10,
        on_line=lambda line: seen.append((line, time.monotonic() - began)),
    )
    assert [line for line, _ in seen] == ["one\n", "two\n"]
    assert seen[1][1] - seen[0][1] > 0.3


def test_a_megabyte_on_both_pipes_does_not_block() -> None:
    program = "import sys; sys.stdout.write('o' * 10**6); sys.stderr.write('e' * 10**6)"
    done = run([sys.executable, "-c", program], timeout=20)
    assert (len(done.stdout), len(done.stderr)) == (10**6, 10**6)


def test_input_reaches_the_program_and_is_empty_otherwise() -> None:
    assert run(["cat"], timeout=10, input="hola ñ").stdout == "hola ñ"
    assert run(["cat"], timeout=10).stdout == ""


def test_the_time_limit_kills_what_the_program_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(ProgramTimeout, match=r"0\.5 s") as raised:
        run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; echo before; wait"], timeout=0.5)
    assert raised.value.completed.stdout == "before\n"
    assert not is_running(int(pid_file.read_text()))


def test_a_child_that_keeps_the_pipe_open_does_not_hold_us_up() -> None:
    began = time.monotonic()
    done = run(["sh", "-c", "sleep 60 & echo done"], timeout=30)
    assert done.stdout == "done\n"
    assert time.monotonic() - began < 10


def test_the_grace_period_lets_a_program_finish_its_work() -> None:
    script = "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.1; done"
    with pytest.raises(ProgramTimeout) as raised:
        run(["sh", "-c", script], timeout=0.5, grace=10)
    assert "saved" in raised.value.completed.stdout


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ProgramMissing, match="no-such-program"):
        run(["no-such-program"], timeout=1)


def test_a_missing_folder_is_not_mistaken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(TallerError, match="gone") as raised:
        run(["true"], timeout=1, cwd=tmp_path / "gone")
    assert not isinstance(raised.value, ProgramMissing)


def test_a_file_that_may_not_be_run_is_named(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(ProgramMissing, match="permiso"):
        run([str(program)], timeout=1)


def test_an_error_in_the_callers_callback_is_the_callers_error() -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="hello"):
        run(["echo", "hello"], timeout=10, on_line=fail)


def test_ctrl_c_reaches_the_program_once_and_waits_for_it(tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    script.write_text(
        "from taller.process import run\n"
        "trap = \"trap 'echo interrupted >> log; sleep 0.5; echo saved >> log; exit 0' INT; \"\n"
        "run(['sh', '-c', trap + 'echo > ready; while :; do sleep 0.1; done'], "
        "timeout=60, grace=20)\n"
    )
    caller = subprocess.Popen([sys.executable, str(script)], cwd=tmp_path, stderr=subprocess.PIPE)
    while not (tmp_path / "ready").exists():
        time.sleep(0.05)
    caller.send_signal(signal.SIGINT)
    time.sleep(0.2)
    caller.send_signal(signal.SIGINT)  # an impatient second one changes nothing
    _, stderr = caller.communicate(timeout=20)
    assert (tmp_path / "log").read_text() == "interrupted\nsaved\n"
    assert b"KeyboardInterrupt" in stderr


def test_a_ctrl_c_in_the_instant_a_program_starts_is_not_lost(tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    script.write_text(
        "from taller.process import run\n"
        "trap = \"trap 'echo saved >> log; exit 0' INT; \"\n"
        "for _ in range(20):\n"
        "    try:\n"
        "        run(['sh', '-c', trap + 'kill -INT $PPID; while :; do sleep 0.1; done'], "
        "timeout=60, grace=20)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted', flush=True)\n"
    )
    caller = run([sys.executable, str(script)], timeout=110, cwd=tmp_path)
    assert caller.returncode == 0, caller.stderr
    assert caller.stdout.split() == ["interrupted"] * 20
    assert (tmp_path / "log").read_text().split() == ["saved"] * 20


def test_a_spawned_program_outlives_the_call_and_logs_to_its_file(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "program.log"
    program = spawn(["sh", "-c", "echo started; exec sleep 60"], log=log)
    try:
        assert os.getpgid(program.pid) == program.pid != os.getpgid(0)
        deadline = time.monotonic() + 10
        while log.read_text() != "started\n":
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        program.kill()
        program.wait()
