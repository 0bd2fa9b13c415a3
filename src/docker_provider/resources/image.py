"""docker_image: an image that is built or pulled."""

from collections.abc import Iterable, Mapping

from docker_provider.codec import UNKNOWN
from docker_provider.errors import ProviderError
from docker_provider.image_name import split_reference
from docker_provider.image_store import ensure_image, find_image, repo_digest
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import InvalidArgumentError, Operation, Resource
from docker_provider.resources.build_schema import BUILD
from docker_provider.resources.timeouts import invalid_timeouts, limit
from docker_provider.schema import (
    BOOL,
    STRING_MAP,
    STRING_SET,
    TIMEOUTS,
    Block,
    Nested,
    Schema,
    Value,
    computed,
    optional,
    required,
)


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
                optional("platform", force_new=True, default=""),
            ),
            (
                Nested("build", BUILD, max_items=1, conflicts=("pull_triggers",)),
                TIMEOUTS,
            ),
        )
    )

    def validate(self, config: Mapping[str, Value]) -> Iterable[InvalidArgumentError]:
        """Time limits must be durations; only the classic builder is served."""
        builds = config["build"]
        for build in [] if builds is UNKNOWN else builds or []:
            if build["version"] not in (None, "", "1", UNKNOWN):
                yield InvalidArgumentError(
                    ("build",),
                    f'The embedded provider does not serve `build.version = "{build["version"]}"`',
                    "It builds with the engine's classic builder, which is version 1.",
                )
        yield from invalid_timeouts(config)

    def create(self, operation: Operation, planned: State) -> State:
        """Build the image, or pull it when the engine does not have it."""
        from docker_provider.image_build import build_image

        with operation.cancellation.limited(limit(planned, "create")):
            for block in planned["build"] or []:
                build_image(operation, planned["name"], block)
            image = ensure_image(operation, planned["name"], planned["platform"] or None)
        return {**planned, **_observed(image, planned["name"])}

    def read(self, operation: Operation, state: State) -> State | None:
        """Look the image up by its name: what it was built from is not seen."""
        image = find_image(operation, state["name"])
        return None if image is None else {**state, **_observed(image, state["name"])}

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Give the built image its new tags; the rest matters at the next build or at destroy."""
        image = ensure_image(operation, planned["name"], planned["platform"] or None)
        before, after = _tags(prior), _tags(planned)
        for tag in after - before:
            repository, name = split_reference(tag)
            operation.client.tag(image["Id"], repository, name or "latest")
        for tag in before - after:
            _untag(operation, tag)
        return {**planned, **_observed(image, planned["name"])}

    def delete(self, operation: Operation, state: State) -> None:
        """Remove the name, and the image with its last one, unless `keep_locally`."""
        if state["keep_locally"]:
            return
        try:
            _untag(operation, state["name"], force=bool(state["force_remove"]))
        except docker_errors.APIError as refusal:
            raise ProviderError(
                f'The image "{state["name"]}" cannot be removed',
                f"{refusal.explanation}. Remove the containers that use it first, or set "
                "`force_remove = true`, or `keep_locally = true` to leave the image in the engine.",
            ) from refusal


def _tags(state: State) -> set[str]:
    """The names that a build gives the image beside its own."""
    return {tag for block in state["build"] or [] for tag in block["tag"] or []} - {state["name"]}


def _untag(operation: Operation, name: str, *, force: bool = False) -> None:
    try:
        operation.client.remove_image(name, force=force)
    except docker_errors.ImageNotFound:
        return


def _observed(image: State, name: str) -> State:
    return {
        "id": image["Id"] + name,
        "image_id": image["Id"],
        "repo_digest": repo_digest(image, name),
    }
