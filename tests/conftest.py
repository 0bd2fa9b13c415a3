"""Fixtures that every layer of the tests shares."""

import secrets
from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException
from hypothesis import HealthCheck, settings

BASE_IMAGE = "taller/base:bookworm"

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of the real Docker Engine; fails when none answers."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(f"These tests need a Docker Engine; run 'taller doctor --fix' first: {error}")
    yield client
    client.close()


@pytest.fixture
def prefix() -> str:
    """A name prefix that no other test uses."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture
def leftovers(engine: docker.DockerClient, prefix: str) -> Iterator[None]:
    """Remove every Docker object whose name begins with this test's prefix."""
    yield
    for container in engine.containers.list(all=True, filters={"name": prefix}):
        container.remove(force=True, v=True)
    for network in engine.networks.list(filters={"name": prefix}):
        network.remove()
    for volume in engine.volumes.list(filters={"name": prefix}):
        volume.remove(force=True)
    for image in engine.api.images():  # one call: other tests' images come and go meanwhile
        for tag in image["RepoTags"] or []:
            if tag.startswith(prefix):
                engine.images.remove(tag, force=True)
