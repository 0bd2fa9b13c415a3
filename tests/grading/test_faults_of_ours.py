"""Whatever fails outside the student's own process reaches whoever judges: it is never a mark.

Nothing in these threads, relays and tasks fails by itself, so each test breaks one part of ours;
the guard's are in tests/docker_guard/test_guard_faults.py.
"""

import contextlib
import socket
import sys
import time
from pathlib import Path
from typing import Any

import docker
import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from testbook import testbook
from tests.broken import OursError, broken

from taller.catalog import load_catalog
from taller.grading import task
from taller.grading.align import align
from taller.grading.judging.judge import GuardFailed
from taller.grading.read import read_notebook
from taller.grading.sandbox import run_sandboxed
from taller.grading.sandbox.kernel import SandboxedKernel
from taller.grading.state_servers import StateServers
from taller.grading.task import Task

pytestmark = pytest.mark.engine


def test_a_state_server_that_fails_to_start_is_told(
    engine: docker.DockerClient, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taller.grading.state_servers.command_of", broken)
    with StateServers(tmp_path / "s", prefix, "r1") as servers:
        (path, *_) = servers.forwards.values()
        with socket.socket(socket.AF_UNIX) as wanting:
            wanting.settimeout(60)
            wanting.connect(str(path))
            with contextlib.suppress(ConnectionError):
                assert wanting.recv(1) == b"", "it hangs up"
        with pytest.raises(OursError):
            servers.check()


def test_a_sandboxs_watch_that_fails_ends_it_and_is_told(tmp_path: Path) -> None:
    (workspace := tmp_path / "ws").mkdir()
    program = "import time\nwhile True: open('heart', 'w').write(str(time.time())); time.sleep(.05)"
    with pytest.raises(OursError):
        run_sandboxed([sys.executable, "-c", program], workspace=workspace, elsewhere=broken)
    beats = [file.read_text() for file in workspace.iterdir()]
    time.sleep(0.3)
    assert [file.read_text() for file in workspace.iterdir()] == beats


def test_a_kernels_watch_that_fails_ends_it_and_is_told(tmp_path: Path) -> None:
    (workspace := tmp_path / "ws").mkdir()
    with pytest.raises(OursError):
        sleep_in(SandboxedKernel(workspace, elsewhere=broken))


def sleep_in(kernel: SandboxedKernel) -> None:
    """A notebook that only waits, as the grader runs it."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("__import__('time').sleep(60)")]
    )
    with kernel, contextlib.suppress(DeadKernelError), testbook(
        notebook, execute=True, kernel_manager_class=kernel.manager_class, timeout=60,
        shutdown_kernel="immediate",
    ):  # fmt: skip
        pytest.fail("the kernel was to be ended")


def test_a_fault_is_tried_again_and_then_told_with_its_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def fails(work: object) -> Any:
        tries.append(work)
        raise GuardFailed("Traceback: ours")

    catalog = load_catalog(Path(__file__).parents[2])
    exercise = catalog.exercise("ej01")
    pristine = read_notebook(catalog.pristine(exercise).read_bytes())
    work = Task("ana", exercise, pristine, align(pristine, pristine), {}, "r1", "gx", 60.0)
    monkeypatch.setattr(task, "judge", fails)
    result = task.grade(work)
    assert len(tries) == 2
    assert (result.status, result.score) == ("infra_error", None)
    assert "Traceback: ours" in "\n".join(result.flags)
