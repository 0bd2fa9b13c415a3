"""What Terraform's user sees of a remote engine: it works, or the diagnostic says which fault."""

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


def test_an_engine_over_ssh(workspace: Any) -> None:
    told = workspace.write(provider("ssh://somebody@somewhere")).apply().errors
    assert "SSH" in told
    assert "forward the engine's socket" in told


def test_ssh_options_are_refused_as_unsupported(workspace: Any) -> None:
    workspace.write(provider("unix:///var/run/docker.sock", ssh_opts='["-v"]'))
    assert "ssh_opts" in workspace.apply().errors


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
    # The user is changed after the imports: another user may not read root's Python.
    script = """
import concurrent.futures.thread, os, pwd
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
