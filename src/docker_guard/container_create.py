"""POST /containers/create: what it refers to must be the tenant's, and limits are set."""

import re
import secrets
from typing import Any

from docker_guard import anonymous, containers, images, networks, volumes
from docker_guard.answers import part
from docker_guard.call import Call, Reply
from docker_guard.container_body import CREATE_RULES
from docker_guard.model import rebuild
from docker_guard.names import add_alias, is_name, real_name, shown
from docker_guard.neutral import imposed, new_limits, slower_checks
from docker_guard.ownership import stamped
from docker_guard.policy import ISOLATED
from docker_guard.refusal import Refused

_NAME_BYTES = 8
"""Of the name that a container gets when its owner gives none."""

_BIND_MODES = frozenset({"rw", "ro", "z", "Z", "nocopy"})
_NOWHERE = "192.0.2.1"
"""A name server that is not there (TEST-NET-1, RFC 5737): engines before 26.0 may otherwise pass
the lookups of internal networks on to the host's own resolver (CVE-2024-29018)."""


async def create(call: Call) -> Reply:
    """POST /containers/create"""
    name = call.query.text("name").removeprefix("/") or secrets.token_hex(_NAME_BYTES)
    real = real_name(name, call.tenant, "el contenedor")
    if call.query.text("platform") not in ("", "linux/amd64", "linux/arm64"):
        raise Refused("«platform» solo puede ser linux/amd64 o linux/arm64.")
    call.query.finish()
    body = rebuild(call.body(), CREATE_RULES, "un contenedor")
    host = body.setdefault("HostConfig", {})
    image, found = body.get("Image", ""), await images.find(call, body.get("Image", ""))
    body["Image"] = found.name
    config = {"Image": [shown(found.name, call.tenant), image]}
    config |= await _slow_down(call, body, found.identifier)
    echo = await _adopt_volumes(call, host)
    body["HostConfig"], seen = new_limits(host, call.policy)
    host = body["HostConfig"]
    echo |= imposed(host, seen)
    echo |= await _adopt_networks(call, body, host, name)
    unnamed = await anonymous.adopt(call, body, found.identifier, echo)
    body["Labels"] = stamped(body.get("Labels", {}), call.tenant, echo, config=config)
    limit = call.policy.containers
    place = call.quota.place("contenedores", limit, lambda: containers.own(call))
    async with place, anonymous.places(call, unnamed):
        status, answer = await call.ask("POST", "/containers/create", {"name": real}, body)
        if status == 201:
            await anonymous.check(call, answer["Id"])
    if status == 201:
        containers.was_created(
            call, name, answer["Id"], removes_itself=host.get("AutoRemove", False)
        )
    return Reply(status, answer)


async def _slow_down(call: Call, body: dict[str, Any], image: str) -> dict[str, Any]:
    """Check health once a second at most, as asked for or as the image says; for the echo."""
    asked = body.get("Healthcheck")
    if asked is None:
        found = await call.fetch(f"/images/{image}/json")
        asked = part(found, "Config").get("Healthcheck") or {}
    real = slower_checks(asked)
    if real == asked:
        return {}
    body["Healthcheck"] = real
    return {"Healthcheck": [real, asked]}


async def _adopt_volumes(call: Call, host: dict[str, Any]) -> dict[str, Any]:
    """Resolve the volumes by the tenant's names; returns what was imposed."""
    if "Binds" in host:
        host["Binds"] = [await _adopt_bind(call, bind) for bind in host["Binds"]]
    for mount in host.get("Mounts", []):
        if mount.get("Type") == "volume" and mount.get("Source"):
            options = mount.get("VolumeOptions", {})
            labels, driver = options.get("Labels", {}), options.pop("DriverConfig", {})
            volume = await volumes.ensure(call, mount["Source"], labels, driver.get("Options"))
            mount["Source"] = volume["Name"]
        elif mount.get("Type") not in ("volume", "tmpfs"):
            raise Refused("«Mounts»: falta el tipo, que es «volume» o «tmpfs».", 400)
    adopted = [await _adopt_source(call, source) for source in host.get("VolumesFrom", [])]
    if adopted:
        asked, host["VolumesFrom"] = host["VolumesFrom"], adopted
        return {"VolumesFrom": [adopted, asked]}
    return {}


async def _adopt_bind(call: Call, bind: str) -> str:
    """``volume:/path[:modes]``, and the volume is the tenant's; it is created if need be.

    A path alone asks for a volume without a name.
    """
    if bind.startswith("/") and ":" not in bind:
        return bind
    source, _, rest = bind.partition(":")
    target, _, modes = rest.partition(":")
    if not is_name(source):
        raise Refused(
            f"Montar «{source}» del equipo no está permitido. Usa un volumen con nombre: "
            "volume_name = docker_volume.….name"
        )
    if not target.startswith("/") or not _BIND_MODES.issuperset(filter(None, modes.split(","))):
        raise Refused(f"«{bind}» no es un montaje permitido: volumen:/ruta o volumen:/ruta:ro.")
    volume = await volumes.ensure(call, source, {})
    return f"{volume['Name']}:{rest}"


async def _adopt_source(call: Call, source: str) -> str:
    ref, _, mode = source.partition(":")
    if mode not in ("", "ro", "rw"):
        raise Refused(f"VolumesFrom: «{mode}» no está permitido.")
    container = await containers.find(call, ref)
    return f"{container['Id']}:{mode or 'rw'}"


async def _adopt_networks(
    call: Call, body: dict[str, Any], host: dict[str, Any], name: str
) -> dict[str, Any]:
    """Resolve the networks by the tenant's names; returns what was imposed."""
    asked = host.get("NetworkMode", "")
    mode, _ = await _real_network(call, asked or "default")
    host["NetworkMode"] = mode
    endpoints = body.pop("NetworkingConfig", {}).get("EndpointsConfig", {})
    real: dict[str, Any] = {mode: {}} if _is_own(mode) else {}
    for network, endpoint in endpoints.items():
        known_as, described = await _real_network(call, network)
        real[known_as] = networks.real_endpoint(endpoint, described) if described else endpoint
    real = {network: add_alias(e, name) if _is_own(network) else e for network, e in real.items()}
    if any(real.values()) or real.keys() - {mode}:
        body["NetworkingConfig"] = {"EndpointsConfig": real}
    seen = shown(mode, call.tenant)
    echo = {} if seen == asked else {"NetworkMode": [seen, asked or "default"]}
    if not call.policy.egress and not mode.startswith("container:"):
        echo["Dns"] = [[_NOWHERE], host.get("Dns", [])]
        host["Dns"] = [_NOWHERE]
    return echo


async def _real_network(call: Call, name: str) -> tuple[str, dict[str, Any] | None]:
    """The engine's name of what the tenant calls by this name, and the network if it is one."""
    if name in ("bridge", "default"):
        await networks.ensure_bridge(call)
        return networks.bridge_name(call.policy), None
    if name == "none":
        return name, None
    shared = re.fullmatch(r"container:(.+)", name)
    if shared:
        return f"container:{(await containers.find(call, shared[1]))['Id']}", None
    if name == "host":
        raise Refused("La red del equipo (host) no está permitida. Usa una docker_network.")
    network = await networks.find(call, name)
    return str(network["Name"]), network


def _is_own(network: str) -> bool:
    """Whether it is a network of the tenant's own, on which names and aliases are looked up."""
    return network not in ("bridge", "none", ISOLATED) and not network.startswith("container:")
