"""Whatever fails in the guard itself is told to who runs it: it is no refusal, and no silence.

Nothing in its threads fails by itself, so each test breaks one part.
"""

import io
import socket
import time

import docker
import pytest
from docker.errors import APIError
from tests.broken import broken
from tests.docker_guard.conftest import BASE

from docker_guard import Guard, system
from docker_guard.build_steps import BuildSteps
from docker_guard.disk import DiskWatch

pytestmark = pytest.mark.engine


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
