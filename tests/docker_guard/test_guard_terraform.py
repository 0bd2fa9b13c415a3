"""Terraform with the embedded provider, through the guard, on the real engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from docker_guard import Guard
from taller.terraform import locate

pytestmark = pytest.mark.engine

PLATFORM = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker", version = "~> 3.0" }
  }
}

variable "prefix" { type = string }

provider "docker" {}

resource "docker_volume" "layer" {
  for_each = toset(["raw", "silver", "gold"])
  name     = "${var.prefix}_${each.key}"
  labels {
    label = "taller.prefix"
    value = "another-prefix"
  }
}

resource "docker_network" "private" {
  name     = "${var.prefix}_analytics"
  internal = true
}

resource "docker_network" "open" {
  name = "${var.prefix}_open"
}

resource "docker_image" "pipeline" {
  name = "${var.prefix}-pipeline:dev"
  build {
    context    = "${path.module}/context"
    build_args = { BASE_IMAGE = "taller/base:bookworm" }
    label      = { "taller.prefix" = var.prefix }
  }
}

resource "docker_container" "job" {
  name        = "${var.prefix}_train"
  image       = docker_image.pipeline.name
  command     = ["python3", "-c", "open('/data/out', 'w').write('1'); print('trained')"]
  env         = ["MODE=train"]
  restart     = "no"
  must_run    = false
  attach      = true
  logs        = true
  memory      = 256
  memory_swap = 256
  log_driver  = "json-file"
  log_opts    = { "max-size" = "10m", "max-file" = "3" }
  networks_advanced {
    name = docker_network.private.name
  }
  volumes {
    volume_name    = docker_volume.layer["gold"].name
    container_path = "/data"
  }
  labels {
    label = "taller.run"
    value = "42"
  }
  upload {
    file    = "/etc/settings"
    content = "x"
  }
  lifecycle {
    postcondition {
      condition     = self.exit_code == 0
      error_message = "failed"
    }
  }
}

resource "docker_container" "plain" {
  name     = "${var.prefix}_etl"
  image    = "taller/base:bookworm"
  command  = ["sleep", "60"]
  must_run = true
}

output "logs" { value = docker_container.job.container_logs }
"""

DOCKERFILE = """
ARG BASE_IMAGE=python:3.12-slim
FROM ${BASE_IMAGE}
WORKDIR /app
COPY requirements.txt .
RUN cat requirements.txt \\
    # a comment between
 && echo installed
CMD ["python3"]
"""


class Terraform:
    """Terraform in a folder, with a provider that talks to the guard."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self.folder = folder
        self._env = {**os.environ, "DOCKER_HOST": f"unix://{guard.socket}"}
        self._env |= {"TF_VAR_prefix": "dev", "TF_IN_AUTOMATION": "1"}
        self._env.pop("TF_CLI_CONFIG_FILE", None)
        self.server = subprocess.Popen(
            [sys.executable, "-m", "docker_provider", "serve"], env=self._env,
            stdout=subprocess.PIPE, text=True, cwd=folder,
        )  # fmt: skip
        assert self.server.stdout is not None
        self._env["TF_REATTACH_PROVIDERS"] = self.server.stdout.readline().strip()

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [locate(), *args], cwd=self.folder, env=self._env, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip

    def ok(self, *args: str) -> str:
        done = self.run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self) -> str:
        self.ok("init", "-input=false")
        return self.ok("apply", "-auto-approve", "-input=false", "-no-color")


@pytest.fixture
def terraform(tmp_path: Path, guard: Guard) -> Iterator[Terraform]:
    terraform = Terraform(tmp_path, guard)
    yield terraform
    terraform.server.terminate()
    terraform.server.wait(10)


@pytest.fixture
def platform(terraform: Terraform) -> Terraform:
    (terraform.folder / "main.tf").write_text(PLATFORM)
    context = terraform.folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "requirements.txt").write_text("pandas\n")
    terraform.apply()
    return terraform


def labels_of(engine: docker.DockerClient, prefix: str) -> dict[str, Any]:
    """Name → labels of everything with the tenant's label, as the real engine sees it."""
    mine = {"filters": {"label": f"taller.prefix={prefix}"}}
    volumes = {v.name: v.attrs["Labels"] for v in engine.volumes.list(**mine)}
    networks = {n.name: n.attrs["Labels"] for n in engine.networks.list(**mine)}
    containers = {c.name: c.labels for c in engine.containers.list(all=True, **mine)}
    images = {tag: i.labels for i in engine.images.list(**mine) for tag in i.tags}
    return volumes | networks | containers | images


def test_a_whole_platform_is_applied_planned_again_repaired_and_destroyed(
    platform: Terraform, engine: docker.DockerClient, guard: Guard, prefix: str
) -> None:
    assert {event.by for event in guard.history} == {"terraform"}
    assert json.loads(platform.ok("output", "-json"))["logs"]["value"].strip() == "trained"
    labelled = labels_of(engine, prefix)
    assert len(labelled) == 8
    assert {labels["taller.exercise"] for labels in labelled.values()} == {"ej01"}
    assert {labels["taller.run"] for labels in labelled.values()} == {"r1"}

    again = platform.run("plan", "-detailed-exitcode", "-no-color")
    assert again.returncode == 0, again.stdout

    engine.volumes.get(f"{prefix}dev_silver").remove()
    drift = platform.run("plan", "-detailed-exitcode", "-no-color")
    assert drift.returncode == 2
    assert "1 to add, 0 to change, 0 to destroy" in drift.stdout
    platform.ok("apply", "-auto-approve")

    platform.ok("destroy", "-auto-approve")
    assert labels_of(engine, prefix) == {}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("privileged = true", "Privileged"),
        ('volumes {\n host_path = "/"\n container_path = "/host"\n }', "volume_name"),
        ('capabilities {\n add = ["SYS_ADMIN"]\n }', "CapAdd"),
    ],
)
def test_what_an_exercise_does_not_need_is_refused_at_apply_with_the_reason(
    terraform: Terraform, engine: docker.DockerClient, prefix: str, arguments: str, reason: str
) -> None:
    header = PLATFORM.split("resource", 1)[0]
    (terraform.folder / "main.tf").write_text(
        f'{header}\nresource "docker_container" "x" {{\n name = "${{var.prefix}}_x"\n'
        f' image = "taller/base:bookworm"\n command = ["sleep", "9"]\n {arguments}\n}}\n'
    )
    terraform.ok("init", "-input=false")
    done = terraform.run("apply", "-auto-approve", "-no-color")
    assert done.returncode == 1
    assert reason in " ".join(done.stderr.replace("│", "").split())
    assert labels_of(engine, prefix) == {}
