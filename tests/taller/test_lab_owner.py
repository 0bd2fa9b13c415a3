"""A name that exists already: the error says which notebook has it, and how to free it."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from taller.lab import Lab, LabError

pytestmark = pytest.mark.engine

HCL = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" {
  type = string
}

"""
OBJECTS = {
    "volume": 'resource "docker_volume" "x" {\n  name = "${var.prefix}_x"\n}\n',
    "network": 'resource "docker_network" "x" {\n  name = "${var.prefix}_x"\n}\n',
    "container": 'variable "base_image" {}\nresource "docker_container" "x" {\n'
    '  name = "${var.prefix}_x"\n  image = var.base_image\n  command = ["true"]\n'
    "  must_run = false\n}\n",
}


@pytest.fixture
def labs(
    tmp_path: Path, prefix: str, engine: docker.DockerClient, leftovers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Lab, Lab]]:  # fmt: skip
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    monkeypatch.setenv("TALLER_PREFIX", prefix)
    made = (Lab("ej05", prefix=prefix, banner=False), Lab("ej01", prefix=prefix, banner=False))
    yield made
    for lab in made:
        lab.teardown(keep=False)


def refused(lab: Lab, kind: str) -> str:
    lab.write("main.tf", HCL + OBJECTS[kind])
    with pytest.raises(LabError) as error:
        lab.apply()
    return str(error.value)


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_other_notebook_is_named_and_its_line_frees_the_name(
    labs: tuple[Lab, Lab], prefix: str, kind: str
) -> None:
    fifth, first = labs
    fifth.write("main.tf", HCL + OBJECTS[kind])
    fifth.apply()
    told = refused(first, kind)
    assert f"«{prefix}_x» es del ejercicio 5 (cuaderno ej05_modulos)" in told
    (line,) = (line for line in told.splitlines() if line.endswith("; lab.use()"))
    exec(line.partition("aquí mismo: ")[2], {"Lab": Lab, "lab": first})
    assert first.apply().added == 1


def test_what_nobody_made_is_said_to_be_nobodys(
    labs: tuple[Lab, Lab], prefix: str, engine: docker.DockerClient
) -> None:
    engine.volumes.create(f"{prefix}_x")
    told = refused(labs[1], "volume")
    assert "no es de ningún cuaderno de este taller" in told
    assert f"docker volume rm {prefix}_x" in told


def test_what_a_removed_workspace_left_is_known_by_its_label(
    labs: tuple[Lab, Lab], prefix: str, engine: docker.DockerClient
) -> None:
    engine.networks.create(f"{prefix}_x", labels={"taller.exercise": "ej04"})
    assert "quedó de una ejecución de ej04" in refused(labs[1], "network")


def test_the_demo_and_lessons_have_names_too(
    labs: tuple[Lab, Lab], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLER_PREFIX", "otra")
    for name, words in (("demo", f"taller clean --prefix {prefix}"),
                        ("leccion-01-servicios", f'prefix="{prefix}"')):  # fmt: skip
        other = Lab(name, prefix=prefix, banner=False)
        other.write("main.tf", HCL + OBJECTS["volume"])
        other.apply()
        told = refused(labs[1], "volume")
        assert words in told.replace("\n", " ")
        other.teardown()
    assert "lección 1 (cuaderno 01_terraform_y_docker)" in told
