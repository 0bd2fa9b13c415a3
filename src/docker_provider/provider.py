"""What the provider offers: its own schema, its resources and its data sources."""

from collections.abc import Iterator, Mapping

from docker_provider.argument_rules import problems
from docker_provider.codec import UNKNOWN
from docker_provider.data_sources.image import ImageData
from docker_provider.data_sources.logs import LogsData
from docker_provider.data_sources.network import NetworkData
from docker_provider.data_sources.registry_image import RegistryImageData
from docker_provider.resource import DataSource, InvalidArgumentError, Resource
from docker_provider.resources.container import Container
from docker_provider.resources.image import Image
from docker_provider.resources.network import Network
from docker_provider.resources.registry_image import RegistryImage
from docker_provider.resources.tag import Tag
from docker_provider.resources.volume import Volume
from docker_provider.schema import (
    BOOL,
    STRING_LIST,
    Block,
    Nested,
    Schema,
    Value,
    optional,
    required,
)

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
            optional("disable_docker_daemon_check", BOOL, default=False),
            optional("ssh_opts", STRING_LIST),
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
                        optional("auth_disabled", BOOL, default=False),
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


def provider_problems(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    """Yield what is wrong with the provider block before any engine is asked."""
    yield from problems(SCHEMA.block, config)
    blocks = config.get("registry_auth")
    for block in [] if blocks is UNKNOWN else blocks or []:
        if block["address"] == "":
            yield InvalidArgumentError(
                ("registry_auth",),
                "The `address` of a registry_auth block is empty",
                "Write the registry's host, with its port if it has one: "
                '"registry.example.com" or "localhost:5000". `docker.io` is Docker Hub.',
            )
