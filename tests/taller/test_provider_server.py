"""The embedded provider's process: one a workspace, found by all, replaced when it died."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from taller import provider
from taller.docker_state import DockerState
from taller.errors import TallerError
from taller.workspace import Workspace, workspace

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("home", "leftovers")]

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


@pytest.fixture
def place(home: Path, prefix: str) -> Workspace:
    """A workspace with one volume in its configuration."""
    made = workspace(prefix, "server")
    (made.folder / "main.tf").write_text(VOLUME.replace("PREFIX", prefix))
    return made


def test_a_second_call_finds_the_running_process(place: Workspace) -> None:
    first = provider.ensure_server(place)
    assert first.alive
    assert provider.ensure_server(place) == first
    assert provider.running_server(place) == first
    assert "kreuzwerker/docker" in json.loads(first.reattach).popitem()[0]


def test_processes_that_begin_together_share_one_server(place: Workspace, prefix: str) -> None:
    script = (
        "from taller.workspace import workspace; from taller import provider; "
        f"print(provider.ensure_server(workspace({prefix!r}, 'server')).pid)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    pids = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert len(pids) == 1
    record = provider.running_server(place)
    assert record is not None
    assert {str(record.pid)} == pids


def test_a_server_that_died_is_replaced_between_two_calls(place: Workspace) -> None:
    terraform = provider.terraform(place)
    terraform.init()
    terraform.apply()
    first = provider.ensure_server(place)
    victim = psutil.Process(first.pid)
    victim.kill()
    victim.wait()
    assert terraform.plan().empty
    second = provider.ensure_server(place)
    assert second.pid != first.pid
    assert not first.alive
    terraform.destroy()


def test_another_engine_gets_another_server(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = provider.ensure_server(place)
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/../run/docker.sock")
    second = provider.ensure_server(place)
    assert second.pid != first.pid
    assert not first.alive


def test_two_workspaces_never_share_a_server(place: Workspace, prefix: str) -> None:
    other = provider.ensure_server(workspace(prefix, "other"))
    assert provider.ensure_server(place).pid != other.pid


def test_stopping_ends_the_process_and_removes_its_socket(place: Workspace) -> None:
    record = provider.ensure_server(place)
    provider.stop_server(place)
    assert not record.alive
    assert not Path(record.socket).exists()
    assert provider.running_server(place) is None
    provider.stop_server(place)  # a second time is no error


def test_a_process_id_used_again_by_another_program_is_never_stopped(place: Workspace) -> None:
    record = provider.ensure_server(place)
    provider.stop_server(place)
    time.sleep(1.1)  # start times are compared to the second
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        data = {**record.__dict__, "pid": bystander.pid}
        (place.private / "provider.json").write_text(json.dumps(data))
        assert provider.running_server(place) is None
        provider.stop_server(place)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_damaged_record_does_no_harm(place: Workspace) -> None:
    (place.private / "provider.json").write_text('{"pid": 1}')
    assert provider.ensure_server(place).alive


def test_a_server_that_does_not_start_shows_its_log(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/false")
    with pytest.raises(TallerError, match="no arrancó") as raised:
        provider.ensure_server(place)
    assert "provider.log" in raised.value.suggestion


def test_terraform_makes_and_destroys_a_real_volume_through_it(
    place: Workspace, prefix: str
) -> None:
    terraform = provider.terraform(place)
    terraform.init()
    assert terraform.apply().added == 1
    assert f"{prefix}_one" in {volume.name for volume in DockerState().volumes()}
    assert terraform.plan().empty
    assert terraform.destroy().destroyed == 1
    assert f"{prefix}_one" not in {volume.name for volume in DockerState().volumes()}
