"""What the provider offers: its own schema, its resources and its data sources."""

from docker_provider.data_sources.image import ImageData
from docker_provider.data_sources.logs import LogsData
from docker_provider.data_sources.network import NetworkData
from docker_provider.data_sources.registry_image import RegistryImageData
from docker_provider.resource import DataSource, Resource
from docker_provider.resources.container import Container
from docker_provider.resources.image import Image
from docker_provider.resources.network import Network
from docker_provider.resources.registry_image import RegistryImage
from docker_provider.resources.tag import Tag
from docker_provider.resources.volume import Volume
from docker_provider.schema import BOOL, Block, Nested, Schema, optional, required

ADDRESS = "registry.terraform.io/kreuzwerker/docker"

SCHEMA = Schema(
    Block(
        (
            optional("host"),
            optional("context"),
            optional("cert_path"),
            optional("ca_material"),
            optional("cert_material"),
            optional("key_material"),
            optional("disable_docker_daemon_check", BOOL),
        ),
        (
            Nested(
                "registry_auth",
                Block(
                    (
                        required("address"),
                        optional("username"),
                        optional("password", sensitive=True),
                        optional("config_file"),
                        optional("config_file_content"),
                        optional("auth_disabled", BOOL),
                    )
                ),
            ),
        ),
    ),
    description="Embedded provider: follows kreuzwerker/docker 3.9, but is not that provider.",
)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (Container(), Image(), Network(), RegistryImage(), Tag(), Volume())
}

DATA_SOURCES: dict[str, DataSource] = {
    source.name: source for source in (ImageData(), LogsData(), NetworkData(), RegistryImageData())
}
