"""Registries: none by default; of an allowed one, only what is below the tenant's namespace.

Nothing listens at this registry's address: the engine's "connection refused" shows that a call
has passed, and that it went to the right place.
"""

import io

import docker
import pytest
from docker.errors import APIError

from docker_guard import Policy

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
REGISTRY = "127.0.0.1:9"


@pytest.fixture
def policy() -> Policy:
    return Policy(images=(BASE,), registries=frozenset({REGISTRY}))


@pytest.fixture
def image(client: docker.DockerClient, prefix: str) -> str:
    """An image of the tenant's, named for the registry."""
    dockerfile = io.BytesIO(f"FROM {BASE}\nLABEL course={prefix}".encode())
    name = f"{REGISTRY}/dev-x:1"
    client.images.build(fileobj=dockerfile, tag=name, rm=True)
    return name


def test_an_own_image_goes_to_the_allowed_registry(client: docker.DockerClient, image: str) -> None:
    credentials = {"username": "ana", "password": "secret"}
    assert "connection refused" in client.images.push(image, auth_config=credentials)
    client.images.remove(image)


def test_an_own_image_is_pulled_from_the_allowed_registry(
    client: docker.DockerClient, prefix: str
) -> None:
    with pytest.raises(APIError, match="connection refused"):
        client.images.pull(f"{REGISTRY}/dev-y", tag="1")


@pytest.mark.parametrize("name", ["127.0.0.1:10/dev-x", "dev-x"])
def test_whatever_is_elsewhere_is_refused(client: docker.DockerClient, name: str) -> None:
    with pytest.raises(APIError, match="403"):
        client.images.pull(name, tag="1")
    with pytest.raises(APIError, match=r"403|404"):
        client.images.push(name, tag="1")
