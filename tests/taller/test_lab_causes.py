"""Terraform's own messages, each with its likely cause in Spanish, at the student's line."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from taller.lab import Lab, LabError
from taller.terraform import Diagnostic
from taller.terraform.causes import likely_cause, source_at

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
        with pytest.raises(LabError, match="ya existe y no es de ningún cuaderno"):
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
    # Before 1.9 Terraform names the variable's own declaration instead of the value.
    assert "un valor dado en la llamada" in shown or "main.tf:1" in shown
    assert "tag: latest no vale" in shown
    assert "tfvars" not in shown


MESSAGES = json.loads(Path(__file__).with_name("provider_messages.json").read_text("utf-8"))
"""61 configurations, each with what the real kreuzwerker/docker 3.9.0 and the embedded provider
said of it, as recorded, and how the cause of each begins."""


@pytest.mark.parametrize("provider", ["kreuzwerker", "embedded"])
@pytest.mark.parametrize("case", MESSAGES, ids=[case["case"] for case in MESSAGES])
def test_each_providers_own_words_lead_to_the_cause(case: dict[str, Any], provider: str) -> None:
    for said in case[provider]:
        diagnostic = Diagnostic(said["severity"], said["summary"], said["detail"])
        cause = likely_cause(diagnostic, source_at(case["hcl"], 1))
        assert cause.startswith(case["means"][provider])


def test_every_failure_that_was_recorded_has_a_cause() -> None:
    failed = [case for case in MESSAGES for provider in case["means"] if case[provider]]
    assert len(failed) >= 57 * 2 - 1
    assert all(cause for case in MESSAGES for cause in case["means"].values())


STILL_SAID = ("port out of range", "container name not allowed", "network not to be found",
              "exits at once, must_run", "subnet is not one", "data image not there")  # fmt: skip


@pytest.mark.parametrize("name", STILL_SAID)
def test_the_embedded_provider_still_says_what_was_recorded(applied: Lab, name: str) -> None:
    case = next(case for case in MESSAGES if case["case"] == name)
    applied.write("versions.tf", HEAD.split("provider ")[0])
    applied.write("main.tf", case["hcl"].replace("msg_", f"{applied.prefix}_"))
    with pytest.raises(LabError) as caught:
        applied.apply()
    assert case["means"]["embedded"] in " ".join(str(caught.value).split())
    applied.write("main.tf", "")


def test_a_job_without_a_command_is_told_so_and_not_about_must_run(applied: Lab) -> None:
    applied.write(
        "main.tf",
        f'resource "docker_container" "x" {{\n  name  = "{applied.prefix}_x"\n'
        '  image = "taller/base:bookworm"\n}\n',
    )
    with pytest.raises(LabError, match="no dice qué ejecutar") as caught:
        applied.apply()
    assert "Causa probable: El contenedor terminó" not in str(caught.value)


def test_a_warning_carries_no_escape_codes(applied: Lab) -> None:
    applied.write(
        "main.tf",
        'resource "docker_volume" "raw" {\n  name = "x"\n}\n'
        'resource "docker_volume" "b" {\n  name = "b"\n  depends_on = ["docker_volume.raw"]\n}\n',
    )
    plan = applied.plan()
    assert "⚠" in plan.text()
    assert "\x1b" not in plan.text() + plan._repr_html_()
