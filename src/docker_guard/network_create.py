"""POST /networks/create: a bridge of the tenant's own, isolated, in a subnet that is free."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from docker_guard import networks
from docker_guard.addresses import Network, asked_subnets, real_pool, real_size
from docker_guard.call import Call, Reply
from docker_guard.model import (
    DROP,
    Rule,
    choice,
    flag,
    ignore,
    matching,
    nested,
    rebuild,
    text,
    text_map,
)
from docker_guard.names import asked_name, real_name
from docker_guard.ownership import stamped
from docker_guard.refusal import Refused
from docker_guard.subnets import ASKED_POOL, candidates

_INHIBIT = "com.docker.network.bridge.inhibit_ipv4"
_ICC = "com.docker.network.bridge.enable_icc"
_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
_MTU = "com.docker.network.driver.mtu"
_REAL_OPTIONS = frozenset({_ICC, _MASQUERADE, _MTU})
"""Options that stay within the network; others (a bridge's name) change nothing, and are shown."""

_ADDRESS = matching(r"[0-9a-fA-F.:]+")
_POOL = {
    "Subnet": text,
    "IPRange": matching(r"[0-9a-fA-F.:/]+"),
    "Gateway": _ADDRESS,
    "AuxiliaryAddresses": text_map,
    "AuxAddress": text_map,
}


def _pools(value: object, name: str) -> object:
    if not isinstance(value, list):
        raise Refused(f"«{name}» debe ser una lista.", 400)
    return [rebuild(pool, _POOL, name) for pool in value] or DROP


_RULES: dict[str, Rule] = {
    "Name": text,
    "CheckDuplicate": ignore,
    "Driver": choice("bridge"),
    "Scope": choice("local"),
    "Internal": flag,
    "Attachable": flag,
    "EnableIPv4": flag,
    "EnableIPv6": flag,
    "Options": text_map,
    "IPAM": nested({"Driver": choice("default"), "Config": _pools, "Options": text_map}),
    "Labels": text_map,
}


async def create(call: Call) -> Reply:
    """POST /networks/create"""
    call.query.finish()
    body = rebuild(call.body(), _RULES, "una red")
    name = body["Name"] = real_name(body.get("Name", ""), call.tenant, "la red")
    ipam = body.pop("IPAM", {})
    pools = ipam.get("Config", [])
    imposed = _neutralise(body, isolated=not call.policy.egress)
    body["CheckDuplicate"] = True
    async with call.quota.place("redes", call.policy.networks, lambda: networks.own(call)):
        asked = asked_subnets(pools)
        _check_overlaps(asked, await networks.own(call))
        told = {"Driver": "default", **ipam} if ipam.keys() & {"Config", "Options"} else {}
        body["Labels"] = stamped(body.get("Labels", {}), call.tenant, imposed, ipam=told)
        return await _create(call, name, body, _real_pools(call, name, pools, asked))


def _neutralise(body: dict[str, Any], *, isolated: bool) -> dict[str, Any]:
    """Keep a network's traffic on it; returns what was imposed, for the tenant's echo."""
    asked = {name: body.get(name) for name in ("Internal", "Options", "EnableIPv6")}
    options = asked["Options"] or {}
    body["Options"] = {k: v for k, v in options.items() if k in _REAL_OPTIONS}
    body.pop("EnableIPv6", None)  # the engine would want a range of the machine's
    if isolated:
        body["Internal"] = True
        body["Options"][_INHIBIT] = "true"
    return {
        "Internal": [body.get("Internal", False), asked["Internal"] or False],
        "Options": [body["Options"], options],
        "EnableIPv6": [False, asked["EnableIPv6"] or False],
    }


def _check_overlaps(asked: list[Network], own: list[Any]) -> None:
    """Two networks of one tenant cannot have the same addresses, as anywhere."""
    taken = [subnet for network in own for subnet in networks.subnets_of(network)]
    if any(new.overlaps(old) for new in asked for old in taken):
        raise Refused("Pool overlaps with other one on this address space", 403)


def _real_pools(
    call: Call, name: str, pools: list[dict[str, Any]], asked: list[Network]
) -> Iterator[list[dict[str, Any]]]:
    """What to try for the network's subnets, until the engine has one free."""
    if not asked:
        free = [""] if call.policy.egress else candidates(name)
        yield from ([{"Subnet": subnet}] if subnet else [] for subnet in free)
        return
    places = [ASKED_POOL]
    if call.policy.egress:  # the machine has a route to it: only where the policy says
        places = [IPv4Network(pool) for pool in call.policy.subnets]
    four = [pool for pool in pools if ":" not in pool["Subnet"]]
    for place in places:
        for subnets in zip(*(candidates(name, place, real_size(a)) for a in asked), strict=True):
            real = [IPv4Network(subnet) for subnet in subnets]
            yield [real_pool(p, a, r) for p, a, r in zip(four, asked, real, strict=True)]


async def _create(
    call: Call, name: str, body: dict[str, Any], choices: Iterator[list[dict[str, Any]]]
) -> Reply:
    """Create a network in the first subnet that is free."""
    for pools in choices:
        if pools:
            body["IPAM"] = {"Driver": "default", "Config": pools}
        status, answer = await call.ask("POST", "/networks/create", body=body)
        asked = asked_name(name, call.tenant)
        if status == 409:
            raise Refused(f"network with name {asked} already exists", 409)
        if status == 201:
            call.saw("create", "network", asked, answer["Id"])
        if status == 201 or "overlap" not in str(answer).lower():
            return Reply(status, answer)
    raise Refused("No queda ninguna subred libre en este equipo. Borra las redes que no uses.")
