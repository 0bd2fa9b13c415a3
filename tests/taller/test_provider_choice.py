"""Which provider Terraform is given: nothing is chosen silently, everything can be forced."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taller import provider
from taller.errors import TallerError
from taller.provider.choice import choose
from taller.provider.mirror import install_mirror
from taller.terraform import Terraform, locate
from taller.workspace import workspace

VOLUME = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
resource "docker_volume" "one" { name = "PREFIX_one" }
"""


@pytest.fixture(autouse=True)
def no_mirror(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Look for mirrors below this test's folder alone."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def genuine_mirror(folder: Path) -> None:
    """Put files where Terraform's own mirror layout has the compiled provider."""
    for version in ("3.0.2", "3.10.1", "3.9.0"):
        place = folder / "registry.terraform.io/kreuzwerker/docker" / version / platform()
        place.mkdir(parents=True)
        (place / f"terraform-provider-docker_v{version}").write_bytes(b"\x7fELF")


def platform() -> str:
    """Terraform's name of this platform."""
    from taller.provider.choice import _platform

    return _platform()


def test_without_a_mirror_the_embedded_one_is_chosen_and_says_so() -> None:
    choice = choose()
    assert (choice.kind, choice.served_here) == ("embedded", True)
    assert "embedded provider" in choice.title


def test_a_genuine_mirror_is_preferred_and_its_newest_version_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine_mirror(tmp_path / "mirror")
    monkeypatch.setenv("TALLER_PROVIDER_MIRROR", str(tmp_path / "mirror"))
    choice = choose()
    assert (choice.kind, choice.version, choice.served_here) == ("mirror", "3.10.1", False)


def test_a_packed_mirror_as_terraform_writes_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mirror" / "registry.terraform.io/kreuzwerker/docker"
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-docker_3.6.2_{platform()}.zip").write_bytes(b"PK")
    monkeypatch.setenv("TALLER_PROVIDER_MIRROR", str(tmp_path / "mirror"))
    assert (choose().kind, choose().version) == ("mirror", "3.6.2")


@pytest.mark.parametrize("kind", ["registry", "embedded"])
def test_a_choice_can_be_forced(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLER_PROVIDER", kind)
    assert choose().kind == kind


def test_asking_for_a_mirror_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLER_PROVIDER", "mirror")
    with pytest.raises(TallerError, match="TALLER_PROVIDER=mirror") as raised:
        choose()
    assert "taller provider install" in raised.value.suggestion


def test_a_choice_that_does_not_exist_lists_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLER_PROVIDER", "magic")
    with pytest.raises(TallerError, match="magic") as raised:
        choose()
    assert "auto, registry, mirror, embedded" in raised.value.suggestion


def test_the_embedded_ones_mirror_is_not_taken_for_the_genuine_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_mirror()
    assert choose().kind == "embedded"
    monkeypatch.setenv("TALLER_PROVIDER", "mirror")
    choice = choose()
    assert (choice.kind, choice.served_here) == ("mirror", True)
    assert "embebido" in choice.title


@pytest.mark.engine
@pytest.mark.usefixtures("leftovers")
def test_plain_terraform_works_with_the_installed_mirror(prefix: str, tmp_path: Path) -> None:
    settings = install_mirror(tmp_path / "mirror")
    (tmp_path / "main.tf").write_text(VOLUME.replace("PREFIX", prefix))
    environment = os.environ | {"TF_CLI_CONFIG_FILE": str(settings)}
    for command in (["init"], ["apply", "-auto-approve"], ["destroy", "-auto-approve"]):
        subprocess.run([locate(), *command], cwd=tmp_path, env=environment, check=True)


@pytest.mark.engine
@pytest.mark.usefixtures("leftovers")
def test_a_workspace_uses_the_mirror_that_was_asked_for(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_mirror()
    monkeypatch.setenv("TALLER_PROVIDER", "mirror")
    place = workspace(prefix, "mirrored")
    (place.folder / "main.tf").write_text(VOLUME.replace("PREFIX", prefix))
    terraform = provider.terraform(place)
    terraform.init()
    assert provider.running_server(place) is None
    assert terraform.plan().count("create") == 1


@pytest.mark.engine
def test_the_registry_is_asked_when_it_is_forced(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLER_PROVIDER", "registry")
    assert provider.environment(workspace(prefix, "direct")) == {}


def test_a_mirror_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TallerError, match="mirror"):
        install_mirror(tmp_path / "file" / "mirror")


@pytest.mark.engine
def test_the_command_says_how_to_use_the_mirror(home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "taller", "provider", "install", str(tmp_path / "m")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"export TF_CLI_CONFIG_FILE={tmp_path / 'm' / 'terraform.tfrc'}" in done.stdout
    (tmp_path / "main.tf").write_text(VOLUME)
    settings = str(tmp_path / "m" / "terraform.tfrc")
    Terraform(tmp_path, environment=lambda: {"TF_CLI_CONFIG_FILE": settings}).init()
