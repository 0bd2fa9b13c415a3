"""docker_image: an image that is built or pulled."""

from collections.abc import Iterable, Mapping

from docker.errors import APIError, ImageNotFound

from docker_provider.durations import seconds
from docker_provider.errors import ProviderError
from docker_provider.image_build import build_image
from docker_provider.image_store import ensure_image, find_image, repo_digest
from docker_provider.planning import State
from docker_provider.resource import InvalidArgumentError, Operation, Resource
from docker_provider.schema import (
    BOOL,
    NUMBER,
    STRING_LIST,
    STRING_MAP,
    STRING_SET,
    Block,
    Nested,
    Schema,
    Value,
    computed,
    optional,
    required,
)

BUILD = Block(
    (
        required("context", force_new=True),
        optional("dockerfile", force_new=True, default="Dockerfile"),
        optional("build_args", STRING_MAP, force_new=True),
        optional("labels", STRING_MAP, force_new=True),
        optional("target", force_new=True),
        optional("no_cache", BOOL, force_new=True),
        optional("pull_parent", BOOL, force_new=True),
        optional("platform", force_new=True),
        optional("network_mode", force_new=True),
        optional("cache_from", STRING_LIST, force_new=True),
        optional("extra_hosts", STRING_LIST, force_new=True),
        optional("memory", NUMBER, force_new=True),
        optional("memory_swap", NUMBER, force_new=True),
        optional("shm_size", NUMBER, force_new=True),
        optional("cpu_shares", NUMBER, force_new=True),
        optional("cpu_set_cpus", force_new=True),
        optional("cpu_set_mems", force_new=True),
        optional("cpu_period", NUMBER, force_new=True),
        optional("cpu_quota", NUMBER, force_new=True),
        optional("cgroup_parent", force_new=True),
        optional("tag", STRING_LIST),
        optional("label", STRING_MAP),
        optional("remove", BOOL, default=True),
        optional("force_remove", BOOL),
    )
)

TIMEOUTS = Block((optional("create"), optional("update"), optional("delete")))


class Image(Resource):
    """An image under one name; its identifier is the image's id followed by that name."""

    name = "docker_image"
    schema = Schema(
        Block(
            (
                computed("id"),
                required("name", force_new=True),
                computed("image_id"),
                computed("repo_digest"),
                optional("keep_locally", BOOL),
                optional("force_remove", BOOL),
                optional("pull_triggers", STRING_SET, force_new=True),
                optional("triggers", STRING_MAP, force_new=True),
                optional("platform", force_new=True),
            ),
            (
                Nested("build", BUILD, max_items=1),
                Nested("timeouts", TIMEOUTS, nesting="single"),
            ),
        )
    )

    def validate(self, config: Mapping[str, Value]) -> Iterable[InvalidArgumentError]:
        """A build and a pull exclude each other; time limits must be durations."""
        if config["build"] and config["pull_triggers"]:
            yield InvalidArgumentError(
                ("pull_triggers",),
                'Conflicting arguments "build" and "pull_triggers"',
                "An image is either built or pulled. Remove one of the two; `triggers` makes a "
                "built image be built again.",
            )
        for name, text in (config["timeouts"] or {}).items():
            if isinstance(text, str):
                yield from _invalid_duration(("timeouts", name), text)

    def create(self, operation: Operation, planned: State) -> State:
        """Build the image, or pull it when the engine does not have it."""
        with operation.cancellation.limited(_limit(planned, "create")):
            for block in planned["build"] or []:
                build_image(operation, planned["name"], block)
            image = ensure_image(operation, planned["name"], planned["platform"] or None)
        return {**planned, **_observed(image, planned["name"])}

    def read(self, operation: Operation, state: State) -> State | None:
        """Look the image up by its name: what it was built from is not seen."""
        image = find_image(operation, state["name"])
        return None if image is None else {**state, **_observed(image, state["name"])}

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Nothing in the engine changes: these arguments matter at the next build or at destroy."""
        image = ensure_image(operation, planned["name"], planned["platform"] or None)
        return {**planned, **_observed(image, planned["name"])}

    def delete(self, operation: Operation, state: State) -> None:
        """Remove the name, and the image with its last one, unless `keep_locally`."""
        if state["keep_locally"]:
            return
        try:
            operation.client.remove_image(state["name"], force=bool(state["force_remove"]))
        except ImageNotFound:
            return
        except APIError as refusal:
            raise ProviderError(
                f'The image "{state["name"]}" cannot be removed',
                f"{refusal.explanation}. Remove the containers that use it first, or set "
                "`force_remove = true`, or `keep_locally = true` to leave the image in the engine.",
            ) from refusal


def _observed(image: State, name: str) -> State:
    return {
        "id": image["Id"] + name,
        "image_id": image["Id"],
        "repo_digest": repo_digest(image, name),
    }


def _limit(state: State, action: str) -> float | None:
    text = (state["timeouts"] or {}).get(action)
    return seconds(text) if text else None


def _invalid_duration(path: tuple[str, ...], text: str) -> Iterable[InvalidArgumentError]:
    try:
        seconds(text)
    except ValueError as error:
        yield InvalidArgumentError(path, "This is no duration", f"{error}.")
