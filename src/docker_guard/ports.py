"""Ports that were asked for: nothing is published, and the tenant sees what it would see.

The machine's ports are everybody's; two tenants may ask for the same one. Containers reach each
other by network and name, which needs no published port.
"""

from collections.abc import Mapping
from typing import Any

from docker_guard.answers import part

_FIRST_FREE = 32768
_FREE = 28000
"""An engine gives a port of the kernel's ephemeral range to who asks for none in particular."""


def show_bindings(container: dict[str, Any], asked: Mapping[str, Any]) -> None:
    """Show, in an inspected container, the ports as published while it runs."""
    if not part(container, "State").get("Running"):
        return
    bindings = dict(asked.get("PortBindings") or {})
    if asked.get("PublishAllPorts"):
        bindings = {
            port: [{}] for port in part(container, "Config").get("ExposedPorts") or {}
        } | bindings
    ports = part(container, "NetworkSettings", "Ports")
    number = _first_free(container["Id"])
    for port, places in bindings.items():
        shown = []
        for place in places or [{}]:
            shown.append(
                {
                    "HostIp": place.get("HostIp") or "0.0.0.0",  # noqa: S104 - the engine's words
                    "HostPort": place.get("HostPort") or str(number),
                }
            )
            number += 1
        ports[port] = shown


def listed(container: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Any]:
    """The ports of a container in a list."""
    ports = list(container.get("Ports") or [])
    if container.get("State") != "running":
        return ports
    number = _first_free(container["Id"])
    for port, places in (asked.get("PortBindings") or {}).items():
        inner, _, protocol = port.partition("/")
        same = (int(inner), protocol or "tcp")
        ports = [p for p in ports if (p.get("PrivatePort"), p.get("Type")) != same]
        for place in places or [{}]:
            outer = int(place.get("HostPort") or number)
            number += 1
            address = place.get("HostIp") or "0.0.0.0"  # noqa: S104 - the engine's words
            ports.append(
                {"IP": address, "PrivatePort": same[0], "PublicPort": outer, "Type": same[1]}
            )
    return ports


def _first_free(identifier: str) -> int:
    """Where the ports begin that nobody chose: the same ones each time."""
    return _FIRST_FREE + int(identifier[:6], 16) % _FREE
