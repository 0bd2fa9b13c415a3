"""What an image name says: registry, repository, tag or digest."""

from dataclasses import dataclass

from docker_provider.errors import ConfigurationError
from docker_provider.on_demand import docker_auth, docker_errors, docker_utils

DOCKER_HUB = "docker.io"


def split_reference(name: str) -> tuple[str, str]:
    """Split an image name into path and tag or digest, "" when it has none.

    A digest beside a tag decides, as it does for Docker.

    >>> split_reference("127.0.0.1:5000/app:1@sha256:0f")
    ('127.0.0.1:5000/app', 'sha256:0f')
    """
    named, _, digest = name.partition("@")
    path, tag = docker_utils.parse_repository_tag(named)
    return path, digest or tag or ""


@dataclass(frozen=True)
class ImageName:
    """`registry` is ``host[:port]``; `reference` is a tag or a ``sha256:…`` digest."""

    registry: str
    repository: str
    reference: str

    @classmethod
    def parse(cls, name: str) -> "ImageName":
        """Read a name as the Docker command line does; raises ConfigurationError.

        >>> ImageName.parse("127.0.0.1:5000/team/app:1")
        ImageName(registry='127.0.0.1:5000', repository='team/app', reference='1')
        >>> ImageName.parse("python")
        ImageName(registry='docker.io', repository='library/python', reference='latest')
        """
        path, reference = split_reference(name)
        try:
            registry, repository = docker_auth.resolve_repository_name(path)
        except docker_errors.DockerException as error:
            raise ConfigurationError(
                "The image name cannot be used", f'"{name}": {error}'
            ) from error
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry, repository, reference or "latest")

    def __str__(self) -> str:
        separator = "@" if ":" in self.reference else ":"
        return f"{self.registry}/{self.repository}{separator}{self.reference}"
