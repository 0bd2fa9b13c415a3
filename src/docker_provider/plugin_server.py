"""The gRPC services that Terraform expects of a plugin, on one server.

Beside the provider's own they are two of HashiCorp's go-plugin: the controller that ends a plugin,
and the stream of its output.
"""

import logging
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as provider_rpc

from docker_provider.connections import Connections
from docker_provider.engine_session import EngineSession
from docker_provider.servicer import ProviderServicer

log = logging.getLogger(__name__)

THREADS = 1024
"""Each connection holds a thread, and `terraform test` opens several a run; made when needed."""

GRACE_SECONDS = 2
"""What a request in flight gets to report what exists, when the server is told to end."""


class PluginServer:
    """The services on a gRPC server; listen, then `start`, and in the end `stop`."""

    def __init__(self) -> None:
        session = EngineSession()
        self.shutdown_requested = threading.Event()
        self.connections = Connections(when_none=session.release)
        self._servicer = ProviderServicer(session)
        self.grpc = grpc.server(
            futures.ThreadPoolExecutor(THREADS),
            interceptors=[_RequestLog()],
            # A state with long logs is larger than gRPC's default of 4 MB.
            options=(("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)),
        )
        provider_rpc.add_ProviderServicer_to_server(self._servicer, self.grpc)
        controller = _Controller(self.shutdown_requested)
        controller_rpc.add_GRPCControllerServicer_to_server(controller, self.grpc)
        stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(self.connections), self.grpc)

    def stop(self) -> None:
        """Interrupt what waits, let it report, and close."""
        self._servicer.interrupt("The provider was told to end. What exists is in the state.")
        self.connections.release()
        self.grpc.stop(GRACE_SECONDS).wait()


class _RequestLog(grpc.ServerInterceptor):
    """Writes each request to the log."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Pass the request on."""
        log.debug("request %s", details.method)
        return continuation(details)


class _Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]  # untyped stubs
    """go-plugin's way to end a plugin that it launched."""

    def __init__(self, shutdown_requested: threading.Event) -> None:
        self._shutdown_requested = shutdown_requested

    def Shutdown(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Note the request: a server that is kept running outlives its clients."""
        self._shutdown_requested.set()
        return controller_pb.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]  # untyped stubs
    """go-plugin asks for the plugin's output, which goes to the log instead."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def StreamStdio(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Send nothing for as long as the connection is open."""
        self._connections.hold(context)
        return iter(())
