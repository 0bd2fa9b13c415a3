"""Containers: the tenant's own, from their creation on."""

import re
from typing import Any

from docker_guard import networks
from docker_guard.archive import rebuild_tar
from docker_guard.call import Call, Relay, Reply
from docker_guard.container_body import check_cpu, update_rules
from docker_guard.engine import Request
from docker_guard.filters import own_filters
from docker_guard.model import nested, rebuild
from docker_guard.networks import ENDPOINT_RULES
from docker_guard.ownership import asked_labels, owned, pick, show_asked
from docker_guard.policy import ISOLATED, MEGABYTE
from docker_guard.refusal import Refused

_FILTERS = frozenset({"name", "id", "status", "exited", "ancestor", "volume", "network"})
_SIGNAL = re.compile(r"(SIG)?[A-Z][A-Z0-9+]{0,10}|[0-9]{1,2}|", re.ASCII)
_TIME = re.compile(r"[0-9TZ:.+-]{0,40}", re.ASCII)
_LOG_FLAGS = ("follow", "stdout", "stderr", "timestamps", "details")


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's containers, stopped ones too."""
    query = {"all": "1", "filters": own_filters(filters, call.tenant, _FILTERS)}
    listed = await call.fetch("/containers/json", query)
    return [c for c in listed if owned(c["Labels"], call.tenant)]


async def find(call: Call, ref: str) -> dict[str, Any]:
    """The tenant's container of that name or id.

    Raises:
        Refused: as the engine answers when there is none.
    """
    return pick(ref.removeprefix("/"), await own(call), _names, "container")


def _names(container: dict[str, Any]) -> list[str]:
    return [name.removeprefix("/") for name in container["Names"]]


async def list_own(call: Call) -> Reply:
    """GET /containers/json"""
    everything, limit = call.query.flag("all"), call.query.number("limit")
    filters = call.query.text("filters")
    call.query.flag("size")
    call.query.finish()
    listed = await own(call, filters)
    if not everything and not {"status", "exited"} & set(_asked_filters(filters)):
        listed = [c for c in listed if c["State"] in ("running", "paused", "restarting")]
    shown = [_shown_in_list(container) for container in listed]
    return Reply(200, shown[:limit] if limit and limit > 0 else shown)


def _asked_filters(filters: str) -> list[str]:
    return re.findall(r'"([a-z]+)"\s*:', filters)


def _shown_in_list(container: dict[str, Any]) -> dict[str, Any]:
    labels = container["Labels"]
    show_asked(container["HostConfig"], labels)
    _rename_bridge(container)
    return {**container, "Labels": asked_labels(labels)}


async def inspect(call: Call) -> Reply:
    """GET /containers/{id}/json"""
    call.query.flag("size")
    call.query.finish()
    container = await find(call, call.ref)
    full = await call.fetch(f"/containers/{container['Id']}/json")
    labels = full["Config"]["Labels"]
    show_asked(full["HostConfig"], labels)
    _rename_bridge(full)
    full["Config"]["Labels"] = asked_labels(labels)
    return Reply(200, full)


def _rename_bridge(container: dict[str, Any]) -> None:
    connected = container["NetworkSettings"]["Networks"]
    if ISOLATED in connected:
        connected["bridge"] = connected.pop(ISOLATED)


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
    """DELETE /containers/{id}: its volumes without a name go with it."""
    query = {"v": "1"} | ({"force": "1"} if call.query.flag("force") else {})
    call.query.flag("v")
    call.query.finish()
    container = await find(call, call.ref)
    status, answer = await call.ask("DELETE", f"/containers/{container['Id']}", query)
    if status == 204:
        call.saw("remove", "container", _names(container)[0], container["Id"])
    return Reply(status, answer)


def was_created(call: Call, name: str, identifier: str, *, removes_itself: bool) -> None:
    """Keep a creation, and the removal in time of a container that removes itself."""
    call.saw("create", "container", name, identifier)
    if removes_itself:
        gone = call.ask("POST", f"/containers/{identifier}/wait", {"condition": "removed"})
        call.history.wait_until_gone(gone, name, identifier, call.agent)


async def update(call: Call) -> Relay:
    """POST /containers/{id}/update"""
    call.query.finish()
    body = rebuild(call.body(), update_rules(call.policy), "un contenedor")
    check_cpu(body, call.policy)
    container = await find(call, call.ref)
    return Relay(call.request("POST", f"/containers/{container['Id']}/update", {}, body))


async def connect(call: Call) -> Relay:
    """POST /networks/{id}/connect"""
    return await _join(call, "connect", {"EndpointConfig": nested(ENDPOINT_RULES)})


async def disconnect(call: Call) -> Relay:
    """POST /networks/{id}/disconnect"""
    return await _join(call, "disconnect", {"Force": lambda value, _: value is True})


async def _join(call: Call, action: str, rules: dict[str, Any]) -> Relay:
    call.query.finish()
    body = rebuild(call.body(), {"Container": lambda value, _: str(value), **rules}, "una red")
    container = await find(call, body.get("Container", ""))
    network = await networks.find(call, call.ref)
    body["Container"] = container["Id"]
    return Relay(call.request("POST", f"/networks/{network['Id']}/{action}", {}, body))


async def read_archive(call: Call) -> Relay:
    """GET or HEAD /containers/{id}/archive"""
    return Relay(await _archive(call, call.method))


async def write_archive(call: Call) -> Relay:
    """PUT /containers/{id}/archive: files, folders and links, packed anew."""
    request = await _archive(call, "PUT", "noOverwriteDirNonDir", "copyUIDGID")
    limit = call.policy.upload_mb * MEGABYTE
    tar = await rebuild_tar(call.upload, limit, call.policy.context_files)
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
