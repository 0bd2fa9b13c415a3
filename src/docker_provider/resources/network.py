"""docker_network: a network that containers join."""

from __future__ import annotations

import threading
from ipaddress import ip_network

from docker_provider.codec import UNKNOWN
from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker, docker_errors
from docker_provider.planning import State
from docker_provider.resource import Operation, Resource
from docker_provider.resources.labels import from_engine, to_engine
from docker_provider.resources.removal import remove_when_free
from docker_provider.schema import (
    BOOL,
    IDENTIFIER,
    STRING_MAP,
    Attribute,
    Block,
    Nested,
    Schema,
    Value,
    computed,
    labels,
    optional,
    required,
)

_LOOK_AND_MAKE = threading.Lock()
"""Of two resources with one name, that Terraform makes at once, always one is refused."""

IPAM_CONFIG = Block(
    (
        optional("subnet", force_new=True),
        optional("ip_range", force_new=True),
        optional("gateway", force_new=True),
        optional("aux_address", STRING_MAP, force_new=True),
    )
)


class Network(Resource):
    """A network; its identifier is the engine's."""

    name = "docker_network"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                required("name", force_new=True),
                Attribute("check_duplicate", BOOL, optional=True, force_new=True, deprecated=True),
                optional("driver", force_new=True, computed=True),
                optional("options", STRING_MAP, force_new=True, computed=True),
                optional("internal", BOOL, force_new=True, computed=True),
                optional("attachable", BOOL, force_new=True),
                optional("ingress", BOOL, force_new=True),
                optional("ipv6", BOOL, force_new=True),
                optional("ipam_driver", force_new=True, default="default"),
                optional("ipam_options", STRING_MAP, force_new=True),
                computed("scope"),
            ),
            (
                labels(),
                Nested("ipam_config", IPAM_CONFIG, computed=True, force_new=True),
            ),
        ),
        version=1,
    )

    def create(self, operation: Operation, planned: State) -> State:
        """Make the network; the engine would allow two of one name, this does not."""
        known = {name: None if value is UNKNOWN else value for name, value in planned.items()}
        with _LOOK_AND_MAKE:
            self._refuse_taken(operation, planned["name"])
            made = operation.client.create_network(
                planned["name"],
                driver=known["driver"],
                options=known["options"],
                ipam=_ipam(known),
                check_duplicate=True,
                internal=bool(known["internal"]),
                labels=to_engine(known["labels"]),
                enable_ipv6=bool(known["ipv6"]),
                attachable=known["attachable"],
                ingress=known["ingress"],
            )
        operation.keep({**planned, "id": made["Id"]})
        found = observed(operation.client.inspect_network(made["Id"]))
        found["ipam_config"] = _as_configured(known["ipam_config"] or [], found["ipam_config"])
        return {**planned, **found}

    def _refuse_taken(self, operation: Operation, name: str) -> None:
        taken = [n for n in operation.client.networks(names=[name]) if n["Name"] == name]
        if taken:
            raise ProviderError(
                f'There is a network named "{name}" already',
                f"It has the id {taken[0]['Id'][:12]} and is not in this Terraform state. Choose "
                "another name or prefix; or, if it is yours, take it over with "
                f"`terraform import ADDRESS {taken[0]['Id'][:12]}`; or remove it with "
                f"`docker network rm {name}`.",
            )

    def read(self, operation: Operation, state: State) -> State | None:
        """Look the network up by its id (or, after an import, by what was given)."""
        try:
            network = operation.client.inspect_network(state["id"])
        except docker_errors.NotFound:
            return None
        found = observed(network)
        found["ipam_config"] = _as_configured(state["ipam_config"] or [], found["ipam_config"])
        return {**state, **found, "labels": from_engine(network.get("Labels"))}

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Every argument forces replacement, so there is nothing to change in the engine."""
        return planned

    def delete(self, operation: Operation, state: State) -> None:
        """Remove the network, as soon as no container is on it."""
        remove_when_free(
            operation,
            lambda: operation.client.remove_network(state["id"]),
            "has active endpoints",
            f'network "{state["name"]}"',
        )

    def import_state(self, operation: Operation, identifier: str) -> State:
        """By id, a beginning of one, or name."""
        return {"id": identifier}


def _ipam(planned: State) -> docker.types.IPAMConfig:
    pools = [
        docker.types.IPAMPool(
            subnet=block["subnet"] or None,
            iprange=block["ip_range"] or None,
            gateway=block["gateway"] or None,
            aux_addresses=block["aux_address"] or None,
        )
        for block in planned["ipam_config"] or []
    ]
    return docker.types.IPAMConfig(planned["ipam_driver"], pools, planned["ipam_options"] or {})


def observed(network: Value) -> State:
    """What the engine's description of a network says, in the resource's terms."""
    ipam = network.get("IPAM") or {}
    return {
        "id": network["Id"],
        "name": network["Name"],
        "driver": network["Driver"],
        "options": network.get("Options") or {},
        "internal": bool(network.get("Internal")),
        "attachable": bool(network.get("Attachable")),
        "ingress": bool(network.get("Ingress")),
        "ipv6": bool(network.get("EnableIPv6")),
        "ipam_driver": ipam.get("Driver") or "default",
        "ipam_options": ipam.get("Options") or None,
        "ipam_config": [_pool(pool) for pool in ipam.get("Config") or []],
        "scope": network.get("Scope") or "local",
    }


def _as_configured(before: list[State], found: list[State]) -> list[State]:
    """Leave out what the engine adds to the pools that are configured.

    A gateway where none is given (newer engines), and a pool of the other family (`ipv6`).
    """
    if not before:
        return found
    known = {_network_of(pool): pool for pool in before}
    return [
        {name: known[subnet][name] and value for name, value in pool.items()}
        | {"subnet": known[subnet]["subnet"]}
        for pool in found
        if (subnet := _network_of(pool)) in known
    ]


def _network_of(pool: State) -> str:
    """The pool's subnet, however it is written."""
    text = str(pool["subnet"])
    try:
        return str(ip_network(text, strict=False))
    except ValueError:  # no subnet: the engine's own error comes first
        return text


def _pool(pool: Value) -> State:
    return {
        "subnet": pool.get("Subnet"),
        "ip_range": pool.get("IPRange"),
        "gateway": pool.get("Gateway"),
        "aux_address": pool.get("AuxiliaryAddresses") or None,
    }
