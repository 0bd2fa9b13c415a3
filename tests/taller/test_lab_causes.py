"""Terraform's own messages, each with its likely cause in Spanish, at the student's line."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from taller.lab import Lab, LabError

pytestmark = pytest.mark.engine

HEAD = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

provider "docker" {}
"""

WRONG = {
    "an unknown attribute": (
        'resource "docker_volume" "raw" {\n  nmae = "x"\n}',
        2,
        "suele ser una errata",
    ),
    "an undeclared variable": (
        'resource "docker_volume" "raw" {\n  name = var.prefixx\n}',
        2,
        "Usas una variable que nadie declara",
    ),
    "an undeclared resource": (
        'resource "docker_volume" "raw" {\n  name = docker_volume.rawr.name\n}',
        2,
        "Ese recurso no está declarado",
    ),
    "an attribute that the resource does not have": (
        'resource "docker_volume" "raw" {\n  name = "x"\n}\n'
        'output "raw" {\n  value = docker_volume.raw.path\n}',
        5,
        "Lo que hay después del punto no existe",
    ),
    "a cycle": (
        'resource "docker_volume" "a" {\n  name = docker_volume.b.name\n}\n'
        'resource "docker_volume" "b" {\n  name = docker_volume.a.name\n}',
        None,
        "Hay un ciclo",
    ),
    "a missing required argument": (
        'resource "docker_network" "red" {\n}',
        1,
        "Falta un argumento obligatorio",
    ),
    "an invalid name in the language": (
        'resource "docker_volume" "1raw" {\n  name = "x"\n}',
        1,
        "Los nombres del lenguaje empiezan por una letra",
    ),
    "a resource type that does not exist": (
        'resource "docker_volumen" "raw" {\n  name = "x"\n}',
        1,
        "El provider no tiene ese tipo de recurso",
    ),
    "a block that does not belong there": (
        'resource "docker_volume" "raw" {\n  name = "x"\n  mounts {\n  }\n}',
        3,
        "Ese bloque no va aquí",
    ),
    "the same resource twice": (
        'resource "docker_volume" "raw" {\n  name = "x"\n}\n'
        'resource "docker_volume" "raw" {\n  name = "y"\n}',
        4,
        "Está declarado dos veces",
    ),
    "a word without quotes": (
        'resource "docker_volume" "raw" {\n  name = raw\n}',
        2,
        "Una palabra suelta se lee como referencia",
    ),
    "a module whose folder is not there": (
        'module "data" {\n  source = "./modules/datos"\n}',
        None,
        "La carpeta del módulo no existe",
    ),
    "a variable without a value": (
        'variable "region" {\n  type = string\n}\nresource "docker_volume" "raw" {\n'
        "  name = var.region\n}",
        1,
        "La variable no tiene valor",
    ),
    "a value that the validation refuses": (
        'variable "prefix" {\n  type = string\n  validation {\n'
        '    condition     = var.prefix == "otro"\n    error_message = "El prefix debe ser otro."\n'
        '  }\n}\nresource "docker_volume" "raw" {\n  name = var.prefix\n}',
        1,
        "El valor no es del tipo o de la forma que se pide",
    ),
}


@pytest.fixture(scope="module")
def shared_lab(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient
) -> Iterator[Lab]:
    """One lab for all mistakes: each overwrites the last one's files."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TALLER_HOME", str(tmp_path_factory.mktemp("home")))
        made = Lab("leccion-99", prefix=f"t{secrets.token_hex(4)}", banner=False)
        yield made
        made.teardown()


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    yield shared_lab
    for name in ("main.tf", "main.tf.json", "versions.tf"):
        (shared_lab.folder / name).unlink(missing_ok=True)


@pytest.fixture
def applied(lab: Lab) -> Iterator[Lab]:
    """The lab, for a mistake that only apply sees."""
    lab.write("versions.tf", HEAD)
    yield lab
    lab.teardown()


@pytest.mark.parametrize(("hcl", "line", "cause"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_explained_at_its_line(lab: Lab, hcl: str, line: int, cause: str) -> None:
    lab.write("versions.tf", HEAD)
    lab.write("main.tf", f"{hcl}\n", _number=7, _first_line=2)
    with pytest.raises(LabError) as caught:
        lab.plan()
    shown = " ".join(str(caught.value).split())
    assert cause in shown
    if line is not None:
        assert f"celda [7], línea {line + 1} (main.tf:{line})" in shown


SYNTAX = {
    "a block on one line": ("a {\n  volumes { x = 1 y = 2 }\n}", 2, "en una sola línea"),
    "a brace that is not closed": ('resource "a" "b" {\n  x = 1\n', 1, "Falta una llave de cierre"),
    "quotes that are not closed": ('a {\n  name = "x\n}\n', 2, "Falta cerrar unas comillas"),
    "a value that is missing": ("a {\n  name =\n}\n", 2, "Hay un símbolo que no es HCL"),
    "two arguments on one line": ("a {\n  x = 1 y = 2\n}\n", 2, "en su propia línea"),
    "a heredoc without an end": ("a = <<EOT\nhola\n", 2, "Falta cerrar unas comillas"),
    "Python": ("import os\nx: int = 1\n", 1, "nombre = valor"),
}


@pytest.mark.parametrize(("hcl", "line", "cause"), SYNTAX.values(), ids=SYNTAX)
def test_a_syntax_error_is_explained_when_its_cell_is_run(
    lab: Lab, hcl: str, line: int, cause: str
) -> None:
    with pytest.raises(LabError) as caught:
        lab.write("main.tf", hcl, _number=3, _first_line=2)
    shown = " ".join(str(caught.value).split())
    assert cause in shown
    assert f"celda [3], línea {line + 1} (main.tf:{line})" in shown


def test_a_provider_with_another_address_is_explained(lab: Lab) -> None:
    lab.write("versions.tf", HEAD.replace("kreuzwerker/docker", "nadie/docker"))
    lab.write("main.tf", 'resource "docker_volume" "raw" {\n  name = "x"\n}\n')
    with pytest.raises(LabError, match='source debe ser "kreuzwerker/docker"'):
        lab.plan()


def test_json_that_cannot_be_read_is_explained_at_its_line(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"main\.tf\.json:3[\s\S]*no es JSON válido"):
        lab.write("main.tf.json", '{\n  "a": \n}\n')


def test_a_name_that_docker_has_already_is_explained(
    applied: Lab, engine: docker.DockerClient
) -> None:
    theirs = engine.networks.create(f"{applied.prefix}_red")
    applied.write(
        "main.tf", f'resource "docker_network" "red" {{\n  name = "{applied.prefix}_red"\n}}\n'
    )
    try:
        with pytest.raises(LabError, match="Ya existe en Docker algo con ese nombre"):
            applied.apply()
    finally:
        theirs.remove()


def test_a_name_that_docker_refuses_is_explained(applied: Lab) -> None:
    applied.write("main.tf", 'resource "docker_volume" "raw" {\n  name = "mi volumen"\n}\n')
    with pytest.raises(LabError, match="Docker no acepta ese nombre"):
        applied.apply()


def test_an_image_that_nobody_has_is_explained(applied: Lab) -> None:
    applied.write(
        "main.tf",
        'resource "docker_container" "x" {\n'
        f'  name  = "{applied.prefix}_x"\n  image = "no-existe/nada:v0"\n}}\n',
    )
    with pytest.raises(LabError, match="La imagen no está en este equipo"):
        applied.apply()


def test_a_batch_job_that_ends_at_once_is_explained(applied: Lab) -> None:
    applied.write(
        "main.tf",
        f'resource "docker_container" "x" {{\n  name    = "{applied.prefix}_x"\n'
        '  image   = "taller/base:bookworm"\n  command = ["true"]\n}\n',
    )
    with pytest.raises(LabError, match="must_run = false"):
        applied.apply()


def test_an_engine_that_does_not_answer_is_explained(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lab.write("versions.tf", HEAD)
    lab.write("main.tf", 'resource "docker_volume" "raw" {\n  name = "x"\n}\n')
    with monkeypatch.context() as patched:
        patched.setenv("DOCKER_HOST", f"unix://{tmp_path}/nada.sock")
        with pytest.raises(LabError) as caught:
            lab.plan()
        with pytest.raises(LabError, match="el socket no existe"):
            lab.docker.volumes()
    assert "nada.sock" in str(caught.value)
    assert lab.plan().to_create == ["docker_volume.raw"]


def test_a_value_that_the_call_gives_is_named_as_such_and_not_by_a_temporary_file(lab: Lab) -> None:
    rule = 'condition = var.tag != "latest"\n    error_message = "tag: latest no vale."'
    text = f'variable "tag" {{\n  type = string\n  validation {{\n    {rule}\n  }}\n}}\n'
    lab.write("main.tf", text)
    with pytest.raises(LabError) as caught:
        lab.plan(tag="latest")
    shown = str(caught.value)
    assert "un valor dado en la llamada" in shown
    assert "tag: latest no vale" in shown
    assert "tfvars" not in shown
