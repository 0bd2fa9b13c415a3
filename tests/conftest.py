"""Fixtures that every layer of the tests shares; one of them is an engine that may be stopped."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from hypothesis import HealthCheck, settings

BASE_IMAGE = "taller/base:bookworm"

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of the real Docker Engine; fails when none answers."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(f"These tests need a Docker Engine; run 'taller doctor --fix' first: {error}")
    yield client
    client.close()


@pytest.fixture
def prefix() -> str:
    """A name prefix that no other test uses."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture
def leftovers(engine: docker.DockerClient, prefix: str) -> Iterator[None]:
    """Remove every Docker object whose name begins with this test's prefix."""
    yield
    for container in engine.containers.list(all=True, filters={"name": prefix}):
        container.remove(force=True, v=True)
    for network in engine.networks.list(filters={"name": prefix}):
        network.remove()
    for volume in engine.volumes.list(filters={"name": prefix}):
        volume.remove(force=True)
    for image in engine.api.images():  # one call: other tests' images come and go meanwhile
        for tag in image["RepoTags"] or []:
            if tag.startswith(prefix):
                engine.images.remove(tag, force=True)


@dataclass
class PrivateEngine:
    """A Docker Engine of its own network namespace, which a test may stop, kill and start."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Its address, for ``DOCKER_HOST``."""
        return f"unix://{self.folder}/docker.sock"

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "dockerd.log").open("ab")
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "dockerd", "--data-root", f"{self.folder}/data",
             "--exec-root", f"{self.folder}/exec", "--pidfile", f"{self.folder}/pid",
             "--host", self.address, "--bridge=none", "--iptables=false"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                self.client().close()
            except DockerException:
                assert time.monotonic() < deadline, (self.folder / "dockerd.log").read_text()
                time.sleep(0.1)
            else:
                return

    def client(self) -> docker.DockerClient:
        """A client of it."""
        client = docker.DockerClient(base_url=self.address)
        client.ping()
        return client

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, with its containerd."""
        if self.process is not None:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
                # A containerd that nobody has collected yet would be taken for a running one.
                (self.folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)
            else:
                self.process.send_signal(number)
            self.process.wait(30)
            self.process = None


@pytest.fixture
def private_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEngine]:
    """An engine beside the machine's own, which is left alone; ``DOCKER_HOST`` names it."""
    if os.geteuid() != 0:
        pytest.fail("An engine of its own needs root: run these tests as root, as CI does.")
    folder = Path(tempfile.mkdtemp(prefix="te-"))  # pytest's own path is too long for a socket
    engine = PrivateEngine(folder)
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    engine.start()
    yield engine
    engine.stop()
    shutil.rmtree(folder, ignore_errors=True)
