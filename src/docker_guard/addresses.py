"""Subnets that tenants ask for, each mapped onto one that nobody else has.

Two tenants may ask for the same range, and none may take one of the machine's. So the engine gets
another of the same size, and an address keeps its distance from the beginning of the range.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from docker_guard.refusal import Refused

LARGEST = 16
"""Length of the prefix of the largest subnet that the engine gets; in a larger one, only so many
addresses are of use."""

Network = ipaddress.IPv4Network


class AddressMap:
    """The subnets of one network: as they were asked for, and as the engine has them."""

    def __init__(self, asked: Sequence[Network], real: Sequence[Network]) -> None:
        self._pairs = list(zip(asked, real, strict=False))

    def to_real(self, text: str) -> str:
        """The engine's address for one that the tenant asks for.

        Raises:
            Refused: in the engine's words, when it is in none of the network's subnets.
        """
        address = _address(text)
        for asked, real in self._pairs:
            if address in asked and (place := _move(address, asked, real)) is not None:
                return str(place)
        raise Refused(f"no configured subnet contains IP address {text}", 400)

    def to_asked(self, text: str) -> str:
        """The tenant's address for one of the engine's; others stay as they are."""
        address, _, size = text.partition("/")
        for asked, real in self._pairs:
            if address and _address(address) in real:
                moved = str(_move(_address(address), real, asked))
                return f"{moved}/{asked.prefixlen}" if size else moved
        return text

    def show(self, endpoint: dict[str, Any]) -> None:
        """Put the tenant's addresses into a container's place on the network."""
        given = endpoint.get("IPAMConfig") or {}
        for fields, name in ((endpoint, "IPAddress"), (endpoint, "Gateway"), (given, "IPv4Address"),
                             (endpoint, "IPv4Address")):  # fmt: skip
            if fields.get(name):
                fields[name] = self.to_asked(fields[name])
        if endpoint.get("IPAddress") and "IPPrefixLen" in endpoint:
            endpoint["IPPrefixLen"] = self._pairs[0][0].prefixlen


def asked_subnets(pools: Sequence[Mapping[str, Any]]) -> list[Network]:
    """The IPv4 subnets among the pools that a tenant asks for.

    Raises:
        Refused: one of them is no subnet.
    """
    found = [_subnet(str(pool.get("Subnet", ""))) for pool in pools]
    return [subnet for subnet in found if isinstance(subnet, Network)]


def real_size(subnet: Network) -> int:
    """Length of the prefix of the subnet that the engine gets."""
    return max(subnet.prefixlen, LARGEST)


def real_pool(pool: Mapping[str, Any], asked: Network, real: Network) -> dict[str, Any]:
    """What the engine gets for a pool.

    Raises:
        Refused: an address or a range of the pool is not in its subnet.
    """
    addresses = AddressMap([asked], [real])
    moved: dict[str, Any] = {"Subnet": str(real)}
    if pool.get("Gateway"):
        moved["Gateway"] = addresses.to_real(pool["Gateway"])
    if more := pool.get("AuxiliaryAddresses") or pool.get("AuxAddress"):
        moved["AuxiliaryAddresses"] = {name: addresses.to_real(a) for name, a in more.items()}
    if pool.get("IPRange"):
        inner = _subnet(pool["IPRange"])
        if not isinstance(inner, Network) or not inner.subnet_of(asked):
            raise Refused(f"«ip_range» {pool['IPRange']} no está dentro de {asked}.", 400)
        size = max(inner.prefixlen, real.prefixlen)
        moved["IPRange"] = f"{addresses.to_real(str(inner.network_address))}/{size}"
    return moved


def _subnet(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise Refused(f"«{text}» no es una subred, como 172.28.0.0/16.", 400) from error


def _address(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError as error:
        raise Refused(f"«{text}» no es una dirección, como 172.28.0.10.", 400) from error


def _move(address: ipaddress.IPv4Address, old: Network, new: Network) -> Any:
    distance = int(address) - int(old.network_address)
    return new.network_address + distance if distance < new.num_addresses else None
