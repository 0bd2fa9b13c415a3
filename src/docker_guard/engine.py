"""The real Docker Engine behind the guard: requests built from scratch, answers as streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlencode

import h11

from docker_guard.errors import GuardError
from docker_guard.refusal import Refused

_BLOCK = 64 * 1024
_ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer that is read whole."""


class EngineAway(Refused):
    """The engine did not answer, or cut its answer: no fault of the one who asked."""


Query = Mapping[str, str]
Body = bytes | IO[bytes]


@dataclass(frozen=True)
class Request:
    """A call of the Engine API, in the guard's own words.

    Attributes:
        method, path: the path includes the API version, already checked and encoded.
        query: parameters, not encoded.
        body: bytes, or a file that is sent from its position on.
        headers: besides those that frame the request.
        more_query: parameters that may be repeated.
    """

    method: str
    path: str
    query: Query
    body: Body = b""
    headers: Mapping[str, str] | None = None
    more_query: Sequence[tuple[str, str]] = ()


class Answer:
    """The engine's answer to one request."""

    def __init__(self, reader: asyncio.StreamReader, parser: h11.Connection) -> None:
        self._reader = reader
        self._parser = parser
        self.status = 0
        self.headers: dict[str, str] = {}

    async def receive_head(self) -> None:
        """Read status and headers."""
        event = await self._event()
        while isinstance(event, h11.InformationalResponse):
            event = await self._event()
        if not isinstance(event, h11.Response):
            raise EngineAway("El Docker Engine cerró la conexión sin responder.", 502)
        self.status = event.status_code
        self.headers = {k.decode().title(): v.decode("latin-1") for k, v in event.headers}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, as it arrives."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            else:
                return

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            Refused: the body is longer than the guard is ready to hold.
        """
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > _ANSWER_LIMIT:
                raise Refused("La respuesta del Docker Engine es demasiado larga.", 502)
        return bytes(body)

    async def _event(self) -> object:
        try:
            while (event := self._parser.next_event()) is h11.NEED_DATA:
                self._parser.receive_data(await self._reader.read(_BLOCK))
        except (h11.RemoteProtocolError, OSError) as error:
            raise EngineAway(f"El Docker Engine cortó su respuesta: {error}", 502) from error
        return event


class Engine:
    """A Docker Engine that listens on a Unix socket.

    Args:
        address: ``unix:///var/run/docker.sock`` or the path alone.

    Raises:
        GuardError: an address of another kind.

    Attributes:
        outages: how many requests it has not answered to their end, because it was not there.
    """

    def __init__(self, address: str) -> None:
        self.outages = 0
        self._version: dict[str, Any] = {}
        self._socket = address.removeprefix("unix://")
        if not self._socket.startswith("/"):
            raise GuardError(
                f"El guardián solo habla con un Docker Engine local, no con «{address}».",
                "Indica su socket: unix:///var/run/docker.sock",
            )

    async def api(self, version: str) -> str:
        """The API version to ask for: the client's (``/v1.38``), or the oldest that is served."""
        if not version:
            return version
        return newer(version, f"/v{(await self.version()).get('MinAPIVersion', '1.24')}")

    async def version(self) -> dict[str, Any]:
        """What the engine says of its version; asked once, for it starts programs to find out.

        Raises:
            Refused: it does not say.
        """
        if not self._version:
            status, answer = await self.json("GET", "/version")
            if status != 200:
                raise Refused(f"El Docker Engine respondió {status} a «version».", status)
            self._version = answer
        return self._version

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        """Send a request; the connection lasts as long as the context.

        Raises:
            EngineAway: with status 503 when no engine answers.
        """
        try:
            reader, writer = await self._connect()
            try:
                parser = h11.Connection(h11.CLIENT)
                answer = Answer(reader, parser)
                await _write(request, parser, writer)
                await answer.receive_head()
                yield answer
            finally:
                writer.close()
        except EngineAway:
            self.outages += not await self._is_there()
            raise

    async def _is_there(self) -> bool:
        """Whether it still takes connections: then it has cut one answer, as a tenant can bring
        about that changes a file while it is read."""
        try:
            _, writer = await self._connect()
        except EngineAway:
            return False
        writer.close()
        return True

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            raise EngineAway(
                f"El Docker Engine no responde ({error.strerror}). Avisa a quien lo administra.",
                503,
            ) from error

    async def json(
        self, method: str, path: str, query: Query | None = None, body: object = None
    ) -> tuple[int, Any]:
        """Call and return the status and the decoded body (None when there is none)."""
        async with self.send(json_request(method, path, query or {}, body)) as answer:
            content = await answer.read()
            return answer.status, json.loads(content) if content.strip() else None


def newer(first: str, second: str) -> str:
    """The newer of two API versions (``/v1.38``)."""
    return max(first, second, key=lambda version: [int(n) for n in version[2:].split(".")])


def json_request(method: str, path: str, query: Query, body: object = None) -> Request:
    """A request whose body, if any, is JSON."""
    if body is None:
        return Request(method, path, query)
    return Request(
        method, path, query, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )


async def _write(request: Request, parser: h11.Connection, writer: asyncio.StreamWriter) -> None:
    query = urlencode([*request.query.items(), *request.more_query])
    target = f"{request.path}?{query}" if query else request.path
    headers = {"Host": "docker", "Connection": "close", **(request.headers or {})}
    if request.method not in ("GET", "HEAD"):
        headers["Content-Length"] = str(length(request.body))
    event = h11.Request(method=request.method, target=target, headers=list(headers.items()))
    try:
        writer.write(parser.send(event) or b"")
        for block in _blocks(request.body):
            writer.write(parser.send(h11.Data(data=block)) or b"")
            await writer.drain()
        writer.write(parser.send(h11.EndOfMessage()) or b"")
        await writer.drain()
    except ConnectionError:
        return  # it answered before it had read everything: the answer says why


def length(body: Body) -> int:
    """How many bytes are left of a body."""
    if isinstance(body, bytes):
        return len(body)
    here = body.tell()
    end = body.seek(0, 2)
    body.seek(here)
    return end - here


def _blocks(body: Body) -> Iterable[bytes]:
    if isinstance(body, bytes):
        return [body] if body else []
    return iter(lambda: body.read(_BLOCK), b"")
