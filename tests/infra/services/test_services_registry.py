"""The private registry of the lessons: who may push, what Terraform then reads, what survives."""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import docker
import pytest
import requests

from taller.terraform import Terraform, TerraformError

pytestmark = pytest.mark.engine

USER, PASSWORD = "taller", "clave-de-prueba-1"
Workspace = Callable[[dict[str, Any]], AbstractContextManager[Terraform]]


@pytest.fixture(scope="module")
def registry(start_service: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    with start_service("registry", password=PASSWORD) as service:
        yield service


@pytest.fixture
def image(engine: docker.DockerClient, registry: Any, prefix: str) -> Iterator[str]:
    """A tiny image in the engine, named for the registry."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(prefix))
    name = f"{registry.outputs['address']}/{prefix}/app"
    engine.api.import_image_from_data(content.getvalue(), name, "v1")
    yield f"{name}:v1"
    engine.images.remove(f"{name}:v1", force=True)


def pushing(registry: Any, image: str, password: str) -> dict[str, Any]:
    """What a student writes: who they are, an image to push, and a look at what arrived."""
    login = {"address": registry.outputs["url"], "username": USER, "password": password}
    arrived = {"name": "${docker_registry_image.app.name}"}
    return {
        "provider": {"docker": {"registry_auth": login}},
        "resource": {"docker_registry_image": {"app": {"name": image, "keep_remotely": True}}},
        "data": {"docker_registry_image": {"app": arrived}},
        "output": {
            "pushed": {"value": "${docker_registry_image.app.sha256_digest}"},
            "read": {"value": "${data.docker_registry_image.app.sha256_digest}"},
        },
    }


def repositories(registry: Any) -> list[str]:
    """The names that somebody who may enter finds there."""
    answer = requests.get(
        f"{registry.outputs['url']}/v2/_catalog", auth=(USER, PASSWORD), timeout=5
    )
    return list(answer.json()["repositories"])


def said(container: Any, *command: str) -> str:
    """What a command prints inside a container."""
    return bytes(container.exec_run(list(command)).output).decode().strip()


def test_with_the_password_an_image_is_pushed_and_its_digest_is_read(
    registry: Any, image: str, prefix: str, docker_workspace: Workspace
) -> None:
    with docker_workspace(pushing(registry, image, PASSWORD)) as terraform:
        terraform.apply()
        outputs = terraform.output()
    assert outputs["pushed"].value == outputs["read"].value
    assert outputs["read"].value.startswith("sha256:")
    assert f"{prefix}/app" in repositories(registry)


def test_with_a_wrong_password_nothing_is_pushed(
    registry: Any, image: str, prefix: str, docker_workspace: Workspace
) -> None:
    with docker_workspace(pushing(registry, image, "no-es-esta")) as terraform:
        with pytest.raises(TerraformError) as refused:
            terraform.apply()
        assert terraform.state_list() == ()
    assert "refused the credentials" in refused.value.message
    assert f"{prefix}/app" not in repositories(registry)


def test_without_a_user_the_registry_answers_401(registry: Any) -> None:
    assert requests.get(f"{registry.outputs['url']}/v2/", timeout=5).status_code == 401


def test_a_new_registry_container_still_has_the_images(
    engine: docker.DockerClient, registry: Any, image: str, docker_workspace: Workspace
) -> None:
    with docker_workspace(pushing(registry, image, PASSWORD)) as terraform:
        terraform.apply()
        before = terraform.output()["read"].value
        engine.containers.get(registry.name).remove(force=True)
        registry.terraform.apply()
        terraform.apply()
        assert terraform.output()["read"].value == before


def test_the_registry_keeps_only_the_hash_of_the_password_and_writes_nowhere_else(
    engine: docker.DockerClient, registry: Any
) -> None:
    container = engine.containers.get(registry.name)
    kept = said(container, "cat", "/run/registry/htpasswd")
    assert kept.startswith(f"{USER}:$2y$")
    assert PASSWORD not in kept
    assert container.exec_run(["touch", "/etc/motd"]).exit_code != 0
    assert said(container, "id", "-u") != "0"


def test_a_second_plan_of_the_registry_is_empty(registry: Any) -> None:
    assert registry.terraform.plan().empty
