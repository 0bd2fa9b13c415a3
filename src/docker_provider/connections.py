"""The live connections to a kept-running server: they show when a Terraform run is over.

Terraform opens a connection for each provider configuration in each walk of its graph, starts
go-plugin's output stream on it at once, and closes none before its process ends. So while any of
these streams is open, some Terraform is at work.
"""

import threading
import time
from collections.abc import Callable

import grpc


class Connections:
    """The open connections; calls `when_none` each time that the last one closes."""

    def __init__(self, when_none: Callable[[], None]) -> None:
        self._when_none = when_none
        self._lock = threading.Lock()
        self._open: set[threading.Event] = set()
        self._last_close = time.monotonic()

    def hold(self, context: grpc.ServicerContext) -> None:
        """Count this stream's connection, and return when it has closed or the server ends."""
        ended = threading.Event()
        with self._lock:
            self._open.add(ended)
        # False: the connection is closed already, and nobody would call.
        if context.add_callback(ended.set):
            ended.wait()
        with self._lock:
            self._open.discard(ended)
            self._last_close = time.monotonic()
            if not self._open:
                self._when_none()

    def idle_seconds(self) -> float:
        """How long nobody has been connected; 0 while somebody is."""
        with self._lock:
            return 0 if self._open else time.monotonic() - self._last_close

    def release(self) -> None:
        """Let every `hold` return: the server ends."""
        with self._lock:
            waiting = list(self._open)
        for ended in waiting:
            ended.set()
