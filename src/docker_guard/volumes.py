"""Volumes: named, of the local driver, without options, and only the tenant's own."""

import re
from typing import Any

from docker_guard.call import Call, Reply, passed_on
from docker_guard.filters import own_filters
from docker_guard.model import choice, rebuild, refuse, text, text_map
from docker_guard.ownership import asked_labels, check_name, owned, stamped
from docker_guard.refusal import Refused

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", re.ASCII)

_RULES = {
    "Name": text,
    "Driver": choice("local"),
    "DriverOpts": refuse("con opciones un volumen puede montar carpetas del equipo."),
    "Labels": text_map,
}
_FILTERS = frozenset({"name", "dangling", "driver"})


async def create(call: Call) -> Reply:
    """POST /volumes/create"""
    call.query.finish()
    body = rebuild(call.body(), _RULES, "un volumen")
    volume = await ensure(call, body.get("Name", ""), body.get("Labels", {}))
    return Reply(201, _shown(volume))


async def ensure(call: Call, name: str, labels: dict[str, str]) -> dict[str, Any]:
    """Return the tenant's volume of that name, after creating it if there is none.

    Raises:
        Refused: a name that is not the tenant's, or the quota is reached.
    """
    check_name(name, call.tenant, "el volumen")
    if not NAME.fullmatch(name):
        raise Refused(f"«{name}» no es un nombre de volumen.", 400)
    async with call.quota.place("volúmenes", call.policy.volumes, lambda: others(call, name)):
        status, volume = await call.ask("GET", f"/volumes/{name}")
        if status == 404:
            body = {"Name": name, "Driver": "local", "Labels": stamped(labels, call.tenant)}
            status, volume = await call.ask("POST", "/volumes/create", body=body)
            if status == 201:
                call.saw("create", "volume", name, identity(name, volume))
    if status not in (200, 201):
        raise passed_on(status, volume)
    if not owned(volume["Labels"], call.tenant):
        raise Refused(f"El volumen «{name}» existe y no es tuyo. Usa otro nombre.", 409)
    return dict(volume)


async def others(call: Call, name: str) -> list[Any]:
    """The tenant's volumes but the one of that name: creating it again takes no place."""
    return [volume for volume in await _own(call) if volume["Name"] != name]


async def _own(call: Call, filters: str = "") -> list[Any]:
    query = {"filters": own_filters(filters, call.tenant, _FILTERS)}
    listed = await call.fetch("/volumes", query)
    return [v for v in listed["Volumes"] or [] if owned(v["Labels"], call.tenant)]


async def list_own(call: Call) -> Reply:
    """GET /volumes"""
    filters = call.query.text("filters")
    call.query.finish()
    volumes = await _own(call, filters)
    return Reply(200, {"Volumes": [_shown(volume) for volume in volumes], "Warnings": None})


async def find(call: Call, name: str) -> dict[str, Any]:
    """The tenant's volume of that name.

    Raises:
        Refused: as the engine answers when there is none.
    """
    if NAME.fullmatch(name):
        status, volume = await call.ask("GET", f"/volumes/{name}")
        if status == 200 and owned(volume["Labels"], call.tenant):
            return dict(volume)
        if status >= 500:
            raise passed_on(status, volume)
    raise Refused(f"get {name}: no such volume", 404)


async def inspect(call: Call) -> Reply:
    """GET /volumes/{name}"""
    call.query.finish()
    return Reply(200, _shown(await find(call, call.ref)))


async def delete(call: Call) -> Reply:
    """DELETE /volumes/{name}"""
    force = call.query.flag("force")
    call.query.finish()
    volume = await find(call, call.ref)
    query = {"force": "1"} if force else {}
    status, answer = await call.ask("DELETE", f"/volumes/{volume['Name']}", query)
    if status == 204:
        call.saw("remove", "volume", call.ref, identity(call.ref, volume))
    return Reply(status, answer)


def identity(name: str, volume: dict[str, Any]) -> str:
    """What tells a volume from a later one of the same name."""
    return f"{name} {volume.get('CreatedAt', '')}"


def _shown(volume: dict[str, Any]) -> dict[str, Any]:
    return {**volume, "Labels": asked_labels(volume["Labels"]) or None}
