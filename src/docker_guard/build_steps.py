"""The containers of a build's steps: the classic builder bounds all of them but their processes.

It has no parameter for that. But a step's container is one like others, with the labels of what the
step builds upon: so its limit is set as soon as the engine says that it is there.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from docker_guard.answers import part
from docker_guard.engine import Engine, Request
from docker_guard.policy import Policy, Tenant
from docker_guard.refusal import Refused

_log = logging.getLogger(__name__)


class BuildSteps:
    """Bounds the processes of the steps of one tenant's builds."""

    def __init__(
        self, tenant: Tenant, policy: Policy, engine: Engine,
        on_fault: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self._on_fault = on_fault
        self._limit = policy.processes
        self._engine = engine
        self._filters = {
            "type": ["container"], "event": ["create", "start"],
            "label": [f"taller.prefix={tenant.namespace}"],
        }  # fmt: skip

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Bound those that begin meanwhile.

        Raises:
            EngineAway: the engine does not answer.
        """
        listening = asyncio.Event()
        task = asyncio.ensure_future(self._follow(listening))
        try:
            await asyncio.wait({task, waiting := asyncio.ensure_future(listening.wait())},
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            waiting.cancel()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, listening: asyncio.Event) -> None:
        try:
            await self._listen(listening)
        except Refused as refused:  # the engine went: the build says so, and its outages count
            _log.warning("the steps of a build are not bounded: %s", refused.message)
        except Exception as error:  # noqa: BLE001 - nobody reads this task's end: it must be told
            self._on_fault(error)

    async def _listen(self, listening: asyncio.Event) -> None:
        request = Request("GET", "/events", {"filters": json.dumps(self._filters)})
        async with self._engine.send(request) as answer:
            listening.set()
            rest = b""
            async for chunk in answer.chunks():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    await self._bound(str(part(json.loads(line), "Actor").get("ID", "")))

    async def _bound(self, identifier: str) -> None:
        try:
            status, container = await self._engine.json("GET", f"/containers/{identifier}/json")
            if status == 200 and (part(container, "HostConfig").get("PidsLimit") or 0) <= 0:
                body = {"PidsLimit": self._limit}
                await self._engine.json("POST", f"/containers/{identifier}/update", body=body)
        except Refused as refused:
            _log.warning("a step of a build is not bounded: %s", refused.message)
