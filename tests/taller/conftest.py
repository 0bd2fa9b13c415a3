"""Fixtures of the workshop's platform: a home of its own, an engine that may be stopped."""

import io
import os
import secrets
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A ``TALLER_HOME`` of this test's own; provider processes in it are stopped."""
    from taller import provider
    from taller.workspace import existing_workspaces

    folder = tmp_path / "home"
    monkeypatch.setenv("TALLER_HOME", str(folder))
    monkeypatch.delenv("TALLER_PROVIDER", raising=False)
    yield folder
    for workspace in existing_workspaces():
        provider.stop_server(workspace)


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


@pytest.fixture
def empty_image() -> bytes:
    """The tar of an image that holds one file of random content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = 32
        tar.addfile(member, io.BytesIO(secrets.token_bytes(32)))
    return buffer.getvalue()
