"""Networks: bridges of the tenant's own, and the one that it calls ``bridge``.

Without egress, ``bridge`` is a network of the guard's: internal, without an address of the host on
it, and without traffic between its containers. The tenant sees it under the name it knows.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from docker_guard.addresses import AddressMap, Network, asked_subnets
from docker_guard.answers import part
from docker_guard.call import Call, Reply, passed_on
from docker_guard.filters import own_filters, split_names
from docker_guard.model import (
    Rule,
    ignore,
    matching,
    nested,
    refuse,
    texts,
)
from docker_guard.names import asked_name, matches_any, shown
from docker_guard.ownership import asked_labels, echo, owned, pick, show_asked
from docker_guard.policy import ISOLATED, Policy
from docker_guard.refusal import Refused
from docker_guard.subnets import SHARED_SUBNET

_BRIDGE = ("bridge", "default")
_BRIDGE_TRIES = 40
_BRIDGE_PAUSE_SECONDS = 0.05
_FILTERS = frozenset({"name", "id", "driver", "dangling", "scope", "type"})
_COMMON_NETWORK = {
    "Name": ISOLATED,
    "CheckDuplicate": True,
    "Driver": "bridge",
    "Internal": True,
    "Options": {
        "com.docker.network.bridge.inhibit_ipv4": "true",
        "com.docker.network.bridge.enable_icc": "false",
    },
    "IPAM": {"Driver": "default", "Config": [{"Subnet": SHARED_SUBNET}]},
    "Labels": {"taller.guard": "isolated"},
}
_ADDRESS = matching(r"[0-9a-fA-F.:]+")

ENDPOINT_RULES: Mapping[str, Rule] = {
    "Aliases": texts,
    "IPAMConfig": nested({"IPv4Address": _ADDRESS, "IPv6Address": _ADDRESS}),
    **dict.fromkeys(("MacAddress", "DriverOpts", "LinkLocalIPs"), ignore),
    "Links": refuse("los enlaces antiguos entre contenedores; usa una red y los nombres."),
    # What an inspect shows and clients send back: the engine sets these itself.
    **dict.fromkeys(
        ("NetworkID", "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "IPv6Gateway",
         "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames"), ignore,
    ),
}  # fmt: skip


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's networks."""
    names, others = split_names(filters)
    query = {"filters": own_filters(others, call.tenant, _FILTERS)}
    listed = await call.fetch("/networks", query)
    mine = [network for network in listed if owned(network.get("Labels"), call.tenant)]
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


def subnets_of(network: dict[str, Any]) -> list[Network]:
    """The IPv4 subnets that its owner asked for; none when it left them to the engine."""
    return asked_subnets(echo(network.get("Labels")).get("ipam", {}).get("Config", []))


def addresses_of(network: dict[str, Any]) -> AddressMap | None:
    """The addresses of a network that asked for a subnet of its own; None for the others."""
    asked = subnets_of(network)
    real = [IPv4Network(pool["Subnet"]) for pool in _pools(network)]
    return AddressMap(asked, real) if asked else None


def _pools(network: dict[str, Any]) -> list[dict[str, Any]]:
    """The subnets that the engine has given; an engine keeps those of IPv6 among them."""
    return list(part(network, "IPAM").get("Config") or [])


async def show_addresses(call: Call, connected: dict[str, Any]) -> None:
    """Put the tenant's addresses into a container's places on networks, by the tenant's names."""
    if connected.keys() <= {"bridge", "none"}:
        return
    for network in await own(call):
        endpoint, addresses = connected.get(_names(call, network)[0]), addresses_of(network)
        if endpoint and addresses:
            addresses.show(endpoint)


def real_endpoint(endpoint: dict[str, Any], network: dict[str, Any]) -> dict[str, Any]:
    """A container's place on a network with the engine's address, if one was asked for.

    Raises:
        Refused: in the engine's words, when the network has no such address to give.
    """
    asked = endpoint.get("IPAMConfig", {}).get("IPv4Address")
    kept = {name: value for name, value in endpoint.items() if name != "IPAMConfig"}
    if not asked:
        return kept
    addresses = addresses_of(network)
    if addresses is None:
        raise Refused(
            "user specified IP address is supported only when connecting to networks with user "
            "configured subnets",
            400,
        )
    return {**kept, "IPAMConfig": {"IPv4Address": addresses.to_real(asked)}}


def _shown(call: Call, network: dict[str, Any]) -> dict[str, Any]:
    if network["Name"] == ISOLATED:
        return {**network, "Name": "bridge", "Internal": False, "Options": {}, "Containers": {}}
    labels = network.get("Labels")
    named: dict[str, Any] = shown(network, call.tenant)
    show_asked(named, labels)
    for endpoint in (named.get("Containers") or {}).values():
        if addresses := addresses_of(network):
            addresses.show(endpoint)
    if asked := echo(labels).get("ipam"):
        options = part(named, "IPAM").get("Options")
        named["IPAM"] = {"Options": options, "Config": _pools(named), **asked}
    return {**named, "Labels": asked_labels(labels)}
