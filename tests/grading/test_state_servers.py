"""Servers for remote state: each is there for one submission's sandboxes, and for nobody else."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from docker_guard import Guard, Tenant
from taller.grading.sandbox import Completed, run_sandboxed
from taller.grading.state_servers import LABEL, StateServers, free_ports

pytestmark = pytest.mark.engine

CALL = """
import os, re, socket, sys
text = open(os.environ["TALLER_BACKEND_" + sys.argv[1]]).read()
port = int(re.search(r"127\\.0\\.0\\.1:([0-9]+)", text)[1])
with socket.create_connection(("127.0.0.1", port)) as server:
    server.sendall(bytes.fromhex(sys.argv[2]))
    print(server.recv(100))
"""
HTTP = b"HEAD /tfstate HTTP/1.0\r\n\r\n".hex()
TLS_PLEASE = "0000000804d2162f"  # PostgreSQL's SSLRequest; a server without TLS answers N


@pytest.fixture
def servers(
    engine: docker.DockerClient, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StateServers]:
    folder = tmp_path_factory.mktemp("s") / "s"
    with StateServers(folder, prefix, f"r{prefix}") as servers:
        yield servers
    assert containers(engine, prefix) == []
    assert not folder.exists()


def containers(engine: docker.DockerClient, prefix: str) -> list[Any]:
    return engine.containers.list(all=True, filters={"label": f"{LABEL}={prefix}"})


def call(workspace: Path, servers: StateServers, reached: StateServers, *words: str) -> Completed:
    """Call a server by the settings of one submission, in the sandbox of another."""
    workspace.mkdir()
    for name, text in servers.files.items():
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(text)
    return run_sandboxed(
        [sys.executable, "-c", CALL, *words], workspace=workspace, env=servers.env,
        forwards=reached.forwards,
    )  # fmt: skip


def test_both_kinds_answer_in_the_sandbox_and_begin_when_they_are_called(
    servers: StateServers, engine: docker.DockerClient, prefix: str, tmp_path: Path
) -> None:
    assert containers(engine, prefix) == []
    first = call(tmp_path / "a", servers, servers, "S3", HTTP)
    assert "200 OK" in first.stdout, first.stderr
    assert len(containers(engine, prefix)) == 1
    assert call(tmp_path / "b", servers, servers, "PG", TLS_PLEASE).stdout == "b'N'\n"
    for container in containers(engine, prefix):
        assert container.attrs["HostConfig"]["NetworkMode"] == "none"
    servers.check()


def test_another_submission_reaches_nothing_by_its_settings(
    servers: StateServers, engine: docker.DockerClient, prefix: str, tmp_path: Path
) -> None:
    other = StateServers(tmp_path / "s", f"o{secrets.token_hex(4)}", "r")
    with other:
        stranger = call(tmp_path / "w", servers, other, "S3", HTTP)
    assert "ConnectionRefusedError" in stranger.stderr
    assert containers(engine, prefix) == []


def test_a_tenant_does_not_see_its_own_server(
    servers: StateServers, engine: docker.DockerClient, prefix: str, tmp_path: Path
) -> None:
    call(tmp_path / "w", servers, servers, "S3", HTTP)
    (server,) = containers(engine, prefix)
    tenant = Tenant(prefix, "ej07", f"r{prefix}")
    with Guard(tenant, "unix:///var/run/docker.sock", tmp_path / "g") as guard:
        client = docker.DockerClient(f"unix://{guard.socket}")
        assert client.containers.list(all=True) == []
        with pytest.raises(docker.errors.NotFound):
            client.containers.get(server.id)
        client.close()


def test_no_port_is_handed_out_twice() -> None:
    assert len(set(free_ports(200))) == 200
