"""What is left of the sandbox where the instructor has asked for none."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from testbook import testbook

from taller.grading.sandbox import Completed, Limits, run_sandboxed
from taller.grading.sandbox.kernel import SandboxedKernel

LEAVES_ITS_GROUP = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=True)
print(child.pid)
"""


@pytest.fixture
def workspace() -> Iterator[Path]:
    """A folder with a short path, as a grader's."""
    parent = Path(tempfile.mkdtemp(prefix="taller-none-"))
    (parent / "w").mkdir()
    yield parent / "w"
    shutil.rmtree(parent)


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    """A machine like this one, but for bubblewrap."""
    programs = workspace.parent / "bin"
    programs.mkdir()
    for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for program in Path(folder).iterdir():
            link = programs / program.name
            if program.name != "bwrap" and not link.is_symlink():
                link.symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))
    assert shutil.which("bwrap") is None


def run(workspace: Path, code: str, **limits: float) -> Completed:
    wanted = Limits(confined=False, **limits)  # type: ignore[arg-type] # every limit is a number
    return run_sandboxed([sys.executable, "-c", code], workspace=workspace, limits=wanted)


def test_a_program_runs_in_its_workspace_without_bubblewrap(
    workspace: Path, without_bubblewrap: None
) -> None:
    code = "import os; print(os.getcwd(), os.environ.get('SECRET')); open('x', 'w').write('1')"
    os.environ["SECRET"] = "of the grader"
    done = run(workspace, code)
    del os.environ["SECRET"]
    assert (done.status, done.stdout.split()) == ("ok", [str(workspace), "None"]), done.stderr
    assert (workspace / "x").read_text() == "1"


def test_its_limits_hold(workspace: Path) -> None:
    assert run(workspace, "while True: pass", cpu_s=0.3).status == "timeout"
    assert run(workspace, "import time; time.sleep(99)", wall_s=0.3).status == "timeout"
    assert run(workspace, "x = bytearray(400_000_000); input()", memory_mb=100).status == "memory"
    assert run(workspace, "while True: print('x' * 9999)", output_mb=1).status == "output"
    big = "open('x', 'wb').truncate(9 << 20)"
    assert "File too large" in run(workspace, big, file_mb=1).stderr


def test_what_leaves_its_process_group_ends_with_it(workspace: Path) -> None:
    done = run(workspace, LEAVES_ITS_GROUP)
    child = Path("/proc", done.stdout.strip())
    deadline = time.monotonic() + 5  # init collects it in its own time
    while child.exists() and time.monotonic() < deadline:
        if "State:\tZ" in (child / "status").read_text():
            return
        time.sleep(0.01)
    assert not child.exists()


def test_a_kernel_runs_too(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace, limits=Limits(confined=False), env={"H": "/workspace/home"})
    cells = [nbformat.v4.new_code_cell("import os; print(os.getcwd(), os.environ['H'])")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with kernel, testbook(
        notebook, execute=True, kernel_manager_class=kernel.manager_class,
        shutdown_kernel="immediate", timeout=60,
    ):  # fmt: skip
        assert notebook.cells[0].outputs[0].text == f"{workspace} {workspace}/home\n"
    ended = kernel.stop()
    assert ended is not None
    assert ended.status == "ok"
