"""What the grader refuses the lab says first: the same rules, at the student's own line."""

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

variable "prefix" {
  type = string
}

variable "base_image" {
  type    = string
  default = ""
}
"""

CONTAINER = """resource "docker_container" "job" {
  name     = "${var.prefix}_job"
  image    = var.base_image
  command  = ["true"]
  must_run = false
%s
}
"""


@pytest.fixture
def lab(
    tmp_path: Path, prefix: str, engine: docker.DockerClient, leftovers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:  # fmt: skip
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = Lab("ej01", prefix=prefix, banner=False)
    made.write("versions.tf", HEAD)
    yield made
    made.teardown(keep=False)


def image(name: str) -> str:
    return f'resource "docker_image" "i" {{\n  name         = "{name}"\n  keep_locally = true\n}}\n'


MOUNT = '  volumes {\n    host_path = "/tmp"\n    container_path = "/h"\n  }'

REFUSED = {
    "privileged": (CONTAINER % "  privileged = true", "main.tf:6", "«privileged = true»"),
    "the host's folder": (
        CONTAINER % MOUNT,
        "main.tf:7", "volume_name = docker_volume",
    ),
    "a provisioner": (
        'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "id"\n'
        "  }\n}\n",
        "main.tf:2", "provisioners",
    ),
    "a file outside": (
        'output "x" {\n  value = file("/etc/hostname")\n}\n',
        "main.tf:2", 'file("${path.module}/…")',
    ),
    "too many objects": (
        'resource "docker_volume" "v" {\n  count = 3000\n'
        '  name  = "${var.prefix}_${count.index}"\n}\n',
        "", "3000 objetos",
    ),
    "an image of another": (image("alpine:3"), "main.tf:1", "Descargar «alpine:3»"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_plan_warns_and_apply_refuses(lab: Lab, engine: docker.DockerClient, case: str) -> None:
    text, place, words = REFUSED[case]
    lab.write("main.tf", text)
    if case != "an image of another":  # no registry here: Terraform's own plan may not know
        warned = "\n".join(lab.plan().warnings)
        assert place in warned
        assert words in warned
        assert "\x1b" not in warned
    with pytest.raises(LabError) as error:
        lab.apply()
    assert "No se aplica: el calificador tampoco lo admite." in str(error.value)
    assert words in str(error.value)
    assert place in str(error.value)
    assert lab.state_list() == ()


def test_a_dockerfile_that_the_grader_refuses_is_not_built(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", 'resource "docker_image" "i" {\n  name = "${var.prefix}-x:1"\n  build {\n'
              '    context = "${path.module}/image"\n  }\n}\n')  # fmt: skip
    folder = lab.folder / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM taller/base:bookworm\nADD http://x/y /y\n", "utf-8")
    with pytest.raises(LabError, match=r"main\.tf:1[\s\S]*ADD no descarga nada"):
        lab.apply()
    (folder / "Dockerfile").write_text("FROM alpine:3\nRUN true\n", "utf-8")
    with pytest.raises(LabError, match="FROM alpine:3"):
        lab.apply()
    (folder / "Dockerfile").write_text("FROM taller/base:bookworm\nENV A=1\n", "utf-8")
    assert lab.apply().added == 1


NEUTRAL = (
    '  memory  = 2048\n  restart = "unless-stopped"\n  ports {\n    internal = 80\n  }\n'
    '  ulimit {\n    name = "nofile"\n    soft = 1024\n    hard = 1024\n  }\n'
    '  host {\n    host = "x"\n    ip   = "10.0.0.1"\n  }\n'
)


def test_what_the_guard_neutralises_is_applied(lab: Lab) -> None:
    lab.write("main.tf", CONTAINER % NEUTRAL)
    assert lab.plan().warnings == []
    assert lab.apply().added == 1


def test_a_lesson_refuses_nothing(lab: Lab, prefix: str) -> None:
    lesson = Lab("leccion-99", prefix=prefix, banner=False)
    try:
        lesson.write("versions.tf", HEAD)
        lesson.write("main.tf", CONTAINER % MOUNT)
        assert lesson.plan().warnings == []
        assert lesson.apply().added == 1
    finally:
        lesson.teardown()


def test_the_card_says_what_was_refused_and_gives_no_point(lab: Lab) -> None:
    lab.write("main.tf", CONTAINER % "  privileged = true")
    with pytest.raises(LabError):
        lab.apply()
    card = lab.card("prefix_variable", "required_provider")
    assert (card.passed, card.score) == (False, 0)
    for check in card.result.checks:
        assert check.message.startswith("No se puntúa. ")
        assert "«privileged = true»" in check.message
