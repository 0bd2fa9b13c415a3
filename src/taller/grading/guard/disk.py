"""How much disk a tenant's running containers fill, and what ends them when it is too much.

An engine on an ordinary file system bounds neither a volume nor what a container writes into
itself. So the guard looks from time to time while containers run, and kills them beyond the limit.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taller.grading.folder_size import folder_size
from taller.grading.guard.engine import Engine
from taller.grading.guard.policy import MEGABYTE, Policy, Tenant
from taller.grading.guard.refusal import Refusal, Refused

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_MOST_FILES = 1_000_000
_STATUS = 507
"""Insufficient Storage (RFC 4918)."""


class DiskWatch:
    """Looks at one tenant's volumes and containers while any of the containers runs."""

    def __init__(
        self, tenant: Tenant, policy: Policy, engine: Engine, on_refusal: Callable[[Refusal], None]
    ) -> None:
        self._limit = policy.disk_mb * MEGABYTE
        self._engine = engine
        self._on_refusal = on_refusal
        self._mine = json.dumps({"label": [f"taller.prefix={tenant.prefix}"]})
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """A container is about to run."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        running = [""]
        while running:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                running = await self._look()
            except Refused as refused:  # the engine is away: nothing of it runs for us to watch
                _log.warning("disk use is not watched: %s", refused.message)
                return

    async def _look(self) -> list[str]:
        """Measure, kill if need be, and return the containers that still run."""
        containers = await self._get("/containers/json", {"all": "1", "size": "1"})
        running = [c["Id"] for c in containers if c["State"] == "running"]
        used = sum(c.get("SizeRw", 0) for c in containers)
        if running:
            used += await self._volumes()
        if used <= self._limit:
            return running
        for identifier in running:
            await self._engine.json("POST", f"/containers/{identifier}/kill")
        self._on_refusal(
            Refusal("", "", _STATUS, f"Tus contenedores ocuparon {used // MEGABYTE} MB de disco, "
                    f"más que los {self._limit // MEGABYTE} MB del tope, y se detuvieron.")
        )  # fmt: skip
        return []

    async def _volumes(self) -> int:
        volumes = (await self._get("/volumes", {}))["Volumes"] or []
        folders = [Path(volume["Mountpoint"]) for volume in volumes]
        if all(os.access(folder, os.R_OK | os.X_OK) for folder in folders):
            sizes = [await asyncio.to_thread(self._size, folder) for folder in folders]
            return sum(sizes)
        # We are not root, or the engine is elsewhere: it measures itself, all of it at once.
        names = {volume["Name"] for volume in volumes}
        _, usage = await self._engine.json("GET", "/system/df")
        known = usage.get("Volumes") or []
        return sum(max(v["UsageData"]["Size"], 0) for v in known if v["Name"] in names)

    def _size(self, folder: Path) -> int:
        return folder_size(folder, self._limit, _MOST_FILES)[0]

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        status, answer = await self._engine.json("GET", path, {**query, "filters": self._mine})
        if status != 200:
            raise Refused(str(answer), status)
        return answer
