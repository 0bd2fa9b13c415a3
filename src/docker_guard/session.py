"""One connection of a client: read the request, decide, answer."""

import asyncio
import json
import logging
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from docker_guard.call import Call, Relay, Reply
from docker_guard.disk import DiskWatch
from docker_guard.engine import Answer, Engine, EngineAway
from docker_guard.history import History
from docker_guard.http import Exchange, Head
from docker_guard.names import without_namespace
from docker_guard.policy import MEGABYTE, Policy, Tenant
from docker_guard.quota import Quota
from docker_guard.refusal import Refusal, Refused
from docker_guard.refusals import Refusals
from docker_guard.routes import find_route
from docker_guard.target import split_target

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 1.0
_UPLOADS = 2
_AGAINST_POLICY = frozenset({400, 403, 408, 413, 431})
"""Answers worth the instructor's attention; a name that is not there (404) is everyday life."""

_WORDS = frozenset({"message", "Id", "Warning", "Warnings"})
"""What there is in answers that say in the engine's words how a call went."""

_FIRST_ERROR = 400
"""Answers from this status on say in words what failed; names of objects are among them."""

_RELAYED = ("Content-Type", "Api-Version", "Ostype", "Docker-Experimental", "Builder-Version",
            "Server", "X-Docker-Container-Path-Stat")  # fmt: skip
"""Headers of the engine's answer that the client gets."""


@dataclass(frozen=True)
class Session:
    """What all connections of a tenant share."""

    tenant: Tenant
    policy: Policy
    engine: Engine
    quota: Quota
    disk: DiskWatch
    history: History
    refusals: Refusals
    on_fault: Callable[[BaseException], None]
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADS))

    async def serve(self, exchange: Exchange, *, crowded: bool) -> None:
        """Answer the request on a connection, whatever it is; turn it away when crowded.

        Raises:
            ConnectionError: the client left before its answer was complete.
        """
        head = None
        try:
            if crowded:
                raise Refused("Demasiadas peticiones a la vez; espera a que terminen.", 503)  # noqa: TRY301 - answered below
            head = await exchange.head()
            if head is not None:
                await self._decide(exchange, head)
        except Refused as refused:
            await self._refuse(exchange, head, refused)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails in here, the call must not pass
            self.on_fault(error)
            failure = Refused("El guardián del taller falló. Avisa a quien lo administra.", 500)
            await self._refuse(exchange, head, failure)

    async def _refuse(self, exchange: Exchange, head: Head | None, refused: Refused) -> None:
        method, target = (head.method, head.target) if head else ("", "")
        if refused.status in _AGAINST_POLICY:
            self.refusals.add(Refusal(method, target, refused.status, refused.message))
            await asyncio.sleep(self.refusals.delay)
        if not exchange.answering:
            message = without_namespace(refused.message, self.tenant)
            await _reply(exchange, Reply(refused.status, {"message": message}))

    async def _decide(self, exchange: Exchange, head: Head) -> None:
        version, path, query = split_target(head.target)
        route, ref = find_route(head.method, path)
        # Uploads wait for each other: each may take its limit several times over on disk.
        place = self.uploads if route.limit else nullcontext()
        async with place:
            with tempfile.TemporaryFile(buffering=MEGABYTE) as upload:
                await exchange.body(route.body_limit(self.policy), upload)
                upload.seek(0)
                version = await self.engine.api(version)
                call = Call(
                    self.tenant, self.policy, self.engine, self.quota, self.disk, self.history,
                    head.method, version, ref, query, head.headers, upload, self.changed,
                )  # fmt: skip
                outcome = await route.handler(call)
                if isinstance(outcome, Reply):
                    await _reply(exchange, self._named(outcome))
                else:
                    await self._relay(exchange, outcome)

    def _named(self, reply: Reply) -> Reply:
        """An answer with the tenant's names: what the engine said of a failure, and warnings."""
        if isinstance(reply.body, dict) and reply.body.keys() <= _WORDS:
            text = without_namespace(json.dumps(reply.body), self.tenant)
            return replace(reply, body=json.loads(text))
        return reply

    async def _relay(self, exchange: Exchange, relay: Relay) -> None:
        """Pass the engine's answer on until it ends, the client leaves or the time is up."""
        async with relay.place:
            passing = asyncio.ensure_future(self._pass_on(exchange, relay))
            leaving = asyncio.ensure_future(exchange.gone())
            try:
                await asyncio.wait(
                    {passing, leaving}, timeout=relay.seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if leaving.done():  # perhaps only its sending half is closed
                    await asyncio.wait({passing}, timeout=_GRACE_SECONDS)
                if passing.done():
                    await passing
                    return
            finally:
                passing.cancel()
                leaving.cancel()
                await asyncio.gather(passing, leaving, return_exceptions=True)
                await relay.afterwards()
        if not leaving.done() or leaving.cancelled():
            await _time_is_up(exchange, relay)

    async def _pass_on(self, exchange: Exchange, relay: Relay) -> None:
        async with self.engine.send(relay.request) as answer:
            headers = {k: answer.headers[k] for k in _RELAYED if k in answer.headers}
            if answer.status >= _FIRST_ERROR and relay.request.method != "HEAD":
                text = (await answer.read()).decode("utf-8", "replace")
                await exchange.begin(answer.status, headers)
                await exchange.write(without_namespace(text, self.tenant).encode())
                await exchange.finish()
                return
            if relay.request.method == "HEAD":
                headers["Content-Length"] = "0"
            await exchange.begin(answer.status, headers)
            try:
                await _copy(answer, exchange, relay)
            except EngineAway:
                raise
            except Refused as refused:  # a line of it was one too many
                words = {"errorDetail": {"message": refused.message}, "error": refused.message}
                await exchange.write(json.dumps(words).encode() + b"\n")
                await exchange.finish()
                raise
            await relay.afterwards()
            await exchange.finish()


async def _copy(answer: Answer, exchange: Exchange, relay: Relay) -> None:
    keep = relay.line_filter
    rest = b""
    async for chunk in answer.chunks():
        if keep is None:
            await exchange.write(chunk)
            continue
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            if (kept := keep(line)) is not None:
                await exchange.write(kept + b"\n")
    if keep and rest and (kept := keep(rest)) is not None:
        await exchange.write(kept)


async def _reply(exchange: Exchange, reply: Reply) -> None:
    body = b"" if reply.body is None else reply.body
    if not isinstance(body, bytes):
        body = json.dumps(body).encode() + b"\n"
    headers = {"Content-Type": "application/json", **reply.headers}
    await exchange.answer(reply.status, headers, body)


async def _time_is_up(exchange: Exchange, relay: Relay) -> None:
    if not exchange.answering:
        raise Refused(f"Se agotaron los {relay.seconds:g} s de esta operación.", 504)
    await exchange.write(relay.last_words)
    await exchange.finish()
