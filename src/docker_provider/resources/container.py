"""docker_container: a running service, or a batch job that ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from docker_provider.codec import UNKNOWN
from docker_provider.container import run, upload
from docker_provider.container.checks import problems
from docker_provider.container.request import create_request, engine_removes, resources
from docker_provider.container.schema import CONTAINER
from docker_provider.container.state import created, imported, refreshed
from docker_provider.errors import ProviderError
from docker_provider.image_store import ensure_image
from docker_provider.on_demand import docker, docker_errors
from docker_provider.planning import Path, State, same
from docker_provider.resource import Engine, InvalidArgumentError, Operation, Resource
from docker_provider.schema import Value

_CONFLICT = 409
_REMOVAL_LOOK = 0.05
"""Seconds between looks at a container that is going."""

_UPDATABLE = (
    "restart",
    "max_retry_count",
    "memory",
    "memory_reservation",
    "memory_swap",
    "cpu_shares",
    "cpu_set",
    "cpu_period",
    "cpu_quota",
)

_LIMITS = ("memory", "memory_reservation", "cpu_shares", "cpu_set", "cpu_period", "cpu_quota")
"""Set and changed in place; but to the engine 0 means "as it was", so none is taken away so."""


class Container(Resource):
    """A container; its identifier is the engine's.

    `image` may be a name or an image id. A name stays in state as it is written, so that a second
    plan is empty; refer to `image_id` when a rebuilt image must replace the container.
    """

    name = "docker_container"
    schema = CONTAINER

    def validate(self, config: Mapping[str, Value]) -> Iterable[InvalidArgumentError]:
        """Check what the engine would only refuse at apply."""
        return problems(config)

    def replacements(
        self, paths: list[Path], prior: State, planned: State, engine: Engine
    ) -> list[Path]:
        """Add a limit that is taken away, and a change of what the engine removes by itself.

        After an import, an image is the same under its name and under its id.
        """
        removed = [name for name in _LIMITS if prior[name] and not planned[name]]
        if not planned["memory"] and prior["memory_swap"] and not planned["memory_swap"]:
            removed.append("memory_swap")
        known = UNKNOWN not in (planned["rm"], planned["attach"])
        if known and engine_removes(prior) != engine_removes(planned):
            removed.append("rm")
        found = [*paths, *((name,) for name in removed)]
        if ("image",) in found and _just_imported(prior) and _runs(engine(), prior, planned):
            found.remove(("image",))
        return found

    def create(self, operation: Operation, planned: State) -> State:
        """Create, connect, upload, start and follow it.

        One that the engine cannot start, or that ends at once, is removed again; after any other
        failure it stays, and in the state.
        """
        ensure_image(operation, planned["image"])
        identifier = self._create(operation, planned)
        operation.keep({**planned, "id": identifier})
        try:
            self._prepare(operation, planned, identifier)
            found, logs = run.follow(operation, planned, identifier)
        except (docker_errors.APIError, run.EndedError) as failure:
            _remove(operation, planned, identifier)
            operation.forget()
            if isinstance(failure, docker_errors.APIError):
                raise _cannot_start(planned, failure) from failure
            raise
        if run.leaves_nothing(planned):
            _remove(operation, planned, identifier)
        return {**created(planned, found), **logs}

    def _create(self, operation: Operation, planned: State) -> str:
        try:
            # types-docker leaves this one call untyped.
            create: Callable[..., dict[str, Any]] = operation.client.create_container_from_config
            made = create(create_request(planned), planned["name"])
        except docker_errors.APIError as refusal:
            if refusal.status_code == _CONFLICT:
                raise _name_taken(operation, planned["name"], refusal) from refusal
            raise _cannot_start(planned, refusal) from refusal
        for warning in made.get("Warnings") or []:
            operation.warn(f'The engine warns about the container "{planned["name"]}"', warning)
        return str(made["Id"])

    def _prepare(self, operation: Operation, planned: State, identifier: str) -> None:
        networks = planned["networks_advanced"] or []
        if networks and planned["network_mode"] == "bridge":
            operation.client.disconnect_container_from_network(identifier, "bridge")
        for network in networks:
            operation.client.connect_container_to_network(
                identifier,
                network["name"],
                aliases=network["aliases"] or None,
                ipv4_address=network["ipv4_address"] or None,
                ipv6_address=network["ipv6_address"] or None,
                mac_address=network["mac_address"] or None,
            )
        if planned["upload"]:
            operation.client.put_archive(identifier, "/", upload.archive(planned["upload"]))

    def read(self, operation: Operation, state: State) -> State | None:
        """Refresh what can change in a living container.

        As in kreuzwerker/docker, one that must run and does not is removed, and so planned anew:
        a container should be pristine when it starts.
        """
        try:
            found = operation.client.inspect_container(state["id"])
        except docker_errors.NotFound:
            return None
        if state["image"] is None:
            return imported(state, found)
        must_run = state["must_run"] and state["start"]
        if must_run and not run.is_alive(found):
            _remove(operation, state, found["Id"])
            operation.warn(
                f'The container "{state["name"]}" had stopped',
                "It must run (must_run = true), so it was removed and will be created again.",
            )
            return None
        return refreshed(state, found)

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Change limits and the restart policy, and start what was not to be started before.

        The other arguments only guide the provider.
        """
        if any(not same(prior[name], planned[name]) for name in _UPDATABLE):
            _update(operation, planned)
        if planned["start"] and not prior["start"]:
            found, logs = run.follow(operation, planned, planned["id"])
            return {**refreshed(planned, found), **logs}
        return refreshed(planned, operation.client.inspect_container(planned["id"]))

    def delete(self, operation: Operation, state: State) -> None:
        """Stop it within its grace time, if it has one, and remove it."""
        try:
            if state["destroy_grace_seconds"] and not state["attach"]:
                operation.client.stop(state["id"], timeout=state["destroy_grace_seconds"])
        except docker_errors.NotFound:
            return
        _remove(operation, state, state["id"])

    def import_state(self, operation: Operation, identifier: str) -> State:
        """By id, a beginning of one, or name."""
        return {"id": identifier}


def _just_imported(state: State) -> bool:
    """Whether no plan has been applied yet: then what guides the provider has no value."""
    return state["must_run"] is None


def _runs(client: docker.APIClient, prior: State, planned: State) -> bool:
    """Whether the container's image is the one that is planned, by whatever name."""
    if planned["image"] is UNKNOWN:
        return False
    # types-docker leaves this one call untyped.
    inspect: Callable[[str], dict[str, Any]] = client.inspect_image
    try:
        used = client.inspect_container(prior["id"])["Image"]
        return bool(used == inspect(planned["image"])["Id"])
    except docker_errors.NotFound:
        return False


def _remove(operation: Operation, state: State, identifier: str) -> None:
    """Remove the container and wait until it is gone: its name must be free afterwards."""
    try:
        operation.client.remove_container(
            identifier, v=state["remove_volumes"] is not False, force=True
        )
    except docker_errors.NotFound:
        return
    except docker_errors.APIError as refusal:
        if refusal.status_code != _CONFLICT:  # 409: the engine is removing it already
            raise
    while _exists(operation, identifier):
        operation.cancellation.sleep(_REMOVAL_LOOK)


def _update(operation: Operation, planned: State) -> None:
    client = operation.client
    body = resources(planned) | {
        "CpuShares": planned["cpu_shares"] or 0,
        "CpusetCpus": planned["cpu_set"] or "",
        "CpuPeriod": planned["cpu_period"] or 0,
        "CpuQuota": planned["cpu_quota"] or 0,
    }
    # Without a swap limit of its own the engine gives a container twice its memory in all, but
    # refuses to raise the memory above a total that it set earlier.
    body.setdefault("MemorySwap", 2 * body["Memory"])
    answer = client.post(
        f"{client.base_url}/v{client.api_version}/containers/{planned['id']}/update", json=body
    )
    if not answer.ok:
        raise ProviderError(
            f'The container "{planned["name"]}" cannot be changed', answer.json()["message"]
        )


def _exists(operation: Operation, identifier: str) -> bool:
    try:
        operation.client.inspect_container(identifier)
    except docker_errors.NotFound:
        return False
    return True


def _name_taken(operation: Operation, name: str, refusal: docker_errors.APIError) -> ProviderError:
    try:
        other = operation.client.inspect_container(name)
    except docker_errors.NotFound:
        return ProviderError(f'The container "{name}" cannot be created', str(refusal.explanation))
    return ProviderError(
        f'There is a container named "{name}" already',
        f"It has the id {other['Id'][:12]}, runs the image {other['Config'].get('Image')}, is "
        f"{other['State'].get('Status', 'there')}, and is not in this Terraform state. Choose "
        "another name or prefix; or, if it is yours, take it over with "
        f"`terraform import ADDRESS {name}`; or "
        f"remove it with `docker rm -f {name}`.",
    )


def _cannot_start(planned: State, refusal: docker_errors.APIError) -> ProviderError:
    reason = str(refusal.explanation or refusal)
    ports = ", ".join(str(p["external"]) for p in planned["ports"] or [] if p["external"])
    if "port is already allocated" in reason or "address already in use" in reason:
        advice = (
            f"Another program or container uses a port this one publishes ({ports}). Choose "
            "another `external` port, leave it out for a free one, or stop the other."
        )
    else:
        advice = "Nothing was left behind. Correct the container's arguments and apply again."
    return ProviderError(
        f'The container "{planned["name"]}" cannot be started', f"{reason}\n\n{advice}"
    )
