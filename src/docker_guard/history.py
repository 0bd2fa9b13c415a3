"""What was created and removed in a tenant's name, and by which client, as the guard saw it."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from docker_guard.refusal import Refused

Action = Literal["create", "remove"]
Kind = Literal["volume", "network", "container", "image"]

_MOST_CREATED = 1000
_KEPT = 3 * _MOST_CREATED
"""A removal for each creation, and some room: an image may lose a name that it never got here."""
_TERRAFORM = re.compile(r"terraform-provider-docker/|Go-http-client/|moby-client", re.ASCII)
"""The embedded provider says its name; kreuzwerker/docker leaves that to its Go client, and the
docker command line and the SDKs have names of their own."""


@dataclass(frozen=True)
class Event:
    """One change.

    Attributes:
        at: seconds since 1970.
        name: as the tenant calls the object.
        id: the engine's; a volume has none: its name and the moment of its creation.
        by: what the client says that it is, which a tenant can forge.
    """

    at: float
    action: Action
    kind: Kind
    name: str
    id: str
    by: Literal["terraform", "other"]


class History:
    """A record of a tenant's changes, the last three thousand of them.

    Args:
        on_fault: told what fails while nobody waits for it.
        limited: whether it must be whole, because a verdict rests on it: nothing more is created
            when it is full.
    """

    def __init__(self, on_fault: Callable[[BaseException], None], *, limited: bool = True) -> None:
        self._on_fault = on_fault
        self._room = _MOST_CREATED if limited else None
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def events(self) -> list[Event]:
        """The changes, oldest first."""
        return list(self._events)

    def check(self) -> None:
        """See whether there is room for one more object.

        Raises:
            Refused: there is not.
        """
        if self._room == 0:
            raise Refused(
                f"Ya has creado {_MOST_CREATED} objetos, contando los que borraste, que es el "
                "tope. Deja solo los que pide el ejercicio."
            )

    def add(self, action: Action, kind: Kind, name: str, identifier: str, agent: str) -> None:
        """Keep a change; a container that is gone already does not go again.

        Args:
            action, kind, name, identifier: see Event.
            agent: the client's User-Agent.
        """
        if kind == "container" and action == "remove" and self._is_gone(identifier):
            return
        if action == "create" and self._room:
            self._room -= 1
        by: Literal["terraform", "other"] = "terraform" if _TERRAFORM.match(agent) else "other"
        self._events.append(Event(time.time(), action, kind, name, identifier, by))

    def _is_gone(self, identifier: str) -> bool:
        return any(event.action == "remove" and event.id == identifier for event in self._events)

    def wait_until_gone(
        self, gone: Awaitable[object], name: str, identifier: str, agent: str
    ) -> None:
        """Keep the removal of a container that nobody will ask for: it removes itself."""

        async def wait() -> None:
            try:
                await gone
            except Refused:  # the engine is away: what it removes meanwhile nobody can see
                return
            except Exception as error:  # noqa: BLE001 - nobody waits for this task: it must be told
                self._on_fault(error)
                return
            self.add("remove", "container", name, identifier, agent)

        waiting = asyncio.ensure_future(wait())
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait for nothing any more."""
        waiting = list(self._waiting)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
