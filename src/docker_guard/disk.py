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

from docker_guard.build_steps import BuildSteps
from docker_guard.disk_answers import Layer, own_layers, volume_sizes
from docker_guard.engine import Engine, EngineAway
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
        failed_builds: how many have ended with an error.
        stopped: why the last container or build was stopped, in Spanish; empty until one is.
    """

    def __init__(
        self, tenant: Tenant, policy: Policy, engine: Engine,
        on_refusal: Callable[[Refusal], None], on_fault: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self._limit = policy.disk_mb * MEGABYTE
        self._engine = engine
        self._on_refusal = on_refusal
        self._on_fault = on_fault
        self._mine = json.dumps({"label": [f"taller.prefix={tenant.namespace}"]})
        self._own_layer = f"LABEL taller.prefix={tenant.namespace}"
        self._layers: dict[str, dict[Layer, int]] = {}
        self._uploaded: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._steps = BuildSteps(tenant, policy, engine, on_fault)
        self.stopped = ""
        self.builds = 0
        self.failed_builds = 0
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """A container is about to run."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    @asynccontextmanager
    async def during_build(self) -> AsyncIterator[None]:
        """Look on between the steps of a build, too.

        Raises:
            Refused: there is no room for more.
        """
        self.stopped = ""
        await self.make_room()
        self.builds += 1
        self.wake()
        try:
            async with self._steps.limited():
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
            except EngineAway as away:  # nothing of it runs for us to watch
                _log.warning("disk use is not watched: %s", away.message)
                return
            except Refused as refused:  # an object went while we looked
                _log.warning("disk use was not measured: %s", refused.message)
            except Exception as error:  # noqa: BLE001 - nobody waits for this task: it must be told
                self._on_fault(error)
                return

    async def _look(self) -> list[str]:
        """Measure, kill if need be, and return the containers that still run."""
        used, running = await self._measure()
        if used <= self._limit:
            return running
        for identifier in running:
            await self._engine.json("POST", f"/containers/{identifier}/kill")
        self.stopped = (
            f"Tus contenedores ocuparon {used // MEGABYTE} MB de disco, más que los "
            f"{self._limit // MEGABYTE} MB del tope, y se detuvieron."
        )
        self._on_refusal(Refusal("", "", _STATUS, self.stopped))
        return []

    async def make_room(self, size: int = 0, identifier: str = "") -> None:
        """See that so many bytes more fit, before they are written into a container.

        What was uploaded counts for as long as the container exists, whether it runs or not.

        Raises:
            Refused: they do not fit.
        """
        async with self._lock:
            used, _ = await self._measure()
            if used + size > self._limit:
                raise Refused(
                    f"No queda sitio: tus objetos ocupan {used // MEGABYTE} MB de disco y el tope "
                    f"son {self._limit // MEGABYTE} MB. Borra lo que no uses con «terraform "
                    "destroy» antes de seguir.",
                    413,
                )
            if identifier:
                self._uploaded[identifier] = self._uploaded.get(identifier, 0) + size

    async def _measure(self) -> tuple[int, list[str]]:
        """Bytes of all that the tenant has, and its containers that run."""
        containers = await self._get("/containers/json", {"all": "1", "size": "1"})
        self._uploaded = {c["Id"]: self._uploaded.get(c["Id"], 0) for c in containers}
        written = sum(max(c.get("SizeRw") or 0, self._uploaded[c["Id"]]) for c in containers)
        used = written + await self._volumes(containers) + await self._built()
        return used, [c["Id"] for c in containers if c.get("State") == "running"]

    async def _volumes(self, containers: list[dict[str, Any]]) -> int:
        """Bytes of the tenant's volumes, and of those that steps of its builds have got."""
        volumes = (await self._get("/volumes", {})).get("Volumes") or []
        known = {volume["Name"] for volume in volumes}
        mounts = (mount for c in containers for mount in c.get("Mounts") or [])
        for name in {m.get("Name") for m in mounts if m.get("Type") == "volume"} - known - {None}:
            status, volume = await self._engine.json("GET", f"/volumes/{name}")
            volumes += [volume] if status == 200 else []
        return await self._bytes_of(volumes)

    async def _bytes_of(self, volumes: list[dict[str, Any]]) -> int:
        folders = [Path(volume.get("Mountpoint") or "") for volume in volumes]
        if all(folder.is_absolute() and os.access(folder, os.R_OK | os.X_OK) for folder in folders):
            sizes = [await asyncio.to_thread(self._size, folder) for folder in folders]
            return sum(sizes)
        # We are not root, or the engine is elsewhere: it measures itself, all of it at once.
        names = {volume["Name"] for volume in volumes}
        _, usage = await self._engine.json("GET", "/system/df")
        return sum(size for name, size in volume_sizes(usage or {}).items() if name in names)

    async def _built(self) -> int:
        """Bytes of the layers that the tenant has built; those in common lie below its label."""
        images = await self._get("/images/json", {})
        for identifier in {image["Id"] for image in images} - self._layers.keys():
            status, history = await self._engine.json("GET", f"/images/{identifier}/history")
            if status == 200:  # else it went meanwhile
                self._layers[identifier] = own_layers(history or [], self._own_layer)
        kept = [self._layers.get(image["Id"], {}) for image in images]
        return sum({layer: size for layers in kept for layer, size in layers.items()}.values())

    def _size(self, folder: Path) -> int:
        return folder_size(folder, self._limit, _MOST_FILES)[0]

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        status, answer = await self._engine.json("GET", path, {**query, "filters": self._mine})
        if status != 200:
            raise Refused(str(answer), status)
        return answer
