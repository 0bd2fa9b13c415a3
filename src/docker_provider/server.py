"""Run the provider: kept running and reattached, or launched by Terraform as a plugin.

The handshake and the automatic TLS are those of HashiCorp's go-plugin, protocol version 1
(docs/internals.md there).
"""

import base64
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker_provider.connections import Connections
from docker_provider.plugin_server import PluginServer
from docker_provider.provider import ADDRESS

log = logging.getLogger(__name__)

PLUGIN_PROTOCOL = 1
TERRAFORM_PROTOCOL = 6

_LONGEST_LOOK, _SHORTEST_LOOK = 1, 0.1
"""Seconds between looks at whether anybody is still connected, and whether to end: a signal that
comes just before a wait begins does not end it."""


def serve(socket: Path | None, idle_timeout: float | None) -> None:
    """Serve until SIGTERM or, if given, until nobody was connected for `idle_timeout` seconds.

    The one line on standard output is the value for TF_REATTACH_PROVIDERS.
    """
    terminated = threading.Event()
    _handle_signals(terminated)
    with _socket_path(socket) as path:
        server = PluginServer()
        server.grpc.add_insecure_port(f"unix://{path}")
        server.grpc.start()
        log.info("embedded provider for %s serves %s, process %d", ADDRESS, path, os.getpid())
        print(_reattach(path), flush=True)
        _wait(terminated, server.connections, idle_timeout)
        server.stop()
    log.info("embedded provider ended")


def launched() -> None:
    """Serve the Terraform command that launched this process, until it says Shutdown."""
    server = PluginServer()
    _handle_signals(server.shutdown_requested)
    parent = os.getppid()
    with _socket_path(None) as path:
        certificate = _listen(server, path)
        server.grpc.start()
        log.info("embedded provider for %s launched, process %d", ADDRESS, os.getpid())
        fields = (PLUGIN_PROTOCOL, TERRAFORM_PROTOCOL, "unix", path, "grpc", certificate)
        print("|".join(map(str, fields)), flush=True)
        while not server.shutdown_requested.wait(1):
            if os.getppid() != parent:  # Terraform was killed and can no longer say Shutdown
                break
        server.stop()


def _handle_signals(terminated: threading.Event) -> None:
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    # A Ctrl-C goes to the whole process group: Terraform is meant, and tells us what to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _reattach(path: Path) -> str:
    address = {"Network": "unix", "String": str(path)}
    entry = {
        "Protocol": "grpc",
        "ProtocolVersion": TERRAFORM_PROTOCOL,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": address,
    }
    return json.dumps({ADDRESS: entry})


def _wait(
    terminated: threading.Event, connections: Connections, idle_timeout: float | None
) -> None:
    if idle_timeout is None:
        while not terminated.wait(_LONGEST_LOOK):
            pass
        return
    while (left := idle_timeout - connections.idle_seconds()) > 0:
        if terminated.wait(min(max(left, _SHORTEST_LOOK), _LONGEST_LOOK)):
            return
    log.info("nobody was connected for %g seconds", idle_timeout)


def _listen(server: PluginServer, path: Path) -> str:
    """Open the socket, with TLS when Terraform sent its certificate; returns our certificate."""
    if "PLUGIN_CLIENT_CERT" not in os.environ:
        server.grpc.add_insecure_port(f"unix://{path}")
        return ""
    from docker_provider.plugin_tls import server_credentials

    credentials, certificate = server_credentials()
    server.grpc.add_secure_port(f"unix://{path}", credentials)
    return base64.b64encode(certificate).decode().rstrip("=")


@contextmanager
def _socket_path(chosen: Path | None) -> Iterator[Path]:
    """A socket's path in a folder that only this user may enter, removed afterwards."""
    if chosen is not None:
        chosen.unlink(missing_ok=True)
        yield chosen.absolute()
        chosen.unlink(missing_ok=True)
        return
    folder = Path(tempfile.mkdtemp(prefix="docker-provider-"))
    try:
        yield folder / "provider.sock"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configure_log(path: Path | None, level: int = logging.INFO) -> None:
    """Write the log to a file, else to standard error."""
    logging.basicConfig(
        level=level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        **({"filename": path} if path else {"stream": sys.stderr}),
    )
