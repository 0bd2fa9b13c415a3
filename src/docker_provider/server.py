"""Run the gRPC server: kept running and reattached, or launched by Terraform as a plugin.

The plugin handshake, the three services of go-plugin beside the provider's own and the automatic
TLS are those of HashiCorp's go-plugin, protocol version 1 (docs/internals.md there).
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
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as provider_rpc

from docker_provider.connections import Connections
from docker_provider.engine_session import EngineSession
from docker_provider.provider import ADDRESS
from docker_provider.servicer import ProviderServicer

log = logging.getLogger(__name__)

PLUGIN_PROTOCOL = 1
TERRAFORM_PROTOCOL = 6

THREADS = 1024
"""Each connection holds a thread, and `terraform test` opens several a run; made when needed."""

GRACE_SECONDS = 2
"""What a request in flight gets when the server itself is told to end."""


class _RequestLog(grpc.ServerInterceptor):
    """Writes each request to the log."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Pass the request on."""
        log.debug("request %s", details.method)
        return continuation(details)


class _Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]  # the stubs are untyped
    """go-plugin's way to end a launched plugin; a reattached server outlives its clients."""

    def __init__(self, ended: threading.Event | None) -> None:
        self._ended = ended

    def Shutdown(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End the server when Terraform launched it."""
        if self._ended is not None:
            self._ended.set()
        return controller_pb.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]  # the stubs are untyped
    """go-plugin asks for the plugin's output, which goes to the log instead."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def StreamStdio(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Send nothing for as long as the connection is open."""
        self._connections.hold(context)
        return iter(())


def serve(socket: Path | None, idle_timeout: float | None) -> None:
    """Serve until SIGTERM or, if given, `idle_timeout` seconds without a request.

    The one line on standard output is the value for TF_REATTACH_PROVIDERS.
    """
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    # A Ctrl-C goes to the whole process group: Terraform is meant, and tells us what to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _socket_path(socket) as path:
        server, connections = _server(None)
        server.add_insecure_port(f"unix://{path}")
        server.start()
        log.info("embedded provider for %s serves %s, process %d", ADDRESS, path, os.getpid())
        print(_reattach(path), flush=True)
        _wait(ended, connections, idle_timeout)
        connections.release()
        server.stop(GRACE_SECONDS).wait()
    log.info("embedded provider ended")


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


def _wait(ended: threading.Event, connections: Connections, idle_timeout: float | None) -> None:
    if idle_timeout is None:
        ended.wait()
        return
    while not ended.wait(min(max(idle_timeout - connections.idle_seconds(), 0.1), 60)):
        if connections.idle_seconds() >= idle_timeout:
            log.info("nobody was connected for %g seconds", idle_timeout)
            return


def launched() -> None:
    """Serve one Terraform command, which launched this process, until it says Shutdown."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _socket_path(None) as path:
        server, connections = _server(ended)
        certificate = _listen(server, path)
        server.start()
        log.info("embedded provider for %s launched, process %d", ADDRESS, os.getpid())
        fields = (PLUGIN_PROTOCOL, TERRAFORM_PROTOCOL, "unix", path, "grpc", certificate)
        print("|".join(map(str, fields)), flush=True)
        parent = os.getppid()
        while not ended.wait(1):
            if os.getppid() != parent:  # Terraform was killed and can no longer say Shutdown
                break
        connections.release()
        server.stop(GRACE_SECONDS).wait()


def _listen(server: grpc.Server, path: Path) -> str:
    """Open the socket, with TLS when Terraform sent its certificate; returns our certificate."""
    if "PLUGIN_CLIENT_CERT" not in os.environ:
        server.add_insecure_port(f"unix://{path}")
        return ""
    from docker_provider.plugin_tls import server_credentials

    credentials, certificate = server_credentials()
    server.add_secure_port(f"unix://{path}", credentials)
    return base64.b64encode(certificate).decode().rstrip("=")


def _server(ended: threading.Event | None) -> tuple[grpc.Server, Connections]:
    session = EngineSession()
    connections = Connections(when_none=session.release)
    server = grpc.server(
        futures.ThreadPoolExecutor(THREADS),
        interceptors=[_RequestLog()],
        # A state with long logs is larger than gRPC's default of 4 MB.
        options=(("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)),
    )
    provider_rpc.add_ProviderServicer_to_server(ProviderServicer(session), server)
    controller_rpc.add_GRPCControllerServicer_to_server(_Controller(ended), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(connections), server)
    return server, connections


@contextmanager
def _socket_path(chosen: Path | None) -> Iterator[Path]:
    """A socket's path in a folder that only this user may enter, removed afterwards."""
    if chosen is not None:
        chosen.unlink(missing_ok=True)
        yield chosen
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
