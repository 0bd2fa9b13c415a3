"""A real registry, Debian's docker-registry, that lets in one user alone."""

import base64
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

USER, PASSWORD = "alumna", "contraseña-1"
# Made with: htpasswd -nbB -C 4 alumna contraseña-1
HTPASSWD = f"{USER}:$2y$04$bFumBMvrzV/xziDtCZQ.VOEd7ycQ5nKY2vAQoEDYDWMah6JJ.FIYe\n"

StartRegistry = Callable[..., str]


@dataclass(frozen=True)
class Registry:
    """A running registry without TLS, and who may use it."""

    address: str
    user: str = USER
    password: str = PASSWORD

    def request(self, method: str, path: str) -> requests.Response:
        """Ask it as its user would, without the provider."""
        url = f"http://{self.address}/v2/{path}"
        auth = (self.user.encode(), self.password.encode())
        return requests.request(method, url, auth=auth, timeout=5)

    def tags(self, repository: str) -> list[str]:
        """The tags that a person would find there."""
        return list(self.request("GET", f"{repository}/tags/list").json().get("tags") or [])

    def provider(self, **arguments: str | bool) -> str:
        """A provider block whose registry_auth has these arguments; by default the right ones."""
        arguments = arguments or {"username": self.user, "password": self.password}
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in arguments.items())
        block = f'registry_auth {{\naddress = "http://{self.address}"\n{lines}\n}}'
        return f'provider "docker" {{\n{block}\n}}\n'

    def docker_configuration(self) -> str:
        """What `docker login` writes."""
        auth = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return json.dumps({"auths": {self.address: {"auth": auth}}})


@pytest.fixture(scope="session")
def registry_program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Debian's docker-registry: the installed one, else the package's, unpacked in a folder.

    Not installed, because installing it would also start one for the whole machine.
    """
    installed = shutil.which("docker-registry")
    if installed:
        return installed
    folder = tmp_path_factory.mktemp("docker-registry")
    if not _run("apt-get", "download", "docker-registry", folder=folder):
        # A fresh machine has no package lists yet; without root this fails, and so we say it.
        _run("apt-get", "update", folder=folder)
        if not _run("apt-get", "download", "docker-registry", folder=folder):
            pytest.fail(
                "These tests need Debian's docker-registry: run 'apt-get update' as root and try "
                "again, or 'apt-get install docker-registry'."
            )
    [package] = folder.glob("docker-registry_*.deb")
    subprocess.run(["dpkg", "-x", package, folder], check=True)
    return str(folder / "usr/bin/docker-registry")


def _run(*command: str, folder: Path) -> bool:
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def start_registry(
    registry_program: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartRegistry]:
    """Start registries on loopback ports, each with its own data, and return their addresses.

    Keyword arguments are sections of the registry's configuration: auth, http.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(**sections: Any) -> str:
        folder = tmp_path_factory.mktemp("registry")
        address = f"127.0.0.1:{_free_port()}"
        data = {"rootdirectory": str(folder / "data")}
        configuration = {
            "version": "0.1",
            "storage": {"filesystem": data, "delete": {"enabled": True}},
            **sections,
            "http": {"addr": address, **sections.get("http", {})},
        }
        file, log = folder / "config.yml", folder / "log"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        with log.open("wb") as output:
            command = [registry_program, "serve", str(file)]
            running.append(subprocess.Popen(command, stdout=output, stderr=output))
        _wait_until_open(address, log)
        return address

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def registry(start_registry: StartRegistry, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with passwords."""
    file = tmp_path_factory.mktemp("passwords") / "htpasswd"
    file.write_text(HTPASSWD)
    return Registry(start_registry(auth={"htpasswd": {"realm": "clase", "path": str(file)}}))


@pytest.fixture
def image(engine: docker.DockerClient, registry: Registry, prefix: str) -> Iterator[str]:
    """A small image in the engine, named for the registry."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo("README")
        member.size = len(prefix)
        archive.addfile(member, io.BytesIO(prefix.encode()))
    name = f"{registry.address}/{prefix}/app"
    engine.api.import_image_from_data(content.getvalue(), name, "1")
    yield f"{name}:1"
    for container in engine.containers.list(all=True, filters={"name": prefix}):
        container.remove(force=True)
    for found in engine.images.list(name):
        engine.images.remove(found.id, force=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_open(address: str, log: Path) -> None:
    host, port = address.split(":")
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"docker-registry did not start: {log.read_text()[-2000:]}")
