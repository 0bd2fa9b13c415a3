"""docker_image, read: an image that is in the engine."""

from docker_provider.errors import ProviderError
from docker_provider.image_store import find_image, repo_digest
from docker_provider.planning import State
from docker_provider.resource import DataSource, Operation
from docker_provider.schema import IDENTIFIER, Block, Schema, computed, required


class ImageData(DataSource):
    """An image by its name, tag, digest or id; it is never pulled."""

    name = "docker_image"
    schema = Schema(Block((IDENTIFIER, required("name"), computed("repo_digest"))))

    def read(self, operation: Operation, config: State) -> State:
        """Look the image up."""
        image = find_image(operation, config["name"])
        if image is None:
            raise ProviderError(
                f'The engine has no image "{config["name"]}"',
                "A data source pulls nothing. Check the name and tag (`docker images`), or make "
                "the image with a docker_image resource.",
            )
        return {**config, "id": image["Id"], "repo_digest": repo_digest(image, config["name"])}
