"""The guard: a Unix socket on which one tenant meets the Docker Engine."""

import asyncio
import logging
import os
import traceback
from collections.abc import Coroutine
from pathlib import Path
from threading import Thread
from typing import Any, Self

from docker_guard.disk import DiskWatch
from docker_guard.engine import Engine
from docker_guard.errors import GuardError
from docker_guard.history import Event, History
from docker_guard.http import HEAD_LIMIT, Exchange
from docker_guard.policy import ISOLATED, Policy, Tenant
from docker_guard.quota import Quota
from docker_guard.refusal import Refusal
from docker_guard.refusals import Refusals
from docker_guard.session import Session

_log = logging.getLogger(__name__)

_SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (sun_path, less its closing zero)."""
_MOST_FAULTS = 10


class Guard:
    """An allow-list proxy of the Docker Engine API for one tenant.

    Use it as a context manager or with start() and stop() from any thread; or with open() and
    close() inside a running event loop, which may serve any number of guards.

    Args:
        tenant: whose objects pass.
        upstream: the real engine, ``unix:///var/run/docker.sock``.
        socket: where to listen; a socket left there by a guard that was killed is replaced.
        policy: limits; the default ones suit the exercises.
        mode: permissions of the socket's file.

    Raises:
        GuardError: the tenant's namespace is the beginning of a name that all tenants share.

    Attributes:
        faults: what failed in the guard itself, with its traceback: no tenant's doing.
    """

    def __init__(
        self, tenant: Tenant, upstream: str, socket: Path, policy: Policy | None = None,
        *, mode: int = 0o600,
    ) -> None:  # fmt: skip
        self.tenant = tenant
        self.policy = policy or Policy()
        self.socket = socket
        self.faults: list[str] = []
        self._refusals = Refusals()
        self._mode = mode
        _check_namespace(tenant, self.policy)
        self._engine = Engine(upstream)
        self._disk = DiskWatch(tenant, self.policy, self._engine, self._refusals.add, self._failed)
        self._history = History(self._failed, limited=self.policy.whole_history)
        self._session = Session(
            tenant, self.policy, self._engine, Quota(self._history), self._disk, self._history,
            self._refusals, self._failed,
        )  # fmt: skip
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread: _LoopThread | None = None

    @property
    def history(self) -> list[Event]:
        """What was created and removed in the tenant's name, oldest first."""
        return self._history.events

    @property
    def refusals(self) -> list[Refusal]:
        """The first calls that were refused."""
        return self._refusals.first

    @property
    def refusal_lines(self) -> list[str]:
        """All that was refused, in a few lines: the first calls, and how many more of each kind."""
        return self._refusals.lines

    @property
    def outages(self) -> int:
        """How many calls the engine has not answered to their end; no tenant can help it."""
        return self._engine.outages

    def _failed(self, error: BaseException) -> None:
        """Keep what failed in here: whoever judges the tenant's work has to know."""
        _log.error("guard of %s failed", self.tenant.namespace, exc_info=error)
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append("".join(traceback.format_exception(error)))

    @property
    def calls(self) -> int:
        """How many connections are open."""
        return len(self._tasks)

    @property
    def failed_builds(self) -> int:
        """How many builds have ended with an error."""
        return self._disk.failed_builds

    @property
    def building(self) -> bool:
        """Whether a build is under way."""
        return self._disk.builds > 0

    async def open(self) -> None:
        """Listen on the socket.

        Raises:
            GuardError: the socket cannot be made there.
        """
        if len(os.fsencode(self.socket)) > _SOCKET_PATH_LIMIT:
            raise GuardError(
                f"La ruta del socket es demasiado larga: {self.socket}",
                f"Elige una carpeta con una ruta más corta: {_SOCKET_PATH_LIMIT} bytes en total.",
            )
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self.accept, self.socket, limit=HEAD_LIMIT)
        self.socket.chmod(self._mode)

    async def close(self) -> None:
        """Stop listening, end the calls under way and remove the socket."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._disk.close()
        await self._history.close()
        self.socket.unlink(missing_ok=True)

    def start(self) -> None:
        """Serve from a thread of its own until stop().

        Raises:
            GuardError: the socket cannot be made there.
        """
        self._thread = _LoopThread()
        try:
            self._thread.run(self.open())
        except BaseException:
            self._thread.end()
            raise

    def stop(self) -> None:
        """End what start() began."""
        if self._thread is not None:
            self._thread.run(self.close())
            self._thread.end()
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection of the tenant's, by whatever way it came."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._session.serve(
                Exchange(reader, writer), crowded=len(self._tasks) > self.policy.connections
            )
        except ConnectionError:
            _log.debug("the client left before its answer was complete")
        finally:
            writer.close()


def _check_namespace(tenant: Tenant, policy: Policy) -> None:
    for shared in (ISOLATED, *policy.images):
        if shared.startswith(tenant.namespace):
            raise GuardError(
                f"El espacio «{tenant.namespace}» es el comienzo de «{shared}», que es de todos.",
                "Elige otro: unas letras y cifras que nadie adivine.",
            )


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="guard", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        self.run(self._loop.shutdown_asyncgens())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
