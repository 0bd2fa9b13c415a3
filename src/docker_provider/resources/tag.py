"""docker_tag: one more name for an image that is in the engine."""

from docker_provider.errors import ProviderError
from docker_provider.image_name import split_reference
from docker_provider.image_store import find_image
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import Operation, Resource
from docker_provider.schema import (
    IDENTIFIER,
    STRING_SET,
    Block,
    Schema,
    computed,
    optional,
    required,
)


class Tag(Resource):
    """A name for an image; its identifier joins both names.

    As in kreuzwerker/docker, destroying it leaves the name in the engine. Unlike there, a name
    that was removed by hand is noticed, and planned for creation.
    """

    name = "docker_tag"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                required("source_image", force_new=True),
                required("target_image", force_new=True),
                optional("tag_triggers", STRING_SET, force_new=True),
                computed("source_image_id"),
            )
        )
    )

    def create(self, operation: Operation, planned: State) -> State:
        """Give the image its other name."""
        source, target = planned["source_image"], planned["target_image"]
        image = find_image(operation, source)
        if image is None:
            raise ProviderError(
                f'There is no image "{source}" to tag',
                "The engine has none of that name or id. Make it first: refer to the docker_image "
                "resource (its `name` or `image_id`), which also puts the two in order.",
            )
        repository, tag = split_reference(target)
        try:
            operation.client.tag(source, repository, tag or "latest")
        except docker_errors.APIError as refusal:
            raise ProviderError(
                f'The image cannot be tagged "{target}"', f"{refusal.explanation}."
            ) from refusal
        return {**planned, "id": f"{source}.{target}", "source_image_id": image["Id"]}

    def read(self, operation: Operation, state: State) -> State | None:
        """Look whether the other name is still there."""
        return None if find_image(operation, state["target_image"]) is None else state

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Every argument forces replacement, so there is nothing to change in the engine."""
        return planned

    def delete(self, operation: Operation, state: State) -> None:
        """Leave both names where they are."""
