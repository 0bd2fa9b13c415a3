"""The provider reaches the engine over a Unix socket or TLS, and says how a connection failed."""

import http.server
import os
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import docker
import pytest

from docker_provider.connection import ProviderConfig, connect

pytestmark = pytest.mark.engine

ENGINE_SOCKET = Path("/var/run/docker.sock")


Failure = Callable[[ProviderConfig], tuple[str, str]]


def test_the_platforms_socket_is_used_when_nothing_is_configured(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with closing(connect(ProviderConfig())) as client:
        assert client.info()["ID"] == engine.info()["ID"]
        assert client.api_version == engine.api.version()["ApiVersion"]


def test_host_wins_over_docker_host(
    failure: Failure, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with closing(connect(ProviderConfig(host=f"unix://{ENGINE_SOCKET}"))) as client:
        assert client.ping()
    assert "DOCKER_HOST" in failure(ProviderConfig())[1]


def test_an_engine_that_is_away_is_no_error_when_the_check_is_disabled() -> None:
    config = ProviderConfig(host="unix:///nowhere.sock", disable_docker_daemon_check=True)
    with closing(connect(config)) as client:
        assert client.api_version == "1.41"


def test_a_missing_socket_is_named(failure: Failure, tmp_path: Path) -> None:
    summary, detail = failure(ProviderConfig(host=f"unix://{tmp_path}/docker.sock"))
    assert "there is no socket" in summary
    assert f"{tmp_path}/docker.sock does not exist" in detail
    assert "Start the engine" in detail


def test_a_socket_that_the_user_may_not_open_names_its_owner_and_the_docker_group() -> None:
    script = (
        "import os, pwd, sys\n"
        "from docker_provider.connection import ProviderConfig, connect, explain\n"
        "if os.geteuid() == 0:\n"
        "    os.setgroups([]); os.setresuid(*3 * [pwd.getpwnam('nobody').pw_uid])\n"
        "config = ProviderConfig(host=sys.argv[1])\n"
        "try: connect(config)\n"
        "except OSError as error: print(*explain(error, config), sep='\\n')"
    )
    # Not tmp_path: another user may not enter it, and here the socket alone must refuse.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        path = Path(folder, "docker.sock")
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        told = subprocess.run(
            [sys.executable, "-c", script, f"unix://{path}"],
            env={**os.environ, "HOME": folder},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert "permission denied" in told
    assert f"{path}, which belongs to" in told
    assert "mode 0000" in told
    assert "usermod -aG docker" in told


def test_a_port_where_nothing_listens_is_refused(failure: Failure) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # bound but not listening, so nobody else can take it
        host = f"tcp://127.0.0.1:{unheard.getsockname()[1]}"
        summary, detail = failure(ProviderConfig(host=host))
    assert "nothing listens there" in summary
    assert host in detail


class Banner(socketserver.BaseRequestHandler):
    """Speaks first, and not HTTP, as SSH servers do."""

    def handle(self) -> None:
        self.request.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize("handler", [http.server.SimpleHTTPRequestHandler, Banner])
def test_a_listener_that_is_not_docker_is_told_apart(failure: Failure, handler: type) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        summary, _ = failure(ProviderConfig(host=f"tcp://127.0.0.1:{server.server_address[1]}"))
        server.shutdown()
    assert "not a Docker Engine" in summary


def test_a_silent_listener_times_out(failure: Failure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docker_provider.connection.NEGOTIATION_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert "no answer in time" in failure(ProviderConfig(host=host))[0]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (ProviderConfig(host="ssh://-oProxyCommand=x"), "ssh://USER@HOST"),
        (ProviderConfig(host="tcp://127.0.0.1"), "port"),
        (ProviderConfig(host="ftp://127.0.0.1:1"), "unix:///path"),
        (ProviderConfig(host="tcp://127.0.0.1:1", cert_path="/nowhere"), "/nowhere/ca.pem"),
        (ProviderConfig(host="tcp://127.0.0.1:1", cert_material="x"), "key_material"),
        (ProviderConfig(host="tcp://127.0.0.1:1", ca_material="x"), "CA certificate"),
        (ProviderConfig(context="no-such-context"), "docker context ls"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_what_to_write(
    failure: Failure, config: ProviderConfig, told: str
) -> None:
    assert told in " ".join(failure(config))
