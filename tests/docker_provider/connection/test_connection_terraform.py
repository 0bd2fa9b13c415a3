"""What Terraform's user sees of a remote engine: it works, or the diagnostic says which fault."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

VOLUME = """
resource "docker_volume" "far" {
  name = "${var.prefix}-far"
}
"""


def provider(host: str, **arguments: str) -> str:
    """A provider block for `host`; the values are expressions."""
    lines = "\n".join(f"{name} = {value}" for name, value in arguments.items())
    return f'provider "docker" {{\nhost = "{host}"\n{lines}\n}}\n{VOLUME}'


@pytest.fixture
def student(authority: Any, tmp_path: Path) -> Path:
    """A folder with a client certificate that the engine trusts."""
    folder: Path = authority.issue(tmp_path / "student", "student")
    return folder


def test_a_remote_engine_is_used_with_certificates_from_a_folder_or_as_material(
    engine: docker.DockerClient,
    tls_engine: Callable[..., str],
    student: Path,
    workspace: Any,
    prefix: str,
) -> None:
    host = tls_engine()
    workspace.write(provider(host, cert_path=f'"{student}"')).applied()
    assert engine.volumes.get(f"{prefix}-far")
    parts = ("ca", "cert", "key")
    material = {f"{part}_material": f'file("{student}/{part}.pem")' for part in parts}
    workspace.write(provider(host, **material))
    assert workspace.plan().actions == {}
    assert workspace.destroy().ok
    assert not engine.volumes.list(filters={"name": f"{prefix}-far"})


def test_a_certificate_of_another_authority(
    tls_engine: Callable[..., str], authority: Any, stranger: Any, workspace: Any, tmp_path: Path
) -> None:
    folder = stranger.issue(tmp_path / "stranger", "stranger")
    (folder / "ca.pem").write_text(authority.pem)
    host = tls_engine()
    told = workspace.write(provider(host, cert_path=f'"{folder}"')).apply().errors
    assert "the engine refused the client certificate" in told
    assert host in told


def test_an_expired_certificate(
    tls_engine: Callable[..., str], authority: Any, workspace: Any, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "late", "late", valid_days=-1)
    told = workspace.write(provider(tls_engine(), cert_path=f'"{folder}"')).apply().errors
    assert "the client certificate has expired" in told


def test_an_unknown_authority(
    tls_engine: Callable[..., str], stranger: Any, student: Path, workspace: Any
) -> None:
    (student / "ca.pem").write_text(stranger.pem)
    told = workspace.write(provider(tls_engine(), cert_path=f'"{student}"')).apply().errors
    assert "signed by an unknown CA" in told


def test_no_listener(student: Path, workspace: Any) -> None:
    told = workspace.write(provider("tcp://127.0.0.1:1", cert_path=f'"{student}"')).apply().errors
    assert "nothing listens there" in told
    assert "tcp://127.0.0.1:1" in told


def test_no_docker_engine(serve: Callable[..., int], workspace: Any) -> None:
    host = f"tcp://127.0.0.1:{serve(SimpleHTTPRequestHandler)}"
    assert "not a Docker Engine" in workspace.write(provider(host)).apply().errors


def test_a_missing_socket(workspace: Any) -> None:
    told = workspace.write(provider("unix:///nowhere/docker.sock")).apply().errors
    assert "there is no socket" in told
    assert "/nowhere/docker.sock" in told


# What sshd does with `docker system dial-stdio`. A real one needs a host key, an account and
# rights that a test machine does not give away; client, connections and engine are real.
SSH = """#!{python}
import os, socket, sys, threading
open({asked!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
if "nowhere" in sys.argv:
    sys.exit("ssh: Could not resolve hostname nowhere")
engine = socket.socket(socket.AF_UNIX)
engine.connect("/var/run/docker.sock")
def pump():
    while data := os.read(0, 65536):
        engine.sendall(data)
    engine.shutdown(socket.SHUT_WR)
threading.Thread(target=pump, daemon=True).start()
while data := engine.recv(65536):
    os.write(1, data)
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with what the program `ssh` was asked; a provider started now finds that one."""
    asked, program = tmp_path / "asked", tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH.format(python=sys.executable, asked=str(asked)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return asked


@pytest.fixture
def over_ssh(ssh: Path, own_workspace: Any) -> Any:
    """A workspace whose provider was started after `ssh`."""
    return own_workspace


def test_an_engine_over_ssh(
    over_ssh: Any, ssh: Path, engine: docker.DockerClient, prefix: str
) -> None:
    block = provider("ssh://ana@servidor:2222", ssh_opts='["-v"]')
    assert over_ssh.write(block).apply().ok
    assert over_ssh.plan().actions == {}
    [asked, *_] = ssh.read_text().splitlines()
    assert asked.startswith("-v ")
    assert asked.endswith("-l ana -p 2222 -- servidor docker system dial-stdio")
    assert over_ssh.destroy().ok


def test_an_ssh_that_leads_nowhere_says_what_to_try(over_ssh: Any) -> None:
    told = over_ssh.write(provider("ssh://ana@nowhere")).apply().errors
    assert "ssh did not lead to one" in told
    assert "ssh ana@nowhere docker version" in told


def test_a_host_that_ssh_would_take_for_an_option_is_refused(workspace: Any) -> None:
    told = workspace.write(provider("ssh://-oProxyCommand=touch")).apply().errors
    assert "write ssh://USER@HOST" in told


def test_an_engine_that_the_user_may_not_talk_to(
    closed_socket: Path, unprivileged: dict[str, str], workspace: Any
) -> None:
    workspace.environment |= unprivileged
    told = workspace.write(provider(f"unix://{closed_socket}")).apply().errors
    assert "permission denied" in told
    assert "usermod -aG docker" in told


@pytest.fixture
def closed_socket() -> Iterator[Path]:
    """A socket that nobody but root may open."""
    # Not tmp_path: other users may not enter it, and here the socket alone must refuse.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        path = Path(folder, "docker.sock")
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        yield path


@pytest.fixture
def unprivileged() -> Iterator[dict[str, str]]:
    """A provider that runs as another user than root, and the environment that leads to it."""
    # The user is changed after all imports, those too that are made when first needed: another user
    # may not read root's Python, nor a checkout in root's home.
    script = """
import concurrent.futures.thread, encodings.idna, importlib, os, pkgutil, pwd
import docker, docker_provider, grpc._server, requests
for module in pkgutil.walk_packages(docker_provider.__path__, "docker_provider."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from docker_provider import connection, server
if os.geteuid() == 0:
    os.setgroups([])
    os.setresuid(*3 * [pwd.getpwnam("nobody").pw_uid])
server.serve(None, None)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield {"TF_REATTACH_PROVIDERS": running.stdout.readline()}
        running.terminate()
