"""What Terraform's language needs from a provider: unknown values, for_each, modules, import."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]


def test_count_and_for_each_make_one_object_each(workspace, engine, prefix):
    workspace.write(
        """
resource "docker_volume" "layer" {
  for_each = toset(["raw", "silver", "gold"])
  name     = "${var.prefix}-${each.key}"
}
resource "docker_volume" "shard" {
  count = 2
  name  = "${var.prefix}-${count.index}"
}
output "names" {
  value = sort(concat([for v in docker_volume.layer : v.name], docker_volume.shard[*].name))
}
"""
    ).applied()
    names = [f"{prefix}-{suffix}" for suffix in ("0", "1", "gold", "raw", "silver")]
    assert workspace.outputs()["names"] == names
    assert sorted(v.name for v in engine.volumes.list(filters={"name": prefix})) == names
    assert workspace.plan().actions == {}


def test_a_module_gives_its_objects_to_another(workspace, engine, prefix):
    workspace.write(
        """
terraform {
  required_providers {
    docker = {
      source = "kreuzwerker/docker"
    }
  }
}
variable "name" {}
resource "docker_volume" "raw" {
  name = var.name
}
output "volume" {
  value = docker_volume.raw.name
}
""",
        "data_layer/main.tf",
    )
    workspace.write(
        """
module "data_layer" {
  source = "./data_layer"
  name   = "${var.prefix}-raw"
}
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["true"]
  must_run = false
  attach   = true
  volumes {
    volume_name    = module.data_layer.volume
    container_path = "/data"
  }
}
"""
    ).applied()
    mounts = engine.containers.get(f"{prefix}-job").attrs["Mounts"]
    assert mounts[0]["Name"] == f"{prefix}-raw"
    assert set(workspace.state()) == {
        "docker_container.job",
        "module.data_layer.docker_volume.raw",
    }


def test_values_unknown_until_apply_are_planned_as_unknown_and_then_used(workspace, engine, prefix):
    workspace.write(
        """
resource "terraform_data" "run" {
  input = "${var.prefix}-run"
}
resource "docker_volume" "raw" {
  name = terraform_data.run.output
  dynamic "labels" {
    for_each = [terraform_data.run.output]
    content {
      label = "run"
      value = labels.value
    }
  }
}
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["echo", docker_volume.raw.mountpoint]
  env      = ["RUN=${terraform_data.run.output}"]
  must_run = false
  attach   = true
  logs     = true
  dynamic "volumes" {
    for_each = toset([for name in [docker_volume.raw.id] : "x"])
    content {
      volume_name    = docker_volume.raw.name
      container_path = "/data"
    }
  }
}
"""
    )
    plan = workspace.plan()
    assert plan.unknown("docker_volume.raw")["name"] is True
    assert plan.unknown("docker_volume.raw")["labels"] == [{"value": True}]
    assert plan.unknown("docker_container.job")["command"] == [False, True]
    state = workspace.applied().state()
    made = engine.volumes.get(f"{prefix}-run")
    assert made.attrs["Labels"] == {"run": f"{prefix}-run"}
    assert state["docker_container.job"]["container_logs"] == made.attrs["Mountpoint"] + "\n"
    assert workspace.plan().actions == {}


def test_a_block_whose_number_is_unknown_is_planned_too(workspace):
    workspace.write(
        """
resource "terraform_data" "layers" {
  input = ["raw", "gold"]
}
resource "docker_volume" "v" {
  name = "${var.prefix}-v"
  dynamic "labels" {
    for_each = terraform_data.layers.output
    content {
      label = labels.value
      value = "layer"
    }
  }
}
"""
    )
    assert workspace.plan().unknown("docker_volume.v")["labels"] is True
    state = workspace.applied().state()["docker_volume.v"]
    assert [block["label"] for block in state["labels"]] == ["gold", "raw"]
    assert workspace.plan().actions == {}


def test_depends_on_orders_creation_and_destruction(workspace, engine, prefix):
    stamp = """
resource "docker_container" "{name}" {{
  name       = "${{var.prefix}}-{name}"
  image      = local.base
  command    = ["date", "+%s%N"]
  must_run   = false
  attach     = true
  logs       = true
  depends_on = [{after}]
}}
"""
    workspace.write(
        stamp.format(name="second", after="docker_container.first")
        + stamp.format(name="first", after="")
    ).applied()
    state = workspace.state()
    times = [int(state[f"docker_container.{n}"]["container_logs"]) for n in ("first", "second")]
    assert times == sorted(times)


def test_a_sensitive_value_is_never_shown(workspace):
    workspace.write(
        """
variable "password" {
  sensitive = true
  default   = "s3creto"
}
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["sh", "-c", "test $${#PASSWORD} = 7"]
  env      = ["PASSWORD=${var.password}"]
  must_run = false
  attach   = true
}
output "exit_code" {
  value = docker_container.job.exit_code
}
"""
    )
    shown = workspace.terraform("plan", "-no-color").output
    assert "s3creto" not in shown
    assert "(sensitive value)" in shown
    assert workspace.applied().outputs()["exit_code"] == 0
    assert workspace.plan().actions == {}


def test_import_blocks_take_existing_objects_over(workspace, engine, prefix):
    engine.volumes.create(f"{prefix}-raw")
    network = engine.networks.create(f"{prefix}-net")
    workspace.write(
        f"""
import {{
  to = docker_volume.raw
  id = "{prefix}-raw"
}}
import {{
  to = docker_network.net
  id = "{network.id}"
}}
resource "docker_volume" "raw" {{
  name = "${{var.prefix}}-raw"
}}
resource "docker_network" "net" {{
  name = "${{var.prefix}}-net"
}}
"""
    )
    assert workspace.plan().actions == {}
    assert set(workspace.applied().state()) == {"docker_volume.raw", "docker_network.net"}


def test_moved_and_removed_blocks_keep_the_object(workspace, engine, prefix):
    volume = 'resource "docker_volume" "%s" {\n  name = "${var.prefix}-raw"\n}\n'
    workspace.write(volume % "old").applied()
    moved = "moved {\n  from = docker_volume.old\n  to = docker_volume.new\n}\n"
    workspace.write(volume % "new" + moved).applied()
    assert list(workspace.state()) == ["docker_volume.new"]
    workspace.write(
        "removed {\n  from = docker_volume.new\n  lifecycle {\n    destroy = false\n  }\n}\n"
    ).applied()
    assert workspace.state() == {}
    assert engine.volumes.get(f"{prefix}-raw")


def test_ignore_changes_and_replace_triggered_by_are_obeyed(workspace):
    hcl = """
resource "terraform_data" "run" {
  input = "RUN"
}
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["echo", "RUN"]
  must_run = false
  attach   = true
  lifecycle {
    ignore_changes       = [command]
    replace_triggered_by = [terraform_data.run]
  }
}
"""
    workspace.write(hcl.replace("RUN", "1")).applied()
    workspace.write(hcl.replace('"echo", "RUN"', '"echo", "2"').replace("RUN", "1"))
    assert workspace.plan().actions == {}
    workspace.write(hcl.replace("RUN", "3"))
    assert workspace.plan().actions["docker_container.job"] == "delete create"


def test_terraform_test_runs_on_the_provider(workspace, engine, prefix):
    workspace.write('resource "docker_volume" "raw" {\n  name = "${var.prefix}-raw"\n}')
    workspace.write(
        """
run "plans_one_volume" {
  command = plan
  assert {
    condition     = endswith(docker_volume.raw.name, "-raw")
    error_message = "el nombre"
  }
}
run "makes_it" {
  assert {
    condition     = docker_volume.raw.driver == "local"
    error_message = "el driver"
  }
}
""",
        "tests/volumes.tftest.hcl",
    )
    result = workspace.terraform("test", "-no-color")
    assert "2 passed, 0 failed" in result.output
    assert engine.volumes.list(filters={"name": prefix}) == []


def test_the_logs_of_a_container_can_be_read_as_data(workspace):
    workspace.write(
        """
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["sh", "-c", "echo tres >&2; sleep 0.3; echo uno; echo dos"]
  must_run = false
  attach   = true
}
data "docker_logs" "all" {
  name  = docker_container.job.name
  depends_on = [docker_container.job]
}
data "docker_logs" "last" {
  name        = docker_container.job.name
  show_stderr = false
  tail        = "1"
  since       = "1h"
  depends_on  = [docker_container.job]
}
output "all" {
  value = sort(data.docker_logs.all.logs_list_string)
}
output "last" {
  value = data.docker_logs.last.logs_list_string
}
"""
    ).applied()
    assert workspace.outputs() == {"all": ["dos", "tres", "uno"], "last": ["dos"]}


def test_a_provider_block_may_wait_for_a_value(workspace, engine, prefix):
    workspace.write(
        """
resource "terraform_data" "host" {
  input = "unix:///var/run/docker.sock"
}
provider "docker" {
  host = terraform_data.host.output
}
resource "docker_volume" "raw" {
  name = "${var.prefix}-raw"
}
"""
    ).applied()
    assert engine.volumes.get(f"{prefix}-raw")
    assert workspace.plan().actions == {}
