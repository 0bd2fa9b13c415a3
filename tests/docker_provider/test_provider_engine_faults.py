"""An engine that is down, dies in the middle, or comes back."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

ENGINE_SOCKET = "/var/run/docker.sock"


class Relay:
    """A socket before the engine's: cutting it is what a dying engine looks like to a client."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener: socket.socket | None = None

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Stop listening and break what is under way."""
        assert self._listener is not None
        self._listener.close()
        self.path.unlink()
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(ENGINE_SOCKET)
            self._pairs.append((client, engine))
            threading.Thread(target=self._copy, args=(client, engine), daemon=True).start()

    def _copy(self, client: socket.socket, engine: socket.socket) -> None:
        other = {client: engine, engine: client}
        with client, engine, contextlib.suppress(OSError):
            while True:
                for end in select.select([client, engine], [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    other[end].sendall(data)


@pytest.fixture
def relay(tmp_path) -> Iterator[Relay]:
    relay = Relay(tmp_path / "engine.sock")
    relay.open()
    yield relay
    if relay.path.exists():
        relay.cut()


def provider(relay: Relay) -> str:
    return f'provider "docker" {{\n  host = "unix://{relay.path}"\n}}\n'


VOLUME = 'resource "docker_volume" "raw" {\n  name = "${var.prefix}-raw"\n}\n'
JOB = """
resource "docker_container" "job" {
  name       = "${var.prefix}-job"
  image      = local.base
  command    = ["sleep", "SECONDS"]
  must_run   = false
  attach     = true
  depends_on = [docker_volume.raw]
}
"""


def test_an_engine_that_is_down_is_named_with_what_to_do(workspace, relay):
    workspace.write(provider(relay) + VOLUME)
    relay.cut()
    for command in (("plan", "-json"), ("apply", "-auto-approve", "-json")):
        result = workspace.terraform(*command)
        assert not result.ok
        assert "Cannot reach the Docker Engine: there is no socket" in result.errors
        assert str(relay.path) in result.errors
        assert "Start the engine" in result.errors


def test_an_engine_that_comes_back_is_used_again(workspace, relay):
    workspace.write(provider(relay) + VOLUME).applied()
    relay.cut()
    assert not workspace.apply().ok
    relay.open()
    assert workspace.plan().actions == {}


def test_an_engine_that_dies_while_a_job_runs_leaves_the_truth_in_the_state(
    workspace, relay, engine, prefix, until
):
    workspace.write(provider(relay) + VOLUME + JOB.replace("SECONDS", "60"))
    apply = workspace.start_apply()
    until(lambda: engine.api.containers(filters={"name": f"{prefix}-job"}))
    relay.cut()
    output, _ = apply.communicate(timeout=20)
    assert apply.returncode == 1
    assert "Cannot reach the Docker Engine" in output
    assert str(relay.path) in output

    assert set(workspace.state()) == {"docker_volume.raw", "docker_container.job"}
    made = engine.containers.get(f"{prefix}-job")
    assert workspace.state()["docker_container.job"]["id"] == made.id
    assert workspace.tainted() == {"docker_container.job"}

    relay.open()
    workspace.write(provider(relay) + VOLUME + JOB.replace("SECONDS", "0"))
    assert workspace.plan().actions == {"docker_container.job": "delete create"}
    assert workspace.applied().plan().actions == {}


def test_an_engine_that_dies_before_destroy_keeps_everything_in_the_state(workspace, relay):
    workspace.write(provider(relay) + VOLUME).applied()
    relay.cut()
    assert not workspace.destroy().ok
    assert list(workspace.state()) == ["docker_volume.raw"]
    relay.open()
    assert workspace.destroy().ok


def test_an_engine_that_dies_while_building_says_so(workspace, relay, engine, until, prefix):
    workspace.write("FROM taller/base:bookworm\nRUN sleep 61\n", "app/Dockerfile")
    workspace.write(
        provider(relay)
        + """
resource "docker_image" "app" {
  name = "${var.prefix}-app:1"
  build {
    context = "${abspath(path.module)}/app"
  }
}
"""
    )
    apply = workspace.start_apply()
    until(lambda: [c for c in engine.api.containers() if "sleep 61" in c["Command"]])
    relay.cut()
    output, _ = apply.communicate(timeout=20)
    assert apply.returncode == 1
    assert "Cannot reach the Docker Engine" in output
    assert workspace.state() == {}
