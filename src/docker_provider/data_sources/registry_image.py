"""docker_registry_image, read: the digest that a registry has under a name."""

from docker_provider.image_name import ImageName
from docker_provider.planning import State
from docker_provider.resource import DataSource, Operation
from docker_provider.resources.registry_image import registry_client
from docker_provider.schema import BOOL, IDENTIFIER, Block, Schema, computed, optional, required


class RegistryImageData(DataSource):
    """An image in a registry, which need not be in the engine."""

    name = "docker_registry_image"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                required("name"),
                optional("insecure_skip_verify", BOOL, default=False),
                computed("sha256_digest"),
            )
        )
    )

    def read(self, operation: Operation, config: State) -> State:
        """Ask the registry."""
        image = ImageName.parse(config["name"])
        digest = registry_client(operation, config, image).digest(image)
        return {**config, "id": digest, "sha256_digest": digest}
