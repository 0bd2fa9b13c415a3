"""Calls about the engine itself: alive, version, a short description, the tenant's events."""

import copy
import json

from docker_guard.answers import part
from docker_guard.call import Call, Relay, Reply
from docker_guard.filters import own_filters, parse_filters
from docker_guard.names import shown
from docker_guard.ownership import asked_labels, owned

_INFO = (
    "ServerVersion", "OSType", "Architecture", "OperatingSystem", "KernelVersion", "NCPU",
    "MemTotal", "Driver", "CgroupDriver", "CgroupVersion", "MemoryLimit", "SwapLimit",
    "CpuCfsQuota", "PidsLimit", "IPv4Forwarding", "IndexServerAddress", "DefaultRuntime",
)  # fmt: skip
"""What clients use. The rest tells of the machine: proxies with passwords, registries, names."""

API_VERSION = "1.38"
"""The API that the guard says it speaks. From 1.39 on kreuzwerker/docker 3.x builds with BuildKit,
over a connection that the guard could not read; below, with the classic builder."""
_COMMAND_LINE = "Docker-Client/"
_COMMAND_LINE_API = "1.40"
"""What the docker command line is told: from 29 on it speaks nothing older. How it builds does not
depend on it, but on DOCKER_BUILDKIT and its plug-in buildx."""

_NAMED_FILTERS = frozenset({"container", "image", "volume", "network"})
_EVENT_FILTERS = frozenset({"type", "event", *_NAMED_FILTERS})


def _announced(call: Call) -> str:
    return _COMMAND_LINE_API if call.agent.startswith(_COMMAND_LINE) else API_VERSION


async def ping(call: Call) -> Reply:
    """GET or HEAD /_ping"""
    call.query.finish()
    async with call.engine.send(call.request("GET", "/_ping")) as answer:
        body = await answer.read()
        headers = {"Content-Type": "text/plain", "Api-Version": _announced(call)}
        headers["Ostype"] = answer.headers.get("Ostype", "linux")
        return Reply(answer.status, body, headers)


async def version(call: Call) -> Reply:
    """GET /version"""
    call.query.finish()
    full = copy.deepcopy(await call.engine.version())
    for component in full.get("Components") or []:
        if "ApiVersion" in (component.get("Details") or {}):
            component["Details"]["ApiVersion"] = _announced(call)
    return Reply(200, {**full, "ApiVersion": _announced(call)})


async def info(call: Call) -> Reply:
    """GET /info"""
    call.query.finish()
    full = await call.fetch("/info")
    return Reply(200, {**{key: full[key] for key in _INFO if key in full}, "Name": "taller"})


async def events(call: Call) -> Relay:
    """GET /events: those of objects with the tenant's label, under the tenant's names."""
    since, until = call.query.text("since"), call.query.text("until")
    asked = parse_filters(call.query.text("filters"), _EVENT_FILTERS | {"label"})
    for kind in _NAMED_FILTERS & asked.keys():
        asked[kind] += [call.tenant.namespace + ref for ref in asked[kind]]
    query = {"filters": own_filters(json.dumps(asked), call.tenant, _EVENT_FILTERS)}
    call.query.finish()
    query |= {k: v for k, v in (("since", since), ("until", until)) if v}

    def own(line: bytes) -> bytes | None:
        event = json.loads(line)
        labels = part(event, "Actor", "Attributes")
        if not owned(labels, call.tenant):
            return None
        names = {k: labels[k] for k in ("name", "image") if k in labels}
        event = shown(event, call.tenant)
        part(event, "Actor")["Attributes"] = asked_labels(labels) | shown(names, call.tenant)
        return json.dumps(event).encode()

    return Relay(call.request("GET", "/events", query), line_filter=own)
