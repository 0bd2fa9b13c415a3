"""Ending work that waits: Terraform's Ctrl-C, and the time limits of `timeouts` blocks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from docker_provider.errors import ProviderError


class OperationCancelledError(ProviderError):
    """The work was ended before it was done; what exists already stays in the state."""


class Cancellation:
    """Tells the work of one request that it must end, from another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._reason = ""

    @property
    def requested(self) -> bool:
        """Whether the work must end."""
        return self._event.is_set()

    def cancel(self, reason: str) -> None:
        """Ask the work to end; `reason` is a sentence for the person at the terminal."""
        with self._lock:
            if self._event.is_set():
                return
            self._reason = reason
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def abandon(self) -> None:
        """Ask the work to end because nobody waits for its result any more."""
        self.cancel("The Terraform that asked for it is gone.")

    def check(self) -> None:
        """Raise OperationCancelledError when the work must end."""
        if self._event.is_set():
            raise OperationCancelledError("The operation was interrupted", self._reason)

    def sleep(self, seconds: float) -> None:
        """Wait, or raise OperationCancelledError as soon as the work must end."""
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` when the work must end: it unblocks a read that cannot look by itself."""
        with self._lock:
            self._callbacks.append(callback)
            already = self._event.is_set()
        if already:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)

    @contextmanager
    def limited(self, seconds: float | None) -> Iterator[None]:
        """Cancel when the block takes longer than `seconds` (None: no limit)."""
        if seconds is None:
            yield
            return
        reason = f"It took longer than its time limit of {seconds:g} s (see the timeouts block)."
        timer = threading.Timer(seconds, self.cancel, (reason,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class CancellationRegistry:
    """Every request in flight, so that StopProvider can end them and later ones still run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Cancellation] = set()

    @contextmanager
    def register(self) -> Iterator[Cancellation]:
        """Hold a cancellation for the time of one request."""
        cancellation = Cancellation()
        with self._lock:
            self._running.add(cancellation)
        try:
            yield cancellation
        finally:
            with self._lock:
                self._running.discard(cancellation)

    def cancel_all(self, reason: str) -> None:
        """End whatever is in flight now."""
        with self._lock:
            running = list(self._running)
        for cancellation in running:
            cancellation.cancel(reason)
