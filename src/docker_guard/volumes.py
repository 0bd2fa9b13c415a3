"""Volumes: named, of the local driver, without options, and only the tenant's own."""

import re
import secrets
from typing import Any

from docker_guard.call import Call, Reply, passed_on
from docker_guard.filters import own_filters, split_names
from docker_guard.model import DROP, choice, rebuild, text, text_map
from docker_guard.names import asked_name, is_name, matches_any, real_name, shown
from docker_guard.ownership import asked_labels, owned, show_asked, stamped
from docker_guard.refusal import Refused
from docker_guard.volume_options import binds

KIND = "volúmenes"
"""What the quota calls them."""

_UNNAMED = re.compile("[0-9a-f]{64}", re.ASCII)
_NAME_BYTES = 32
"""Of the name that a volume gets when its owner gives none, as the engine does it."""


def harmless_options(value: object, name: str) -> object:
    """Options of the local driver that mount nothing: they change nothing, and are shown."""
    options = text_map(value, name)
    if binds(options):
        raise Refused(
            f"«{name}» no está permitido: con esas opciones el volumen monta algo de fuera. Quita "
            "driver_opts: un docker_volume sin opciones guarda los datos."
        )
    return options or DROP


_RULES = {
    "Name": text,
    "Driver": choice("local"),
    "DriverOpts": harmless_options,
    "Labels": text_map,
}
_FILTERS = frozenset({"name", "dangling", "driver"})


async def create(call: Call) -> Reply:
    """POST /volumes/create"""
    call.query.finish()
    body = rebuild(call.body(), _RULES, "un volumen")
    name = body.get("Name") or secrets.token_hex(_NAME_BYTES)
    volume = await ensure(call, name, body.get("Labels", {}), body.get("DriverOpts"))
    return Reply(201, _shown(call, volume))


async def ensure(
    call: Call, name: str, labels: dict[str, str], options: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the tenant's volume of that name, after creating it if there is none.

    Raises:
        Refused: not a name, or the quota is reached.
    """
    real = real_name(name, call.tenant, "el volumen")
    async with call.quota.place(KIND, call.policy.volumes, lambda: others(call, real)):
        status, volume = await call.ask("GET", f"/volumes/{real}")
        if status == 404:
            imposed = {"Options": [None, options]} if options else {}
            marks = stamped(labels, call.tenant, imposed)
            body = {"Name": real, "Driver": "local", "Labels": marks}
            status, volume = await call.ask("POST", "/volumes/create", body=body)
            if status == 201:
                call.saw("create", "volume", name, identity(name, volume))
    if status not in (200, 201):
        raise passed_on(status, volume)
    if not owned(volume.get("Labels"), call.tenant):
        raise Refused(f"El volumen «{name}» existe y no es tuyo. Usa otro nombre.", 409)
    return dict(volume)


async def others(call: Call, real: str) -> list[Any]:
    """The tenant's volumes but the one of that name: creating it again takes no place."""
    return [volume for volume in await own(call) if volume["Name"] != real]


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's volumes, those without a name too."""
    names, others = split_names(filters)
    query = {"filters": own_filters(others, call.tenant, _FILTERS)}
    listed = await call.fetch("/volumes", query)
    mine = [v for v in listed.get("Volumes") or [] if owned(v.get("Labels"), call.tenant)]
    tenant = call.tenant
    return [v for v in mine if not names or matches_any(names, [asked_name(v["Name"], tenant)])]


async def list_own(call: Call) -> Reply:
    """GET /volumes"""
    filters = call.query.text("filters")
    call.query.finish()
    volumes = await own(call, filters)
    return Reply(200, {"Volumes": [_shown(call, volume) for volume in volumes], "Warnings": None})


async def find(call: Call, name: str) -> dict[str, Any]:
    """The tenant's volume of that name.

    Raises:
        Refused: as the engine answers when there is none.
    """
    if is_name(name):
        unnamed = [name] if _UNNAMED.fullmatch(name) else []  # the engine's own, where it had none
        for real in (call.tenant.namespace + name, *unnamed):
            status, volume = await call.ask("GET", f"/volumes/{real}")
            if status == 200 and owned(volume.get("Labels"), call.tenant):
                return dict(volume)
            if status >= 500:
                raise passed_on(status, volume)
    raise Refused(f"get {name}: no such volume", 404)


async def inspect(call: Call) -> Reply:
    """GET /volumes/{name}"""
    call.query.finish()
    return Reply(200, _shown(call, await find(call, call.ref)))


async def delete(call: Call) -> Reply:
    """DELETE /volumes/{name}"""
    force = call.query.flag("force")
    call.query.finish()
    volume = await find(call, call.ref)
    query = {"force": "1"} if force else {}
    async with call.quota.turn(KIND):  # not while a container that uses it is being created
        status, answer = await call.ask("DELETE", f"/volumes/{volume['Name']}", query)
        if status == 204:
            call.saw("remove", "volume", call.ref, identity(call.ref, volume))
    return Reply(status, answer)


def identity(name: str, volume: dict[str, Any]) -> str:
    """What tells a volume from a later one of the same name."""
    return f"{name} {volume.get('CreatedAt', '')}"


def _shown(call: Call, volume: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = shown(volume, call.tenant)
    show_asked(named, volume.get("Labels"))
    return {**named, "Labels": asked_labels(volume.get("Labels")) or None}
