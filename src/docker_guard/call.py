"""One call on its way through the guard: what handlers receive and return."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO, Any

from docker_guard.disk import DiskWatch
from docker_guard.engine import Engine, Request, json_request
from docker_guard.history import Action, History, Kind
from docker_guard.model import decode
from docker_guard.policy import Policy, Tenant
from docker_guard.quota import Quota
from docker_guard.refusal import Refused
from docker_guard.target import Query


@dataclass(frozen=True)
class Reply:
    """An answer that the guard writes itself; a body that is not bytes goes out as JSON."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


async def _nothing() -> None:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Relay:
    """A request whose answer goes to the client as it arrives.

    Attributes:
        seconds: how long it may take; None without limit.
        last_words: what the client reads when the time is up.
        place: held while the answer passes; a quota's place.
        line_filter: applied to each line of the answer; lines for which it returns None are
            left out. Without it the bytes pass unchanged.
        afterwards: called before the client sees the end, and again when the client has left
            before it.
    """

    request: Request
    seconds: float | None = None
    last_words: bytes = b""
    place: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)
    line_filter: Callable[[bytes], bytes | None] | None = None
    afterwards: Callable[[], Awaitable[None]] = _nothing


Handler = Callable[["Call"], Awaitable[Reply | Relay]]


@dataclass
class Call:
    """A request that matched a route, with all that is needed to decide on it.

    Attributes:
        version: ``/v1.38``, or empty when the client named none.
        ref: name or id in the path, empty when the route has none.
        upload: the whole body.
        changed: container's id to what ``docker update`` has set otherwise than asked.
    """

    tenant: Tenant
    policy: Policy
    engine: Engine
    quota: Quota
    disk: DiskWatch
    history: History
    method: str
    version: str
    ref: str
    query: Query
    headers: Mapping[str, str]
    upload: IO[bytes]
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The body, decoded strictly."""
        return decode(self.upload.read())

    def saw(self, action: Action, kind: Kind, name: str, identifier: str) -> None:
        """Keep a change that the client has made; name: the tenant's own for the object."""
        self.history.add(action, kind, name, identifier, self.agent)

    @property
    def agent(self) -> str:
        """What the client says that it is."""
        return self.headers.get("user-agent", "")

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Request:
        """A request to the engine, in the API version that the client speaks."""
        return json_request(method, self.version + path, query or {}, body)

    async def ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> tuple[int, Any]:
        """Call the engine and return the status and the decoded answer."""
        return await self.engine.json(method, self.version + path, query, body)

    async def fetch(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Read something from the engine.

        Raises:
            Refused: the engine's own error, passed on.
        """
        status, answer = await self.ask("GET", path, query)
        if status != 200:
            raise passed_on(status, answer)
        return answer


def passed_on(status: int, answer: Any) -> Refused:
    """The engine's own error, for the client."""
    message = answer.get("message", "") if isinstance(answer, dict) else ""
    return Refused(message or f"El Docker Engine respondió {status}.", status)
