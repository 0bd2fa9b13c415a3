"""Containers: the tenant's own, from their creation on."""

import json
import re
from functools import partial
from typing import Any

from docker_guard import anonymous, images, networks, ports
from docker_guard.answers import part
from docker_guard.archive import rebuild_tar
from docker_guard.call import Call, Relay, Reply
from docker_guard.container_body import UPDATE_RULES
from docker_guard.engine import Request, length
from docker_guard.filters import own_filters, parse_filters, split_names
from docker_guard.model import nested, rebuild
from docker_guard.names import add_alias, asked_name, hide_alias, is_name, matches_any, shown
from docker_guard.networks import ENDPOINT_RULES
from docker_guard.neutral import changed_limits, imposed
from docker_guard.ownership import asked_labels, echo, owned, pick, show_asked
from docker_guard.policy import ISOLATED, MEGABYTE
from docker_guard.refusal import Refused

_FILTERS = frozenset({"name", "id", "status", "exited", "ancestor", "volume", "network"})
_SIGNAL = re.compile(r"(SIG)?[A-Z][A-Z0-9+]{0,10}|[0-9]{1,2}|", re.ASCII)
_TIME = re.compile(r"[0-9TZ:.+-]{0,40}", re.ASCII)
_LOG_FLAGS = ("follow", "stdout", "stderr", "timestamps", "details")


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's containers, stopped ones too."""
    names, others = split_names(filters)
    query = {"all": "1", "filters": own_filters(others, call.tenant, _FILTERS)}
    listed = await call.fetch("/containers/json", query)
    mine = [container for container in listed if owned(container.get("Labels"), call.tenant)]
    return [c for c in mine if not names or matches_any(names, _names(call, c))]


async def find(call: Call, ref: str) -> dict[str, Any]:
    """The tenant's container of that name or id.

    Raises:
        Refused: as the engine answers when there is none.
    """
    return pick(ref.removeprefix("/"), await own(call), partial(_names, call), "container")


def _names(call: Call, container: dict[str, Any]) -> list[str]:
    return [
        asked_name(name.removeprefix("/"), call.tenant) for name in container.get("Names") or []
    ]


async def list_own(call: Call) -> Reply:
    """GET /containers/json"""
    everything, limit = call.query.flag("all"), call.query.number("limit")
    filters = call.query.text("filters")
    call.query.flag("size")
    call.query.finish()
    listed = await own(call, await _real_filters(call, filters))
    if not everything and not {"status", "exited"} & set(_asked_filters(filters)):
        listed = [c for c in listed if c.get("State") in ("running", "paused", "restarting")]
    answer = [await _shown_in_list(call, container) for container in listed]
    return Reply(200, answer[:limit] if limit and limit > 0 else answer)


def _asked_filters(filters: str) -> list[str]:
    return re.findall(r'"([a-z]+)"\s*:', filters)


async def _real_filters(call: Call, filters: str) -> str:
    """The filters with the engine's names of images, networks and volumes."""
    asked = parse_filters(filters, _FILTERS | {"label"})
    for ref in asked.pop("ancestor", []):
        asked.setdefault("ancestor", []).append((await images.find(call, ref)).identifier)
    for ref in asked.pop("network", []):
        asked.setdefault("network", []).append((await networks.find(call, ref))["Id"])
    volumes = asked.pop("volume", [])
    if volumes:
        asked["volume"] = [call.tenant.namespace + v if is_name(v) else v for v in volumes]
    return json.dumps(asked)


async def _shown_in_list(call: Call, container: dict[str, Any]) -> dict[str, Any]:
    labels = container.get("Labels")
    answer: dict[str, Any] = shown(container, call.tenant)
    show_asked(part(answer, "HostConfig"), labels)
    answer["Ports"] = ports.listed(answer, _asked_ports(labels))
    await _show_networks(call, answer, (answer.get("Names") or [""])[0].removeprefix("/"))
    return {**answer, "Labels": asked_labels(labels)}


async def inspect(call: Call) -> Reply:
    """GET /containers/{id}/json"""
    call.query.flag("size")
    call.query.finish()
    container = await find(call, call.ref)
    full = await call.fetch(f"/containers/{container['Id']}/json")
    labels = part(full, "Config").get("Labels")
    answer: dict[str, Any] = shown(full, call.tenant)
    show_asked(part(answer, "HostConfig"), labels, changed=call.changed.get(container["Id"]))
    anonymous.show(answer["HostConfig"])
    show_asked(answer["Config"], labels, "config")
    ports.show_bindings(answer, _asked_ports(labels))
    await _show_networks(call, answer, (answer.get("Name") or "").removeprefix("/"))
    answer["Config"]["Labels"] = asked_labels(labels)
    return Reply(200, answer)


def _asked_ports(labels: dict[str, str] | None) -> dict[str, Any]:
    told = echo(labels).get("imposed", {})
    return {name: told[name][1] for name in ("PortBindings", "PublishAllPorts") if name in told}


async def _show_networks(call: Call, container: dict[str, Any], name: str) -> None:
    connected = part(container, "NetworkSettings", "Networks")
    if ISOLATED in connected:
        connected["bridge"] = connected.pop(ISOLATED)
    for endpoint in connected.values():
        hide_alias(endpoint, name)
    await networks.show_addresses(call, connected)


async def start(call: Call) -> Relay:
    """POST /containers/{id}/start"""
    call.query.finish()
    call.disk.wake()
    return await _act(call, "start", {})


async def stop(call: Call) -> Relay:
    """POST /containers/{id}/stop"""
    return await _stop_with(call, "stop")


async def restart(call: Call) -> Relay:
    """POST /containers/{id}/restart"""
    return await _stop_with(call, "restart")


async def _stop_with(call: Call, action: str) -> Relay:
    seconds, signal = call.query.number("t"), _signal(call)
    call.query.finish()
    query = {"t": str(seconds)} if seconds is not None else {}
    call.disk.wake()  # a restart runs it again
    return await _act(call, action, query | signal)


async def kill(call: Call) -> Relay:
    """POST /containers/{id}/kill"""
    signal = _signal(call)
    call.query.finish()
    return await _act(call, "kill", signal)


def _signal(call: Call) -> dict[str, str]:
    signal = call.query.text("signal")
    if not _SIGNAL.fullmatch(signal):
        raise Refused(f"«{signal}» no es una señal.", 400)
    return {"signal": signal} if signal else {}


async def wait(call: Call) -> Relay:
    """POST /containers/{id}/wait"""
    condition = call.query.text("condition")
    call.query.finish()
    if condition not in ("", "not-running", "next-exit", "removed"):
        raise Refused(f"«{condition}» no es una condición de espera.", 400)
    return await _act(call, "wait", {"condition": condition} if condition else {})


async def _act(call: Call, action: str, query: dict[str, str]) -> Relay:
    container = await find(call, call.ref)
    return Relay(call.request("POST", f"/containers/{container['Id']}/{action}", query))


async def logs(call: Call) -> Relay:
    """GET /containers/{id}/logs"""
    query = {name: "1" for name in _LOG_FLAGS if call.query.flag(name)}
    query |= {name: text for name in ("since", "until") if (text := call.query.text(name))}
    tail = call.query.text("tail")
    call.query.finish()
    if not re.fullmatch(r"all|[0-9]{0,9}|-1", tail, re.ASCII) or not all(
        _TIME.fullmatch(query.get(name, "")) for name in ("since", "until")
    ):
        raise Refused("«tail», «since» o «until» no son correctos.", 400)
    container = await find(call, call.ref)
    query |= {"tail": tail} if tail else {}
    return Relay(call.request("GET", f"/containers/{container['Id']}/logs", query))


async def delete(call: Call) -> Reply:
    """DELETE /containers/{id}"""
    query = {name: "1" for name in ("v", "force") if call.query.flag(name)}
    call.query.finish()
    container = await find(call, call.ref)
    with_it = await anonymous.watch(call, container)
    status, answer = await call.ask("DELETE", f"/containers/{container['Id']}", query)
    if status == 204:
        call.saw("remove", "container", _names(call, container)[0], container["Id"])
        await with_it.keep()
    return Reply(status, answer)


def was_created(call: Call, name: str, identifier: str, *, removes_itself: bool) -> None:
    """Keep a creation, and the removal in time of a container that removes itself."""
    call.saw("create", "container", name, identifier)

    async def gone() -> None:
        container = await call.fetch(f"/containers/{identifier}/json")
        with_it = await anonymous.watch(call, container)
        await call.ask("POST", f"/containers/{identifier}/wait", {"condition": "removed"})
        await with_it.keep()

    if removes_itself:
        call.history.wait_until_gone(gone(), name, identifier, call.agent)


async def update(call: Call) -> Reply:
    """POST /containers/{id}/update"""
    call.query.finish()
    body = rebuild(call.body(), UPDATE_RULES, "un contenedor")
    container = await find(call, call.ref)
    real, seen = changed_limits(body, call.policy)
    status, answer = await call.ask("POST", f"/containers/{container['Id']}/update", {}, real)
    if status == 200:
        told = imposed(real, {**body, **seen})
        call.changed[container["Id"]] = call.changed.get(container["Id"], {}) | told
    return Reply(status, answer)


async def connect(call: Call) -> Relay:
    """POST /networks/{id}/connect"""
    rules = {"EndpointConfig": nested(ENDPOINT_RULES)}
    return await _join(call, "connect", rules)


async def disconnect(call: Call) -> Relay:
    """POST /networks/{id}/disconnect"""
    return await _join(call, "disconnect", {"Force": lambda value, _: value is True})


async def _join(call: Call, action: str, rules: dict[str, Any]) -> Relay:
    call.query.finish()
    body = rebuild(call.body(), {"Container": lambda value, _: str(value), **rules}, "una red")
    container = await find(call, body.get("Container", ""))
    network = await networks.find(call, call.ref)
    body["Container"] = container["Id"]
    if action == "connect" and network["Name"] not in ("bridge", ISOLATED):
        endpoint = networks.real_endpoint(body.get("EndpointConfig", {}), network)
        body["EndpointConfig"] = add_alias(endpoint, _names(call, container)[0])
    return Relay(call.request("POST", f"/networks/{network['Id']}/{action}", {}, body))


async def read_archive(call: Call) -> Relay:
    """GET or HEAD /containers/{id}/archive"""
    return Relay(await _archive(call, call.method))


async def write_archive(call: Call) -> Relay:
    """PUT /containers/{id}/archive: files, folders and links, packed anew."""
    request = await _archive(call, "PUT", "noOverwriteDirNonDir", "copyUIDGID")
    limit = call.policy.upload_mb * MEGABYTE
    tar = await rebuild_tar(call.upload, limit, call.policy.context_files)
    await call.disk.make_room(length(tar), request.path.split("/")[-2])
    headers = {"Content-Type": "application/x-tar"}
    return Relay(Request("PUT", request.path, request.query, tar, headers))


async def _archive(call: Call, method: str, *flags: str) -> Request:
    path = call.query.text("path")
    query = {"path": path} | {name: "1" for name in flags if call.query.flag(name)}
    call.query.finish()
    if not path:
        raise Refused("Falta la ruta dentro del contenedor («path»).", 400)
    container = await find(call, call.ref)
    return call.request(method, f"/containers/{container['Id']}/archive", query)
