"""Volumes that a container gets without asking for them by name.

They come from ``Volumes``, from mounts and binds without a source, and from the image's VOLUME.
The engine names them, and labels none of them on its own: so each becomes a mount that the guard
writes, with its owner's labels. The engine still treats it as one without a name, and removes it
with the container where it would have done so.
"""

import posixpath
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from docker_guard import volumes
from docker_guard.call import Call
from docker_guard.names import shown
from docker_guard.ownership import asked_labels, stamped
from docker_guard.refusal import Refused

_MARK = "taller.mount"
"""On a mount of the guard's own: what it stands for is shown in its place."""


async def adopt(call: Call, body: dict[str, Any], image: str, imposed: dict[str, Any]) -> int:
    """Label every volume of a container to be, and return how many have no name.

    Args:
        call: the tenant's.
        body: the container, with the engine's names in it.
        image: id of its image.
        imposed: gets what was asked for where something else takes its place.

    Raises:
        Refused: the engine would create one beside the guard's mounts.
    """
    host = body["HostConfig"]
    mounts = host.setdefault("Mounts", [])
    for mount in mounts:
        if mount["Type"] == "volume":
            _label(call, mount)
    without_source = [bind for bind in host.get("Binds", []) if ":" not in bind]
    if without_source:
        _take_out(call, host, without_source, imposed)
    taken = {_clean(mount.get("Target", "")) for mount in mounts}
    taken |= {_clean(bind.split(":")[1]) for bind in host.get("Binds") or []}
    taken |= await _shared(call, host.get("VolumesFrom", []))
    memory = {_clean(path) for path in host.get("Tmpfs", {})}
    for path in [*without_source, *body.get("Volumes", {}), *await _declared(call, image)]:
        target = _clean(path)
        if target in memory:
            raise Refused(f"«{path}» es a la vez tmpfs y volumen. Quita uno de los dos.")
        if target not in taken:
            taken.add(target)
            mount = {"Type": "volume", "Target": target}
            mounts.append(_label(call, mount, {_MARK: "1"}))
    return sum(mount["Type"] == "volume" and not mount.get("Source") for mount in mounts)


def _take_out(call: Call, host: dict[str, Any], binds: list[str], imposed: dict[str, Any]) -> None:
    asked = shown(host["Binds"], call.tenant)
    host["Binds"] = [bind for bind in host["Binds"] if bind not in binds] or None
    imposed["Binds"] = [shown(host["Binds"], call.tenant), asked]


def places(call: Call, count: int) -> AbstractAsyncContextManager[None]:
    """Places for so many volumes more, held while the container is created."""
    limit = call.policy.volumes
    return call.quota.place(volumes.KIND, limit, lambda: volumes.own(call), count)


async def check(call: Call, identifier: str) -> None:
    """See that a container has no volume but its owner's, and keep which it got; else undo it.

    Raises:
        Refused: it has another: one of its volumes was removed while it was being created.
    """
    container = await call.fetch(f"/containers/{identifier}/json")
    mounts = container.get("Mounts") or []
    names = [mount.get("Name") or "" for mount in mounts if mount.get("Type") == "volume"]
    if not names:
        return
    mine = {volume["Name"]: volume for volume in await volumes.own(call)}
    strange = [name for name in names if name not in mine]
    if strange:
        await call.ask("DELETE", f"/containers/{identifier}", {"v": "1", "force": "1"})
        for name in strange:
            if name.startswith(call.tenant.namespace):
                await call.ask("DELETE", f"/volumes/{name}")
        raise Refused("Un volumen se borró mientras se creaba el contenedor. Repítelo.", 409)
    for name in names:
        if not name.startswith(call.tenant.namespace):
            call.saw("create", "volume", name, volumes.identity(name, mine[name]))


async def watch(call: Call, container: dict[str, Any]) -> "Watch":
    """The volumes without a name of a container that is about to go."""
    names = {mount.get("Name") or "" for mount in container.get("Mounts") or []} - {""}
    unnamed = {name for name in names if not name.startswith(call.tenant.namespace)}
    mine = await volumes.own(call) if unnamed else []
    return Watch(call, [volume for volume in mine if volume["Name"] in unnamed])


class Watch:
    """Keeps which of some volumes have gone."""

    def __init__(self, call: Call, before: list[Any]) -> None:
        self._call = call
        self._before = before

    async def keep(self) -> None:
        """Keep it now."""
        if not self._before:
            return
        left = {volume["Name"] for volume in await volumes.own(self._call)}
        for volume in self._before:
            if (name := volume["Name"]) not in left:
                self._call.saw("remove", "volume", name, volumes.identity(name, volume))


def show(host: dict[str, Any]) -> None:
    """Show the mounts as they were asked for."""
    if not host.get("Mounts"):
        return
    host["Mounts"] = [_shown(mount) for mount in host["Mounts"] if not _is_guards(mount)]
    if not host["Mounts"]:
        del host["Mounts"]


def _shown(mount: dict[str, Any]) -> dict[str, Any]:
    options = dict(mount.get("VolumeOptions") or {})
    labels = asked_labels(options.pop("Labels", None))
    options |= {"Labels": labels} if labels else {}
    rest = {key: value for key, value in mount.items() if key != "VolumeOptions"}
    return rest | ({"VolumeOptions": options} if options else {})


def _is_guards(mount: dict[str, Any]) -> bool:
    return _MARK in ((mount.get("VolumeOptions") or {}).get("Labels") or {})


def _label(call: Call, mount: dict[str, Any], more: dict[str, str] | None = None) -> dict[str, Any]:
    options = mount.setdefault("VolumeOptions", {})
    options["Labels"] = stamped(options.get("Labels", {}), call.tenant) | (more or {})
    return mount


async def _declared(call: Call, image: str) -> Iterable[str]:
    config = (await call.fetch(f"/images/{image}/json")).get("Config") or {}
    return list(config.get("Volumes") or {})


async def _shared(call: Call, sources: list[str]) -> set[str]:
    """Where the volumes of other containers will be; those are labelled already."""
    found: set[str] = set()
    for source in sources:
        container = await call.fetch(f"/containers/{source.partition(':')[0]}/json")
        found |= {_clean(mount.get("Destination") or "") for mount in container.get("Mounts") or []}
    return found


def _clean(path: str) -> str:
    """The path as the engine reads it: from the root, and as Go's path.Clean."""
    return posixpath.normpath("/" + path.lstrip("/"))
