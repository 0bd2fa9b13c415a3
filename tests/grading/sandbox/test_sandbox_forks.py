"""Modules in a sandbox are forks of one process: they must have no more than other programs."""

import contextlib
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taller.grading.sandbox import Completed, Limits, run_sandboxed

PROBE = """
    import json, os, resource, socket, sys

    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    wanted = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
              "NoNewPrivs", "Seccomp")
    entries = [line.split() for line in open("/proc/self/mountinfo")]
    print(json.dumps({
        **{name: status[name] for name in wanted},
        "env": {k: v for k, v in os.environ.items() if k not in ("PWD", "_", "SHLVL", "OLDPWD")},
        "cwd": os.getcwd(),
        "mounts": sorted((e[4], e[5]) for e in entries),
        "root": sorted(os.listdir("/")),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "descriptors": [n for n in os.listdir("/proc/self/fd") if int(n) < 3],
        "others": [n for n in os.listdir("/proc/self/fd") if int(n) > 3],
        "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)],
        "arguments": sys.argv[1:],
        "debuggable": os.access("/proc/self/environ", os.R_OK),
    }))
"""


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("f")


def run(workspace: Path, code: str, *words: str, **options: Any) -> Completed:
    (workspace / "probe.py").write_text(textwrap.dedent(code))
    return run_sandboxed(
        [sys.executable, "-m", "probe", *words], workspace=workspace, env={"MODE": "train"},
        **options,
    )  # fmt: skip


def test_a_fork_has_exactly_what_a_program_has(workspace: Path) -> None:
    forked = run(workspace, PROBE, "a", "b")
    plain = run_sandboxed(
        [sys.executable, "probe.py", "a", "b"], workspace=workspace, env={"MODE": "train"}
    )
    assert (forked.status, forked.stderr) == ("ok", "")
    assert json.loads(forked.stdout) == json.loads(plain.stdout)


def test_a_fork_reads_nothing_of_its_graders_environment(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    code = "print(open('/proc/self/environ').read(), open('/proc/1/environ').read())"
    assert "hunter2" not in run(workspace, code).stdout


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('no')", 1),
        ("pass", 0),
        ("1 / 0", 1),
        ("import os; os._exit(3)", 3),
    ],
)
def test_its_exit_code_is_the_sandboxs(workspace: Path, code: str, expected: int) -> None:
    done = run(workspace, code)
    assert (done.status, done.returncode) == ("ok", expected)
    assert ("ZeroDivisionError" in done.stderr) == ("/ 0" in code)


def test_a_fork_that_kills_itself_is_called_killed(workspace: Path) -> None:
    assert run(workspace, "import os; os.kill(os.getpid(), 9)").status == "killed"


def test_what_a_fork_uses_counts(workspace: Path) -> None:
    loop = run(workspace, "while True: pass", limits=Limits(cpu_s=1))
    assert loop.status == "timeout"
    bomb = run(workspace, "x = [bytearray(10**7) for _ in range(100)]", limits=Limits(memory_mb=99))
    assert bomb.status == "memory"


def test_nothing_outlives_the_sandbox(workspace: Path) -> None:
    mark = f"mark-{time.time_ns()}"
    code = f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["{mark}", "1000"])
        time.sleep(1000)
    """
    assert run(workspace, code, limits=Limits(wall_s=2)).status == "timeout"
    assert not [command for command in commands() if mark.encode() in command]


def commands() -> Iterator[bytes]:
    """The command line of every process."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            yield path.read_bytes()


def test_the_server_ends_with_its_grader(workspace: Path) -> None:
    (workspace / "probe.py").write_text("print('hola')")
    grader = f"""
        import sys
        from pathlib import Path
        from taller.grading.sandbox import forks, run_sandboxed
        done = run_sandboxed([sys.executable, "-m", "probe"], workspace=Path({str(workspace)!r}))
        print(done.stdout.strip(), *(server.process.pid for server in forks._servers.values()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(grader)], capture_output=True, text=True, timeout=60
    )
    word, server = done.stdout.split()
    assert word == "hola"
    deadline = time.monotonic() + 10
    while Path("/proc", server).exists():
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.02)
