"""Ctrl-C, a killed Terraform, and what is true afterwards."""

import json
import signal
import time

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

JOB = """
resource "docker_volume" "raw" {
  name = "${var.prefix}-raw"
}
resource "docker_container" "job" {
  name       = "${var.prefix}-job"
  image      = local.base
  command    = ["sleep", "SECONDS"]
  must_run   = false
  attach     = true
  depends_on = [docker_volume.raw]
}
"""
BUILD = """
resource "docker_image" "app" {
  name = "${var.prefix}-app:1"
  build {
    context = "${abspath(path.module)}/app"
  }
}
"""


def running(engine, prefix):
    return lambda: engine.api.containers(filters={"name": f"{prefix}-job"})


def building(engine):
    return lambda: [c for c in engine.api.containers() if "sleep 62" in c["Command"]]


def test_ctrl_c_ends_the_wait_for_a_job_and_the_state_tells_the_truth(
    own_workspace, server, engine, prefix, until, interrupt
):
    own_workspace.write(JOB.replace("SECONDS", "60"))
    apply = own_workspace.start_apply()
    until(running(engine, prefix))
    pressed = time.monotonic()
    interrupt(apply)
    server.process.send_signal(signal.SIGINT)  # the terminal sends it to the whole group
    output, _ = apply.communicate(timeout=20)
    assert time.monotonic() - pressed < 5
    assert apply.returncode == 1
    assert "The operation was interrupted" in output

    state = own_workspace.state()
    assert set(state) == {"docker_volume.raw", "docker_container.job"}
    assert state["docker_container.job"]["id"] == engine.containers.get(f"{prefix}-job").id
    assert own_workspace.tainted() == {"docker_container.job"}

    own_workspace.write(JOB.replace("SECONDS", "0")).applied()
    assert own_workspace.plan().actions == {}
    assert own_workspace.destroy().ok


def test_ctrl_c_ends_a_build_and_the_engine_stops_it(workspace, engine, prefix, until, interrupt):
    workspace.write("FROM taller/base:bookworm\nRUN sleep 62\n", "app/Dockerfile")
    apply = workspace.write(BUILD).start_apply()
    until(building(engine))
    interrupt(apply)
    output, _ = apply.communicate(timeout=20)
    assert "The operation was interrupted" in output
    assert workspace.state() == {}
    until(lambda: not building(engine)())
    workspace.write("FROM taller/base:bookworm\n", "app/Dockerfile")
    assert workspace.applied().plan().actions == {}


def test_a_killed_terraform_leaves_nothing_that_no_state_knows(workspace, engine, prefix, until):
    workspace.write(JOB.replace("SECONDS", "60"))
    apply = workspace.start_apply()
    until(running(engine, prefix))
    apply.kill()
    apply.communicate()
    until(lambda: not engine.api.containers(all=True, filters={"name": f"{prefix}-job"}))
    assert list(workspace.state()) == ["docker_volume.raw"]
    workspace.write(JOB.replace("SECONDS", "0"))
    assert workspace.plan().actions == {"docker_container.job": "create"}
    assert workspace.applied().plan().actions == {}


def test_the_server_answers_while_another_apply_waits(workspace, engine, prefix, until, interrupt):
    apply = workspace.write(JOB.replace("SECONDS", "60")).start_apply()
    until(running(engine, prefix))
    began = time.monotonic()
    assert workspace.terraform("plan", "-lock=false", "-json").ok
    assert time.monotonic() - began < 5
    interrupt(apply)
    apply.communicate(timeout=20)


def test_a_server_that_is_told_to_end_lets_the_apply_report_what_exists(
    own_workspace, server, engine, prefix, until
):
    apply = own_workspace.write(JOB.replace("SECONDS", "60")).start_apply()
    until(running(engine, prefix))
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    output, _ = apply.communicate(timeout=20)
    assert "The provider was told to end" in output
    tainted = json.loads((own_workspace.folder / "terraform.tfstate").read_text())["resources"]
    assert {r["type"] for r in tainted} == {"docker_volume", "docker_container"}
