"""One HTTP/1.1 request on a client's connection, read without any leniency (RFC 9112).

A connection carries one request: whatever comes after it is never interpreted, so nothing can hide
behind it. h11 decodes; before it, the raw head is searched for what h11 forgives.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

import h11

from docker_guard.refusal import Refused, malformed

HEAD_LIMIT = 32 * 1024
"""Bytes of a request line and its headers."""

HEAD_SECONDS = 60.0
BODY_SECONDS = 300.0
LINGER_SECONDS = 2.0
LINGER_BYTES = 256 * 1024 * 1024

_BLOCK = 64 * 1024
_REQUEST_LINE = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) (/[\x21-\x7e]*) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_LISTS = frozenset({"accept"})
"""Headers that may come again, which then add to each other; the command line 29 repeats it."""
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True)
class Head:
    """Request line and headers; header names in lower case, each once."""

    method: str
    target: str
    headers: Mapping[str, str]


class Exchange:
    """A request and its answer on one connection.

    Attributes:
        answering: whether a part of the answer has gone out.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._complete = False
        self._head_only = False
        self.answering = False

    async def head(self) -> Head | None:
        """Read the head; None when the client closed the connection without a request.

        Raises:
            Refused: a head that is malformed, too long or too slow.
        """
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                raw = await self._reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise Refused("La petición tardó demasiado en llegar.", 408) from None
        except asyncio.LimitOverrunError:
            raise Refused("Las cabeceras de la petición son demasiado largas.", 431) from None
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise malformed("termina a la mitad") from None
            return None
        head = parse_head(raw)
        self._head_only = head.method == "HEAD"
        self._parser.receive_data(raw)
        self._next_event()
        return head

    async def body(self, limit: int, sink: IO[bytes]) -> int:
        """Read the whole body into ``sink`` and return its length in bytes.

        Raises:
            Refused: a body over ``limit`` bytes, malformed, truncated or too slow.
        """
        if self._parser.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._read_body(limit, sink)
        except TimeoutError:
            raise Refused("El cuerpo de la petición tardó demasiado en llegar.", 408) from None

    async def _read_body(self, limit: int, sink: IO[bytes]) -> int:
        length = 0
        while True:
            event = self._next_event()
            if event is h11.NEED_DATA:
                self._parser.receive_data(await self._reader.read(_BLOCK))
            elif isinstance(event, h11.Data):
                length += len(event.data)
                if length > limit:
                    raise Refused(f"El cuerpo pasa de {limit} bytes, que es el tope.", 413)
                sink.write(event.data)
            elif isinstance(event, h11.EndOfMessage):
                if list(event.headers):
                    raise malformed("trae cabeceras después del cuerpo")
                self._complete = True
                return length

    def _next_event(self) -> object:
        try:
            return self._parser.next_event()
        except h11.RemoteProtocolError as error:
            raise malformed(str(error)) from None

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer; without its body when the client asked for the head alone."""
        await self.begin(status, {**headers, "Content-Length": str(len(body))})
        if not self._head_only:
            await self.write(body)
        await self.finish()

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers; without Content-Length the body goes out in chunks."""
        self.answering = True
        fields = [*headers.items(), ("Connection", "close")]
        self._send(h11.Response(status_code=status, headers=fields))
        await self._writer.drain()

    async def write(self, data: bytes) -> None:
        """Send a part of the body, as soon as the client takes it."""
        self._send(h11.Data(data=data))
        await self._writer.drain()

    async def finish(self) -> None:
        """End the body, and let a client that is still sending reach the answer."""
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        if not self._complete:
            await self._linger()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        while await self._reader.read(_BLOCK):
            pass

    async def _linger(self) -> None:
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0 and (block := await self._reader.read(_BLOCK)):
                    left -= len(block)
        except TimeoutError:
            return  # it had its time to read the answer

    def _send(self, event: h11.Event) -> None:
        data = self._parser.send(event)
        if data:
            self._writer.write(data)


def parse_head(raw: bytes) -> Head:
    """Read a request's head, up to and including the empty line.

    Raises:
        Refused: anything that two HTTP implementations could read in two ways.
    """
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw):
        raise malformed("un fin de línea suelto o un byte nulo en la cabecera")
    first, *lines = raw[:-4].split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise malformed("su primera línea no es «MÉTODO /ruta HTTP/1.1»")
    headers = _headers(lines)
    _framing(headers, minor=line[3])
    return Head(line[1].decode(), line[2].decode(), headers)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw in lines:
        header = _HEADER.fullmatch(raw)
        if header is None:
            raise malformed("una cabecera mal escrita o partida en dos líneas")
        name, value = header[1].decode().lower(), header[2].decode("latin-1").strip(" \t")
        if name in headers and name not in _LISTS:
            raise malformed(f"la cabecera {name} está repetida")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _framing(headers: Mapping[str, str], minor: bytes) -> None:
    """Where the body ends must be said once and in one way."""
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and not _LENGTH.fullmatch(length):
        raise malformed("Content-Length no es un número")
    if coding is not None and (coding != "chunked" or minor == b"0"):
        raise malformed("Transfer-Encoding no es «chunked»")
    if length is not None and coding is not None:
        raise malformed("trae Content-Length y Transfer-Encoding a la vez")
    if "upgrade" in headers or "upgrade" in headers.get("connection", "").lower():
        raise Refused(
            "Una conexión interactiva (attach, exec, BuildKit) no pasa por el guardián. "
            "Usa «docker run -d» y «docker logs», y construye con DOCKER_BUILDKIT=0."
        )
