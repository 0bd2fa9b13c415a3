"""Containers that do their work and end: what the pipeline's stages are made of."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

JOB = """
variable "script" {
  default = "echo hola"
}
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["sh", "-c", var.script]
  must_run = false
  attach   = true
  logs     = true
  MORE
}
output "exit_code" {
  value = docker_container.job.exit_code
}
output "logs" {
  value = docker_container.job.container_logs
}
"""


def job(more: str = "") -> str:
    return JOB.replace("MORE", more)


def test_apply_waits_for_the_end_and_knows_exit_code_and_logs(workspace):
    workspace.write(job()).applied("-var=script=echo hola; sleep 0.5; echo ay >&2")
    assert workspace.outputs() == {"exit_code": 0, "logs": "hola\nay\n"}


def test_a_failing_job_does_not_fail_the_apply_by_itself(workspace):
    workspace.write(job()).applied("-var=script=exit 3")
    assert workspace.outputs()["exit_code"] == 3
    assert workspace.plan("-var=script=exit 3").actions == {}


def test_a_postcondition_on_the_exit_code_fails_the_apply_with_the_logs(workspace):
    workspace.write(
        job(
            """
  lifecycle {
    postcondition {
      condition     = self.exit_code == 0
      error_message = "Falló con ${self.exit_code}: ${self.container_logs}"
    }
  }"""
        )
    )
    result = workspace.apply("-var=script=echo se rompió; exit 3")
    assert not result.ok
    assert "Falló con 3: se rompió" in result.errors


def test_an_ended_job_needs_no_change(workspace):
    workspace.write(job()).applied()
    assert workspace.plan().actions == {}


def test_changing_how_the_job_is_treated_does_not_run_it_again(workspace, engine, prefix):
    workspace.write(job()).applied()
    first = engine.containers.get(f"{prefix}-job").id
    workspace.write(job("destroy_grace_seconds = 3"))
    assert workspace.plan().actions == {"docker_container.job": "update"}
    assert workspace.applied().outputs()["logs"] == "hola\n"
    assert engine.containers.get(f"{prefix}-job").id == first
    assert workspace.plan().actions == {}


def test_a_changed_command_runs_it_again(workspace):
    workspace.write(job()).applied()
    plan = workspace.plan("-var=script=true")
    assert plan.actions == {"docker_container.job": "delete create"}
    assert plan.replaced_by("docker_container.job") == [["command"]]
    assert plan.unknown("docker_container.job")["exit_code"] is True


def test_a_job_that_was_removed_by_hand_is_planned_again(workspace, engine, prefix):
    workspace.write(job()).applied()
    engine.containers.get(f"{prefix}-job").remove()
    assert workspace.plan().actions == {"docker_container.job": "create"}


def test_without_attach_apply_does_not_wait(workspace, engine, prefix):
    hcl = job().replace("attach   = true", "attach   = false")
    workspace.write(hcl).applied("-var=script=sleep 30")
    assert engine.containers.get(f"{prefix}-job").status == "running"
    assert workspace.state()["docker_container.job"]["exit_code"] is None
    assert workspace.destroy().ok


def test_a_job_that_needs_more_memory_than_its_limit_is_reported(workspace):
    eat = "python3 -c 'b = bytearray(200_000_000); print(len(b))'"
    result = workspace.write(job("memory = 32\n  memory_swap = 32")).apply(f"-var=script={eat}")
    assert result.ok, result.errors
    assert "ran out of memory" in result.warnings
    assert "memory limit of 32 MB" in result.warnings
    assert workspace.outputs()["exit_code"] == 137


def test_with_rm_nothing_is_left_but_exit_code_and_logs_are_known(workspace, engine, prefix):
    workspace.write(job("rm = true")).applied("-var=script=echo adiós; exit 4")
    assert workspace.outputs() == {"exit_code": 4, "logs": "adiós\n"}
    assert engine.api.containers(all=True, filters={"name": prefix}) == []


def test_a_program_that_does_not_exist_says_so_and_leaves_nothing(workspace, engine, prefix):
    hcl = job().replace('["sh", "-c", var.script]', '["no-such-program"]')
    result = workspace.write(hcl).apply()
    assert not result.ok
    assert f'The container "{prefix}-job" cannot be started' in result.errors
    assert "no-such-program" in result.errors
    assert engine.api.containers(all=True, filters={"name": prefix}) == []
    assert workspace.state() == {}


def test_stages_run_in_order_through_shared_volumes_and_a_private_network(workspace, prefix):
    workspace.write(
        """
resource "docker_volume" "raw" {
  name = "${var.prefix}-raw"
}
resource "docker_network" "private" {
  name     = "${var.prefix}-net"
  internal = true
}
resource "docker_container" "write" {
  name     = "${var.prefix}-write"
  image    = local.base
  command  = ["sh", "-c", "sleep 0.4; hostname > /data/who"]
  must_run = false
  attach   = true
  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/data"
  }
}
resource "docker_container" "read" {
  depends_on = [docker_container.write]
  name       = "${var.prefix}-read"
  hostname   = "lector"
  image      = local.base
  command    = ["sh", "-c", "cat /data/who; touch /data/x || echo solo lectura; cat /etc/hosts"]
  must_run   = false
  attach     = true
  logs       = true
  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/data"
    read_only      = true
  }
  networks_advanced {
    name    = docker_network.private.name
    aliases = ["lector"]
  }
}
"""
    ).applied()
    state = workspace.state()
    written = state["docker_container.write"]["hostname"]
    logs = state["docker_container.read"]["container_logs"]
    assert written in logs
    assert "solo lectura" in logs
    assert state["docker_container.read"]["network_mode"] == "bridge"
    networks = state["docker_container.read"]["network_data"]
    assert [data["network_name"] for data in networks] == [f"{prefix}-net"]
    assert workspace.plan().actions == {}
    assert workspace.destroy().ok


def test_logs_that_the_driver_cannot_give_back_are_a_warning(workspace):
    result = workspace.write(job('log_driver = "none"')).apply()
    assert result.ok, result.errors
    assert "cannot be kept" in result.warnings
    assert workspace.state()["docker_container.job"]["container_logs"] is None
    assert workspace.plan().actions == {}
