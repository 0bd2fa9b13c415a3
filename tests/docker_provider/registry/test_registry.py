"""Through Terraform, against a registry with passwords: push, digest, pull, delete, and who may."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from .signer import Signer

pytestmark = pytest.mark.engine


def push(image: str, *more: str) -> str:
    """A resource that pushes `image`."""
    return "\n".join(
        ['resource "docker_registry_image" "app" {', f'name = "{image}"', *more, "}\n"]
    )


def read(image: str) -> str:
    """A data source that reads the digest of `image`, shown as the output `digest`."""
    return f"""
data "docker_registry_image" "app" {{
  name = "{image}"
}}
output "digest" {{
  value = data.docker_registry_image.app.sha256_digest
}}
"""


def pull(image: str) -> str:
    """A resource that pulls `image`."""
    return f'resource "docker_image" "app" {{\nname = "{image}"\n}}\n'


# --- With the right credentials -----------------------------------------------------------------


def test_an_image_is_pushed_read_pulled_again_and_deleted(
    engine: docker.DockerClient, registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    provider = registry.provider()
    workspace.write(provider + push(image)).applied()
    assert registry.tags(f"{prefix}/app") == ["1"]

    workspace.write(provider + push(image) + read(image)).applied()
    digest = workspace.outputs()["digest"]
    assert digest == workspace.state()["docker_registry_image.app"]["sha256_digest"]
    assert engine.images.get(image).attrs["RepoDigests"][0].endswith(digest)

    engine.images.remove(image, force=True)
    workspace.write(provider + push(image) + read(image) + pull(image)).applied()
    assert engine.images.get(image).attrs["RepoDigests"][0].endswith(digest)
    assert workspace.plan().actions == {}

    workspace.write(provider).applied()
    assert registry.tags(f"{prefix}/app") == []


def test_a_container_pulls_its_missing_image_with_the_providers_credentials(
    engine: docker.DockerClient, registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    workspace.write(registry.provider() + push(image)).applied()
    engine.images.remove(image, force=True)
    container = f"""
resource "docker_container" "app" {{
  name     = "{prefix}-app"
  image    = "{image}"
  command  = ["/nothing"]
  start    = false
  must_run = false
}}"""
    workspace.write(registry.provider() + push(image) + container).applied()
    assert engine.containers.get(f"{prefix}-app").image.tags == [image]


def test_a_second_plan_is_empty_with_every_argument_set(
    registry: Any, workspace: Any, image: str
) -> None:
    every = (
        "keep_remotely = true",
        "insecure_skip_verify = true",
        'triggers = { version = "a" }',
        _own_credentials(registry),
    )
    workspace.write(registry.provider() + push(image, *every)).applied()
    assert workspace.plan().actions == {}


def test_a_kept_image_survives_destroy(
    registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    workspace.write(registry.provider() + push(image)).applied()
    workspace.write(registry.provider() + push(image, "keep_remotely = true"))
    assert workspace.plan().actions == {"docker_registry_image.app": "update"}
    assert workspace.applied().destroy().ok
    assert registry.tags(f"{prefix}/app") == ["1"]


def test_an_image_deleted_in_the_registry_is_planned_for_another_push(
    registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    workspace.write(registry.provider() + push(image)).applied()
    digest = workspace.state()["docker_registry_image.app"]["sha256_digest"]
    assert registry.request("DELETE", f"{prefix}/app/manifests/{digest}").ok
    assert workspace.plan().actions == {"docker_registry_image.app": "create"}
    workspace.applied()
    assert registry.tags(f"{prefix}/app") == ["1"]


def test_a_changed_trigger_pushes_again(registry: Any, workspace: Any, image: str) -> None:
    workspace.write(registry.provider() + push(image, 'triggers = { version = "a" }')).applied()
    workspace.write(registry.provider() + push(image, 'triggers = { version = "b" }'))
    plan = workspace.plan()
    assert plan.actions == {"docker_registry_image.app": "delete create"}
    assert plan.replaced_by("docker_registry_image.app") == [["triggers"]]


def test_the_resources_own_credentials_come_before_the_providers(
    registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    wrong = registry.provider(username=registry.user, password="wrong")
    workspace.write(wrong + push(image, _own_credentials(registry))).applied()
    assert registry.tags(f"{prefix}/app") == ["1"]
    shown = workspace.terraform("show", "-no-color").output
    assert "auth_config" in shown
    assert registry.password not in shown
    assert workspace.destroy().ok
    assert registry.tags(f"{prefix}/app") == []


def test_a_docker_configuration_file_serves_as_credentials(
    registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    workspace.write(
        registry.provider(config_file_content=registry.docker_configuration()) + push(image)
    ).applied()
    assert registry.tags(f"{prefix}/app") == ["1"]


def _own_credentials(registry: Any) -> str:
    return f"""auth_config {{
  address  = "http://{registry.address}"
  username = "{registry.user}"
  password = "{registry.password}"
}}"""


# --- With wrong ones, and with none -------------------------------------------------------------

Use = Callable[[str], str]


@pytest.mark.parametrize("use", [push, read])
def test_a_wrong_password_is_told_as_such(
    registry: Any, workspace: Any, image: str, use: Use
) -> None:
    provider = registry.provider(username=registry.user, password="not-hers")
    told = workspace.write(provider + use(image)).apply().errors
    assert f"The registry {registry.address} refused the credentials" in told
    assert f"the user {registry.user}" in told
    assert "not-hers" not in told, "a password is never shown"


def test_without_a_registry_auth_block_nothing_is_pushed(
    registry: Any, workspace: Any, image: str, prefix: str
) -> None:
    told = workspace.write(push(image)).apply().errors
    assert f"The registry {registry.address} requires credentials" in told
    assert "registry_auth" in told
    assert registry.tags(f"{prefix}/app") == []


def test_without_credentials_a_read_tells_where_to_put_them(
    registry: Any, workspace: Any, image: str
) -> None:
    address = (
        'provider "docker" {\nregistry_auth {\nauth_disabled = true\n'
        f'address = "http://{registry.address}"\n}}\n}}\n'
    )
    told = workspace.write(address + read(image)).apply().errors
    assert f"The registry {registry.address} requires credentials" in told
    assert "registry_auth" in told


@pytest.mark.parametrize("use", [push, read])
def test_an_address_without_a_scheme_means_tls_on_the_loopback_too(
    registry: Any, workspace: Any, image: str, use: Use
) -> None:
    provider = registry.provider().replace("http://", "")
    told = workspace.write(provider + use(image)).apply().errors
    assert f"Cannot reach the registry {registry.address}" in told
    assert f'address = "http://{registry.address}"' in told


@pytest.mark.parametrize("arguments", [{}, {"password": "not-hers"}, {"auth_disabled": True}])
def test_a_pull_without_the_right_credentials_is_refused_naming_the_registry(
    engine: docker.DockerClient,
    registry: Any,
    workspace: Any,
    image: str,
    arguments: dict[str, str | bool],
) -> None:
    workspace.write(registry.provider() + push(image)).applied()
    engine.images.remove(image, force=True)
    provider = registry.provider(username=registry.user, **arguments) if arguments else ""
    told = workspace.write(provider + pull(image)).terraform(
        "apply", "-auto-approve", "-json", "-target=docker_image.app"
    )
    assert f'The image "{image}" is not here and cannot be pulled' in told.errors
    assert "registry_auth" in told.errors


def test_an_image_that_is_not_in_the_registry_is_told_apart(
    registry: Any, workspace: Any, prefix: str
) -> None:
    name = f"{registry.address}/{prefix}/none:7"
    told = workspace.write(registry.provider() + read(name)).apply().errors
    assert f"There is no image {name} in the registry" in told


def test_an_image_that_is_not_in_the_engine_cannot_be_pushed(
    registry: Any, workspace: Any, prefix: str
) -> None:
    name = f"{registry.address}/{prefix}/none:7"
    told = workspace.write(registry.provider() + push(name)).apply().errors
    assert f"There is no image {name} to push" in told


def test_a_registry_that_is_away_does_not_look_like_a_lost_image(
    workspace: Any, prefix: str
) -> None:
    told = workspace.write(read(f"127.0.0.1:1/{prefix}/app:1")).apply().errors
    assert "Cannot reach the registry 127.0.0.1:1" in told


# --- Over TLS, on the loopback ------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # on purpose
def test_a_registry_with_tls_needs_no_scheme_and_its_image_is_found_by_tag_and_digest(
    engine: docker.DockerClient,
    start_registry: Callable[..., str],
    registry: Any,
    workspace: Any,
    image: str,
    prefix: str,
    tmp_path: Path,
) -> None:
    signer = Signer(tmp_path)
    tls = {"certificate": str(signer.certificate), "key": str(signer.key)}
    address = start_registry(http={"tls": tls})
    name = f"{address}/{prefix}/app:1"
    engine.api.tag(image, f"{address}/{prefix}/app", "1")
    provider = f'''provider "docker" {{
  registry_auth {{
    address       = "{address}"
    auth_disabled = true
  }}
}}
'''
    pushed = push(name, "insecure_skip_verify = true", "keep_remotely = true")
    workspace.write(provider + pushed).applied()
    digest = workspace.state()["docker_registry_image.app"]["sha256_digest"]
    engine.images.remove(name)

    pinned = f"{name}@{digest}"
    more = f'''
resource "docker_image" "pinned" {{
  name = "{pinned}"
}}
data "docker_image" "pinned" {{
  name       = docker_image.pinned.name
  depends_on = [docker_image.pinned]
}}
data "docker_registry_image" "app" {{
  name                 = "{name}"
  insecure_skip_verify = true
}}
output "found" {{
  value = [data.docker_image.pinned.repo_digest, data.docker_registry_image.app.sha256_digest]
}}
'''
    workspace.write(provider + pushed + more).applied()
    by_digest = f"{address}/{prefix}/app@{digest}"
    assert workspace.outputs()["found"] == [by_digest, digest]
    assert workspace.state()["docker_image.pinned"]["repo_digest"] == by_digest
    assert workspace.plan().actions == {}
    assert workspace.destroy().ok
    assert engine.api.images(filters={"reference": f"{address}/{prefix}/app"}) == []
