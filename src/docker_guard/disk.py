"""How much disk a tenant's containers and builds fill, and what ends them when it is too much.

An engine on an ordinary file system bounds neither a volume nor what a container writes into
itself. So the guard looks from time to time while containers run, and kills them beyond the limit.
The containers of a build's steps have the labels of what they build upon, so they are among them.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from docker_guard.engine import Engine
from docker_guard.folder_size import folder_size
from docker_guard.policy import MEGABYTE, Policy, Tenant
from docker_guard.refusal import Refusal, Refused

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_MOST_FILES = 1_000_000
_STATUS = 507
"""Insufficient Storage (RFC 4918)."""


class DiskWatch:
    """Looks at what one tenant has while any of its containers, or a build, runs.

    Attributes:
        builds: how many are under way.
    """

    def __init__(
        self, tenant: Tenant, policy: Policy, engine: Engine, on_refusal: Callable[[Refusal], None]
    ) -> None:
        self._limit = policy.disk_mb * MEGABYTE
        self._engine = engine
        self._on_refusal = on_refusal
        self._mine = json.dumps({"label": [f"taller.prefix={tenant.namespace}"]})
        self._own_layer = f"LABEL taller.prefix={tenant.namespace}"
        self._layers: dict[str, dict[str, int]] = {}
        self.builds = 0
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """A container is about to run."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    @asynccontextmanager
    async def during_build(self) -> AsyncIterator[None]:
        """Look on between the steps of a build, too."""
        self.builds += 1
        self.wake()
        try:
            yield
        finally:
            self.builds -= 1

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        running = [""]
        while running or self.builds:
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
            used += await self._volumes() + await self._built()
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

    async def _built(self) -> int:
        """Bytes of the layers that the tenant has built; those in common lie below its label."""
        images = await self._get("/images/json", {})
        for identifier in {image["Id"] for image in images} - self._layers.keys():
            status, history = await self._engine.json("GET", f"/images/{identifier}/history")
            if status == 200:  # else it went meanwhile
                self._layers[identifier] = self._own(history)
        kept = [self._layers.get(image["Id"], {}) for image in images]
        return sum({layer: size for layers in kept for layer, size in layers.items()}.values())

    def _own(self, history: list[dict[str, Any]]) -> dict[str, int]:
        """Layer to size, newest first, down to the tenant's first label."""
        marks = [n for n, layer in enumerate(history) if self._own_layer in layer["CreatedBy"]]
        return {layer["Id"]: layer["Size"] for layer in history[: max(marks, default=0)]}

    def _size(self, folder: Path) -> int:
        return folder_size(folder, self._limit, _MOST_FILES)[0]

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        status, answer = await self._engine.json("GET", path, {**query, "filters": self._mine})
        if status != 200:
            raise Refused(str(answer), status)
        return answer
