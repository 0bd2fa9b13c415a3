"""The engine goes away before, or in the middle of, an apply: the state stays true, apply heals."""

import io
import shutil
import signal
import subprocess
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from taller import provider
from taller.docker_state import DockerState
from taller.terraform import TerraformError
from taller.workspace import Workspace, workspace

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("home")]

CONFIGURATION = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
variable "seconds" { type = number }
resource "docker_volume" "data" { name = "data" }
resource "docker_container" "job" {
  name       = "job"
  image      = "sleeper:1"
  command    = ["/bin/sleep", tostring(var.seconds)]
  must_run   = false
  attach     = true
  depends_on = [docker_volume.data]
}
"""


def sleeper() -> bytes:
    """The tar of an image that can do nothing but sleep: this machine's own program."""
    program = shutil.which("sleep")
    assert program is not None
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    libraries = [word for word in listed.split() if word.startswith("/")]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        tar.add(program, "bin/sleep")
        for library in libraries:
            tar.add(library, library.lstrip("/"))
    return buffer.getvalue()


@pytest.fixture
def place(home: Path, private_engine: Any) -> Workspace:
    """A workspace on an engine that the test may stop."""
    private_engine.client().api.import_image_from_data(sleeper(), repository="sleeper", tag="1")
    made = workspace("faults", "engine")
    (made.folder / "main.tf").write_text(CONFIGURATION)
    provider.terraform(made).init()
    return made


def test_an_engine_that_is_stopped_fails_the_apply_and_names_its_socket(
    place: Workspace, private_engine: Any
) -> None:
    terraform = provider.terraform(place)
    private_engine.stop()
    with pytest.raises(TerraformError) as raised:
        terraform.apply({"seconds": 0})
    assert str(private_engine.folder) in str(raised.value)
    assert terraform.state_list() == ()
    private_engine.start()
    assert terraform.apply({"seconds": 0}).added == 2
    assert terraform.plan({"seconds": 0}).empty


def test_an_engine_killed_during_an_apply_leaves_a_true_state_and_the_next_apply_heals(
    place: Workspace, private_engine: Any
) -> None:
    terraform = provider.terraform(place)
    failures: list[TerraformError] = []

    def apply() -> None:
        try:
            terraform.apply({"seconds": 60})
        except TerraformError as error:
            failures.append(error)

    applying = threading.Thread(target=apply)
    applying.start()
    deadline = time.monotonic() + 30
    while not any(c.status == "running" for c in DockerState().containers()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    private_engine.stop(signal.SIGKILL)
    applying.join(60)
    assert not applying.is_alive()
    assert str(private_engine.folder) in str(failures[0])
    assert "docker_volume.data" in terraform.state_list()
    private_engine.start()
    terraform.apply({"seconds": 0})
    assert terraform.plan({"seconds": 0}).empty
    assert [c.exit_code for c in DockerState().containers()] == [0]
