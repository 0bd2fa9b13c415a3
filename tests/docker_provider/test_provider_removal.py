"""What something else still holds is removed as soon as it is free, as with the real provider."""

import threading
from typing import Any

import docker
import pytest

from docker_provider.cancellation import Cancellation
from docker_provider.endpoint import ProviderConfig
from docker_provider.errors import ProviderError
from docker_provider.resource import Operation
from docker_provider.resources.removal import remove_when_free

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("kind", ["network", "volume"])
def test_it_goes_as_soon_as_the_other_container_is_gone(
    workspace: Any, engine: docker.DockerClient, base_image: str, prefix: str, kind: str
) -> None:
    name = f"{prefix}-held"
    workspace.write(f'resource "docker_{kind}" "held" {{\n  name = "{name}"\n}}\n').applied()
    held = {"network": {"network": name}, "volume": {"volumes": [f"{name}:/data"]}}[kind]
    other = engine.containers.run(
        base_image, ["sleep", "60"], name=f"{prefix}-other", detach=True, **held
    )
    removal = threading.Timer(1.5, other.remove, kwargs={"force": True})
    removal.start()
    result = workspace.destroy()
    removal.join()
    assert result.ok, result.errors


def test_what_stays_held_is_an_error_that_says_by_whom_to_look(
    engine: docker.DockerClient, base_image: str, prefix: str, leftovers: None
) -> None:
    engine.volumes.create(f"{prefix}-held")
    engine.containers.create(base_image, name=f"{prefix}-other", volumes=[f"{prefix}-held:/data"])
    operation = Operation(engine.api, ProviderConfig(), Cancellation())
    with pytest.raises(ProviderError, match="docker ps -a"):
        remove_when_free(
            operation,
            lambda: engine.api.remove_volume(f"{prefix}-held"),
            "volume is in use",
            "volume",
            patience=0.3,
        )
