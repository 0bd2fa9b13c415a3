"""A guard in front of the real engine, and the clients that students use."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import docker
import pytest

from docker_guard import Guard, Policy, Tenant

BASE = "taller/base:bookworm"
ENGINE = "unix:///var/run/docker.sock"


@pytest.fixture
def policy() -> Policy:
    """The limits of this test's guard; tests override it."""
    return Policy(images=(BASE,))


@pytest.fixture
def guard(
    engine: docker.DockerClient, prefix: str, leftovers: None, tmp_path: Path, policy: Policy
) -> Iterator[Guard]:
    """A guard whose tenant is this test; stages of builds, which have no name, go as well."""
    tenant = Tenant(prefix, exercise="ej01", run="r1")
    with Guard(tenant, ENGINE, tmp_path / "g.sock", policy) as guard:
        yield guard
    for image in engine.api.images(filters={"label": f"taller.prefix={prefix}"}):
        engine.api.remove_image(image["Id"], force=True)


@pytest.fixture
def client(guard: Guard) -> Iterator[docker.DockerClient]:
    """The docker SDK as the tenant uses it."""
    client = docker.DockerClient(f"unix://{guard.socket}", timeout=60)
    yield client
    client.close()


class CommandLine:
    """The docker command line as the tenant uses it."""

    def __init__(self, socket: Path) -> None:
        self._env = {"DOCKER_HOST": f"unix://{socket}", "PATH": os.environ["PATH"]}
        self._env |= {"HOME": "/nonexistent", "DOCKER_BUILDKIT": "0"}

    def __call__(self, *args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", *args], env=self._env, capture_output=True, text=True, timeout=60
        )

    def out(self, *args: str) -> str:
        """What a command that must succeed prints."""
        done = self(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def cli(guard: Guard) -> CommandLine:
    return CommandLine(guard.socket)


Send = Callable[..., bytes]


@pytest.fixture
def send(guard: Guard) -> Send:
    """Send bytes on a fresh connection to the guard; returns all that comes back."""
    return partial(exchange, guard.socket)


def exchange(path: Path, raw: bytes, *, finish: bool = True) -> bytes:
    """Send bytes on a fresh connection and return all that comes back."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        try:
            connection.sendall(raw)
            if finish:
                connection.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass  # it refused before it had read everything: its answer is there to read
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer
