"""Who is connected to what: networks, containers, volumes and the way of the data between them.

Three sources give the same picture: what a Terraform state records, looked up in the engine (so
that an object deleted by hand shows as missing), any objects of the engine, and a plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from taller.docker_state import Container, DockerState, Network, Volume
from taller.terraform import Action, Plan, State

Condition = Literal[
    "present", "running", "succeeded", "failed", "idle", "missing", "planned", "changing", "leaving"
]

_CONDITION_OF_ACTION: dict[Action, Condition] = {
    "create": "planned",
    "update": "changing",
    "replace": "changing",
    "delete": "leaving",
    "forget": "leaving",
}


@dataclass(frozen=True)
class Link:
    """A volume mounted in a container at ``target``; data flows in only when it is read-only."""

    volume: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class ContainerNode:
    """A container: its networks, its volumes, and one more line about it, such as its exit code."""

    name: str
    condition: Condition
    networks: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class ObjectNode:
    """A volume or a network."""

    name: str
    condition: Condition
    note: str = ""


@dataclass(frozen=True)
class Topology:
    """Everything in the picture; containers in the order of the data."""

    networks: tuple[ObjectNode, ...]
    volumes: tuple[ObjectNode, ...]
    containers: tuple[ContainerNode, ...]

    @classmethod
    def of(
        cls,
        networks: Iterable[ObjectNode],
        volumes: Iterable[ObjectNode],
        containers: Sequence[ContainerNode],
    ) -> "Topology":
        """Put the containers into the order of the data, and name what only they mention."""
        named = {volume.name: volume for volume in volumes}
        for link in (link for container in containers for link in container.links):
            named.setdefault(link.volume, ObjectNode(link.volume, "present"))
        return cls(tuple(networks), tuple(named.values()), tuple(_by_data(containers)))


def docker_topology(
    networks: Iterable[Network], volumes: Iterable[Volume], containers: Iterable[Container]
) -> Topology:
    """The picture of objects that the engine has now."""
    return Topology.of(
        [_network(network) for network in networks],
        [ObjectNode(volume.name, "present") for volume in volumes],
        [_container(container) for container in containers],
    )


def recorded_topology(state: State, engine: DockerState) -> Topology:
    """The picture of what a Terraform state records, as the engine has it now."""
    networks = {network.name: network for network in engine.networks()}
    volumes = {volume.name for volume in engine.volumes()}
    recorded = [
        (engine.container(resource.values["id"]), resource.values)
        for resource in state.of_type("docker_container")
    ]
    recorded.sort(key=lambda pair: pair[0].created if pair[0] else "")
    return Topology.of(
        [
            _network(networks[name]) if name in networks else ObjectNode(name, "missing")
            for name in _names(state, "docker_network")
        ],
        [
            ObjectNode(name, "present" if name in volumes else "missing")
            for name in _names(state, "docker_volume")
        ],
        [
            _container(found) if found else _planned_container(values, "missing")
            for found, values in recorded
        ],
    )


def plan_topology(plan: Plan) -> Topology:
    """The picture of what a plan would leave, and of what it would take away."""
    networks, volumes, containers = [], [], []
    for change in plan.changes:
        values = change.after or change.before or {}
        condition = _CONDITION_OF_ACTION.get(change.action, "present")
        name = values.get("name") or change.address
        if change.type == "docker_network" and change.mode == "managed":
            networks.append(ObjectNode(name, condition))
        elif change.type == "docker_volume":
            volumes.append(ObjectNode(name, condition))
        elif change.type == "docker_container":
            containers.append(_planned_container({**values, "name": name}, condition))
    return Topology.of(networks, volumes, containers)


def _names(state: State, type: str) -> list[str]:
    return [str(resource.values["name"]) for resource in state.of_type(type)]


def _network(network: Network) -> ObjectNode:
    return ObjectNode(network.name, "present", "interna" if network.internal else network.driver)


def _container(container: Container) -> ContainerNode:
    links = [
        Link(mount.source, mount.target, mount.read_only)
        for mount in container.mounts
        if mount.kind == "volume"
    ]
    return ContainerNode(
        container.name, _condition(container), container.networks, tuple(links), _note(container)
    )


def _condition(container: Container) -> Condition:
    if container.exit_code is not None:
        return "succeeded" if container.exit_code == 0 else "failed"
    return "running" if container.status == "running" else "idle"


def _note(container: Container) -> str:
    if container.exit_code is None:
        return container.status
    lasted = f" · {container.seconds:.1f} s" if container.seconds is not None else ""
    memory = " · sin memoria" if container.oom_killed else ""
    return f"código {container.exit_code}{lasted}{memory}"


def _planned_container(values: Mapping[str, Any], condition: Condition) -> ContainerNode:
    """A container as its Terraform attributes describe it."""
    networks = [block.get("name") for block in values.get("networks_advanced") or ()]
    links = [
        Link(block["volume_name"], block.get("container_path") or "", bool(block.get("read_only")))
        for block in values.get("volumes") or ()
        if block.get("volume_name")
    ] + [
        Link(block["source"], block.get("target") or "", bool(block.get("read_only")))
        for block in values.get("mounts") or ()
        if block.get("type") == "volume" and block.get("source")
    ]
    named = tuple(name for name in networks if name)
    return ContainerNode(str(values["name"]), condition, named, tuple(links))


def _by_data(containers: Sequence[ContainerNode]) -> list[ContainerNode]:
    """Sort so that who writes a volume comes before who reads it; ties keep their order."""
    waiting, ordered = list(containers), list[ContainerNode]()
    while waiting:
        ready = next((c for c in waiting if not _waits(c, waiting)), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _waits(container: ContainerNode, others: Sequence[ContainerNode]) -> bool:
    """Whether one of the others writes what this container only reads."""
    reads = {link.volume for link in container.links if link.read_only}
    return any(
        link.volume in reads and not link.read_only
        for other in others
        if other is not container
        for link in other.links
    )
