"""Networks: bridges of the tenant's own, and the one that it calls ``bridge``.

Without egress, ``bridge`` is a network of the guard's: internal, without an address of the host on
it, and without traffic between its containers. The tenant sees it under the name it knows.
"""

import asyncio
import ipaddress
from collections.abc import Mapping
from functools import partial
from typing import Any

from docker_guard.call import Call, Reply, passed_on
from docker_guard.filters import own_filters, split_names
from docker_guard.model import (
    DROP,
    Rule,
    choice,
    flag,
    ignore,
    matching,
    nested,
    rebuild,
    refuse,
    text,
    text_map,
    texts,
)
from docker_guard.names import asked_name, matches_any, real_name, shown
from docker_guard.ownership import asked_labels, owned, pick, show_asked, stamped
from docker_guard.policy import ISOLATED, Policy
from docker_guard.refusal import Refused
from docker_guard.subnets import SHARED_SUBNET, candidates

_BRIDGE = ("bridge", "default")
_INHIBIT = "com.docker.network.bridge.inhibit_ipv4"
_ICC = "com.docker.network.bridge.enable_icc"
_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
_MTU = "com.docker.network.driver.mtu"
_LARGEST_SUBNET = 16
_BRIDGE_TRIES = 40
_BRIDGE_PAUSE_SECONDS = 0.05
_COMMON_NETWORK = {
    "Name": ISOLATED,
    "CheckDuplicate": True,
    "Driver": "bridge",
    "Internal": True,
    "Options": {_INHIBIT: "true", _ICC: "false"},
    "IPAM": {"Driver": "default", "Config": [{"Subnet": SHARED_SUBNET}]},
    "Labels": {"taller.guard": "isolated"},
}
_FILTERS = frozenset({"name", "id", "driver", "dangling", "scope", "type"})
_ADDRESS = matching(r"[0-9a-fA-F.:]+")

ENDPOINT_RULES: Mapping[str, Rule] = {
    "Aliases": texts,
    "IPAMConfig": nested({"IPv4Address": _ADDRESS, "IPv6Address": _ADDRESS}),
    "Links": refuse("los enlaces antiguos entre contenedores; usa una red y los nombres."),
    # What an inspect shows and clients send back: the engine sets these itself.
    **dict.fromkeys(
        ("NetworkID", "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "IPv6Gateway",
         "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames"), ignore,
    ),
}  # fmt: skip


def _subnet(policy: Policy) -> Rule:
    """A range that takes no address away from the host's own networks."""
    pools = [ipaddress.ip_network(pool) for pool in policy.subnets]

    def rule(value: object, name: str) -> object:
        try:
            subnet = ipaddress.ip_network(text(value, name))
        except ValueError as error:
            raise Refused(f"«{name}»: {value} no es una subred.", 400) from error
        fits = any(subnet.version == p.version and subnet.subnet_of(p) for p in pools)  # type: ignore[arg-type]  # same version, checked first
        if not fits or subnet.prefixlen < _LARGEST_SUBNET:
            raise Refused(
                f"La subred {value} podría chocar con las del equipo. Usa una de "
                f"{', '.join(policy.subnets)}, de tamaño /{_LARGEST_SUBNET} o menor."
            )
        return value

    return rule


def _pools(policy: Policy) -> Rule:
    rules = {
        "Subnet": _subnet(policy),
        "IPRange": matching(r"[0-9./]+"),
        "Gateway": _ADDRESS,
        "AuxiliaryAddresses": text_map,
        "AuxAddress": text_map,
    }

    def rule(value: object, name: str) -> object:
        if not isinstance(value, list):
            raise Refused(f"«{name}» debe ser una lista.", 400)
        return [rebuild(pool, rules, name) for pool in value] or DROP

    return rule


def _options(value: object, name: str) -> object:
    options = text_map(value, name)
    for option in options.keys() - {_ICC, _MASQUERADE, _MTU}:
        raise Refused(f"La opción de red «{option}» no está permitida. Quítala.")
    return options


def _rules(policy: Policy) -> dict[str, Rule]:
    return {
        "Name": text,
        "CheckDuplicate": ignore,
        "Driver": choice("bridge"),
        "Scope": choice("local"),
        "Internal": flag,
        "Attachable": flag,
        "EnableIPv4": flag,
        "Options": _options,
        "IPAM": nested({"Driver": choice("default"), "Config": _pools(policy)}),
        "Labels": text_map,
    }


async def create(call: Call) -> Reply:
    """POST /networks/create"""
    call.query.finish()
    body = rebuild(call.body(), _rules(call.policy), "una red")
    name = body["Name"] = real_name(body.get("Name", ""), call.tenant, "la red")
    imposed = {} if call.policy.egress else _isolate(body)
    body["Labels"] = stamped(body.get("Labels", {}), call.tenant, imposed)
    body["CheckDuplicate"] = True
    async with call.quota.place("redes", call.policy.networks, lambda: own(call)):
        return await _create(call, name, body)


async def _create(call: Call, name: str, body: dict[str, Any]) -> Reply:
    """Create a network; an isolated one that asked for no subnet gets one of ours."""
    own_subnet = call.policy.egress or "Config" in body.get("IPAM", {})
    for subnet in [""] if own_subnet else candidates(name):
        if subnet:
            body["IPAM"] = {"Driver": "default", "Config": [{"Subnet": subnet}]}
        status, answer = await call.ask("POST", "/networks/create", body=body)
        if status == 409:
            asked = asked_name(name, call.tenant)
            raise Refused(f"network with name {asked} already exists", 409)
        if status == 201:
            call.saw("create", "network", asked_name(name, call.tenant), answer["Id"])
        if status == 201 or "overlap" not in str(answer).lower():
            return Reply(status, answer)
    raise Refused("No queda ninguna subred libre en este equipo. Borra las redes que no uses.")


def _isolate(body: dict[str, Any]) -> dict[str, Any]:
    """Keep a network's traffic on it; returns what was imposed, for the tenant's echo."""
    internal, options = body.get("Internal", False), body.get("Options", {})
    body["Internal"] = True
    body["Options"] = {**options, _INHIBIT: "true"}
    return {"Internal": [True, internal], "Options": [body["Options"], options]}


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's networks."""
    names, others = split_names(filters)
    query = {"filters": own_filters(others, call.tenant, _FILTERS)}
    listed = await call.fetch("/networks", query)
    mine = [network for network in listed if owned(network["Labels"], call.tenant)]
    return [n for n in mine if not names or matches_any(names, _names(call, n))]


def _names(call: Call, network: dict[str, Any]) -> list[str]:
    return [asked_name(network["Name"], call.tenant)]


async def find(call: Call, ref: str) -> dict[str, Any]:
    """The network that a name or id means to the tenant, as the engine describes it.

    Raises:
        Refused: as the engine answers when there is none.
    """
    if ref in _BRIDGE:
        await ensure_bridge(call)
        return dict(await call.fetch(f"/networks/{bridge_name(call.policy)}"))
    network = pick(ref, await own(call), partial(_names, call), "network")
    return dict(await call.fetch(f"/networks/{network['Id']}"))


def bridge_name(policy: Policy) -> str:
    """What the tenant's ``bridge`` is called in the engine."""
    return "bridge" if policy.egress else ISOLATED


async def ensure_bridge(call: Call) -> None:
    """Create the guards' common network if it is not there yet.

    Another guard may be creating it at this moment: then the engine refuses ours (same name, or
    same subnet), and a moment later the other's is there.
    """
    if call.policy.egress:
        return
    for _ in range(_BRIDGE_TRIES):
        if (await call.ask("GET", f"/networks/{ISOLATED}"))[0] == 200:
            return
        status, answer = await call.ask("POST", "/networks/create", body=_COMMON_NETWORK)
        if status == 201:
            return
        await asyncio.sleep(_BRIDGE_PAUSE_SECONDS)
    raise passed_on(status, answer)


async def list_own(call: Call) -> Reply:
    """GET /networks"""
    filters = call.query.text("filters")
    call.query.finish()
    return Reply(200, [_shown(call, network) for network in await own(call, filters)])


async def inspect(call: Call) -> Reply:
    """GET /networks/{id}"""
    call.query.text("scope")
    call.query.flag("verbose")
    call.query.finish()
    return Reply(200, _shown(call, await find(call, call.ref)))


async def delete(call: Call) -> Reply:
    """DELETE /networks/{id}"""
    call.query.finish()
    network = pick(call.ref, await own(call), partial(_names, call), "network")
    status, answer = await call.ask("DELETE", f"/networks/{network['Id']}")
    if status == 204:
        call.saw("remove", "network", _names(call, network)[0], network["Id"])
    return Reply(status, answer)


def _shown(call: Call, network: dict[str, Any]) -> dict[str, Any]:
    if network["Name"] == ISOLATED:
        return {**network, "Name": "bridge", "Internal": False, "Options": {}, "Containers": {}}
    labels = network["Labels"]
    named: dict[str, Any] = shown(network, call.tenant)
    show_asked(named, labels)
    return {**named, "Labels": asked_labels(labels)}
