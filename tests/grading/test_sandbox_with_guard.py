"""The whole way of an answer: Terraform in the sandbox, Docker through the guard."""

import sys
import textwrap
from pathlib import Path

import docker
import pytest

from docker_guard import Guard, Policy, Tenant
from taller.grading.sandbox import run_sandboxed

pytestmark = pytest.mark.engine

MAIN = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker", version = "~> 3.0" }
  }
}

provider "docker" {}

variable "prefix" { type = string }

resource "docker_volume" "raw" { name = "${var.prefix}_raw" }

resource "docker_container" "job" {
  name     = "${var.prefix}_job"
  image    = "taller/base:bookworm"
  command  = ["echo", "hola"]
  must_run = false
  attach   = true
  logs     = true
}
"""

ANSWER = """
    import os, subprocess, sys

    command = [sys.executable, "-m", "docker_provider", "serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    os.environ["TF_REATTACH_PROVIDERS"] = server.stdout.readline().strip()
    for step in ("init -input=false", "apply -auto-approve", "plan -detailed-exitcode"):
        subprocess.run(["terraform", *step.split()], check=True)
    server.terminate()
"""


def test_an_answer_applies_its_hcl_and_its_objects_carry_its_labels(
    tmp_path: Path, engine: docker.DockerClient, prefix: str, leftovers: None
) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    (workspace / "main.tf").write_text(MAIN)
    (workspace / "answer.py").write_text(textwrap.dedent(ANSWER))
    tenant, policy = Tenant(prefix, "ej01", "r1"), Policy(images=("taller/base:bookworm",))
    with Guard(tenant, "unix:///var/run/docker.sock", tmp_path / "g", policy) as guard:
        done = run_sandboxed(
            [sys.executable, "answer.py"], workspace=workspace, guard_socket=guard.socket,
            env={"TF_VAR_prefix": "dev"},
        )  # fmt: skip
        assert (done.status, done.returncode) == ("ok", 0), done.stderr
        assert not guard.refusals
    assert engine.volumes.get(f"{prefix}dev_raw").attrs["Labels"]["taller.exercise"] == "ej01"
    assert engine.containers.get(f"{prefix}dev_job").labels["taller.run"] == "r1"
    assert (workspace / "terraform.tfstate").exists()


def test_an_answer_that_asks_for_more_is_stopped_and_remembered(
    tmp_path: Path, engine: docker.DockerClient, prefix: str, leftovers: None
) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    code = f"""
        import docker
        docker.from_env().containers.run(
            "taller/base:bookworm", "ls /host", name="{prefix}_x", detach=True,
            privileged=True, volumes=["/:/host"],
        )
    """
    tenant, policy = Tenant(prefix), Policy(images=("taller/base:bookworm",))
    with Guard(tenant, "unix:///var/run/docker.sock", tmp_path / "g", policy) as guard:
        done = run_sandboxed(
            [sys.executable, "-c", textwrap.dedent(code)], workspace=workspace,
            guard_socket=guard.socket,
        )  # fmt: skip
        assert done.returncode == 1
        assert "Privileged" in guard.refusals[-1].message
    assert engine.containers.list(all=True, filters={"name": prefix}) == []
