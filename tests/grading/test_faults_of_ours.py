"""Whatever fails outside the student's own process reaches whoever judges: it is never a mark.

Nothing in these threads, relays and tasks fails by itself, so each test breaks one part of ours.
"""

import contextlib
import io
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import nbformat
import pytest
from docker.errors import APIError
from nbclient.exceptions import DeadKernelError
from testbook import testbook

from docker_guard import Guard, Policy, Tenant, system
from docker_guard.build_steps import BuildSteps
from docker_guard.disk import DiskWatch
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

BASE = "taller/base:bookworm"
ENGINE = "unix:///var/run/docker.sock"


class OursError(Exception):
    """What only a mistake of ours raises."""


def broken(*_: object, **__: object) -> Any:
    raise OursError("ours")


@pytest.fixture
def guard(
    engine: docker.DockerClient, prefix: str, leftovers: None, tmp_path: Path
) -> Iterator[Guard]:
    tenant = Tenant(prefix, exercise="ej01", run="r1")
    with Guard(tenant, ENGINE, tmp_path / "g.sock", Policy(images=(BASE,))) as guard:
        yield guard
    for image in engine.api.images(filters={"label": f"taller.prefix={prefix}"}):
        engine.api.remove_image(image["Id"], force=True)


@pytest.fixture
def client(guard: Guard) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(f"unix://{guard.socket}", timeout=60)
    yield client
    client.close()


def told(guard: Guard) -> str:
    """The guard's first fault; it may come a moment later."""
    deadline = time.monotonic() + 10
    while not guard.faults:
        assert time.monotonic() < deadline, "the guard did not tell"
        time.sleep(0.05)
    return guard.faults[0]


def test_a_call_on_which_the_guard_fails_is_told(
    guard: Guard, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "_INFO", None)
    with pytest.raises(APIError, match="El guardián del taller falló"):
        client.info()
    assert "_INFO" in told(guard)


def test_what_is_refused_is_no_fault(guard: Guard, client: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="No such container"):
        client.api.inspect_container("nada")
    with pytest.raises(APIError):
        client.api.create_container(BASE, host_config={"Privileged": True})
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(guard.socket))
        raw.sendall(b"GET /\0 HTTP/9.9\r\n\r\n")
        raw.recv(100)
    assert guard.faults == []


def test_a_watch_on_the_disk_that_fails_is_told(
    guard: Guard, client: docker.DockerClient, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiskWatch, "_look", broken)
    client.containers.run(BASE, ["true"], name=f"{prefix}_c", detach=True).wait()
    assert "OursError" in told(guard)


def test_a_watch_on_a_builds_steps_that_fails_is_told(
    guard: Guard, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BuildSteps, "_listen", broken)
    recipe = io.BytesIO(f"FROM {BASE}\nRUN true\n".encode())
    client.images.build(fileobj=recipe, rm=True)
    assert "OursError" in told(guard)


def test_a_removal_that_is_waited_for_in_vain_is_told(
    guard: Guard, client: docker.DockerClient, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docker_guard.anonymous.watch", broken)
    client.containers.create(BASE, ["true"], name=f"{prefix}_c", auto_remove=True)
    assert "OursError" in told(guard)


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
    beat = (workspace / "heart").read_text() if (workspace / "heart").exists() else ""
    time.sleep(0.3)
    assert not beat or (workspace / "heart").read_text() == beat


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
