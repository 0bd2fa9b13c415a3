"""docker_volume: a named volume."""

import threading

from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import Operation, Resource
from docker_provider.resources.labels import from_engine, to_engine
from docker_provider.resources.removal import remove_when_free
from docker_provider.schema import (
    IDENTIFIER,
    STRING_MAP,
    Block,
    Nested,
    Schema,
    computed,
    labels,
    optional,
)

_LOOK_AND_MAKE = threading.Lock()
"""Of two resources with one name, that Terraform makes at once, always one is refused."""

_NAMELESS = "com.docker.volume.anonymous"

_CLUSTER = Block(
    (
        computed("id"),
        optional("availability", default="active"),
        optional("group", force_new=True, default=""),
        optional("limit_bytes", force_new=True),
        optional("required_bytes", force_new=True),
        optional("scope", force_new=True, default="single"),
        optional("sharing", force_new=True, default="none"),
        optional("topology_preferred", force_new=True, default=""),
        optional("topology_required", force_new=True, default=""),
        optional("type", force_new=True, default="block"),
    )
)


class Volume(Resource):
    """A volume; its identifier is its name."""

    name = "docker_volume"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                optional("name", force_new=True, computed=True),
                optional("driver", force_new=True, computed=True),
                optional("driver_opts", STRING_MAP, force_new=True),
                computed("mountpoint"),
            ),
            (
                labels(),
                Nested("cluster", _CLUSTER, "list", max_items=1, unserved="It is Swarm's."),
            ),
        ),
        version=1,
    )

    def create(self, operation: Operation, planned: State) -> State:
        """Make the volume.

        Differs from kreuzwerker/docker: the engine hands over an existing volume of that name
        without a word, and so does the real provider; destroy would then remove someone else's
        data. Here a name that is taken is an error.
        """
        name = planned["name"] if isinstance(planned["name"], str) else None
        with _LOOK_AND_MAKE:
            if name:
                self._refuse_taken(operation, name)
            made = operation.client.create_volume(
                name=name,
                driver=planned["driver"] if isinstance(planned["driver"], str) else None,
                driver_opts=planned["driver_opts"] or None,
                labels=to_engine(planned["labels"]),
            )
        state = {**planned, **_observed(made)}
        operation.keep(state)
        return state

    def _refuse_taken(self, operation: Operation, name: str) -> None:
        try:
            taken = operation.client.inspect_volume(name)
        except docker_errors.NotFound:
            return
        raise ProviderError(
            f'There is a volume named "{name}" already',
            f"It was created {taken.get('CreatedAt', 'earlier')} with labels "
            f"{taken.get('Labels') or 'none'}, and is not in this Terraform state. Using it would "
            "let destroy remove data that is not ours. Choose another name or prefix; or, if it "
            f"is yours, take it over with `terraform import ADDRESS {name}`; or remove it with "
            f"`docker volume rm {name}`.",
        )

    def read(self, operation: Operation, state: State) -> State | None:
        """Look the volume up by its name."""
        try:
            volume = operation.client.inspect_volume(state["id"])
        except docker_errors.NotFound:
            return None
        return {**state, **_observed(volume), "labels": _labels(volume, state)}

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Every argument forces replacement, so there is nothing to change in the engine."""
        return planned

    def delete(self, operation: Operation, state: State) -> None:
        """Remove the volume, as soon as no container has it."""
        remove_when_free(
            operation,
            lambda: operation.client.remove_volume(state["id"]),
            "volume is in use",
            f'volume "{state["id"]}"',
        )

    def import_state(self, operation: Operation, identifier: str) -> State:
        """By name."""
        return {"id": identifier}


def _labels(volume: State, state: State) -> list[dict[str, str]]:
    """The volume's labels, without the one by which newer engines mark a volume without a name."""
    found = volume.get("Labels") or {}
    ours = to_engine(state["labels"])
    return from_engine({k: v for k, v in found.items() if k != _NAMELESS or k in ours})


def _observed(volume: State) -> State:
    return {
        "id": volume["Name"],
        "name": volume["Name"],
        "driver": volume.get("Driver") or "local",
        "driver_opts": volume.get("Options") or None,
        "mountpoint": volume.get("Mountpoint") or "",
    }
