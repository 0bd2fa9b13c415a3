"""docker_volume, from plan to destroy."""

import pytest

pytestmark = pytest.mark.engine

VOLUME = """
resource "docker_volume" "raw" {
  name = "${var.prefix}-raw"
}
"""
FULL = """
resource "docker_volume" "raw" {
  name        = "${var.prefix}-raw"
  driver      = "local"
  driver_opts = { type = "tmpfs", device = "tmpfs", o = "size=1m" }
  labels {
    label = "layer"
    value = "raw"
  }
  labels {
    label = "course"
    value = "titanic"
  }
}
"""


def test_a_volume_is_planned_made_and_removed(workspace, engine, prefix):
    workspace.write(VOLUME)
    plan = workspace.plan()
    assert plan.actions == {"docker_volume.raw": "create"}
    assert plan.unknown("docker_volume.raw") == {
        "driver": True,
        "id": True,
        "mountpoint": True,
        "labels": [],
        "cluster": [],
    }

    state = workspace.applied().state()["docker_volume.raw"]
    assert state["id"] == state["name"] == f"{prefix}-raw"
    assert state["mountpoint"] == engine.volumes.get(f"{prefix}-raw").attrs["Mountpoint"]

    assert workspace.destroy().ok
    assert engine.volumes.list(filters={"name": prefix}) == []


def test_a_second_plan_is_empty_with_every_argument_set(workspace, engine, prefix):
    workspace.write(FULL).applied()
    assert workspace.plan().actions == {}
    made = engine.volumes.get(f"{prefix}-raw").attrs
    assert made["Labels"] == {"layer": "raw", "course": "titanic"}
    assert made["Options"] == {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}


def test_a_volume_without_a_name_gets_the_engines(workspace, engine):
    workspace.write('resource "docker_volume" "anonymous" {}').applied()
    name = workspace.state()["docker_volume.anonymous"]["name"]
    assert engine.volumes.get(name).name == name
    assert workspace.plan().actions == {}
    assert workspace.destroy().ok


def test_a_volume_deleted_by_hand_is_planned_for_creation(workspace, engine, prefix):
    workspace.write(VOLUME).applied()
    engine.volumes.get(f"{prefix}-raw").remove()
    assert workspace.plan().actions == {"docker_volume.raw": "create"}
    assert workspace.applied().plan().actions == {}


def test_a_changed_label_replaces_the_volume_and_says_why(workspace):
    workspace.write(FULL).applied()
    workspace.write(FULL.replace('value = "raw"', 'value = "silver"'))
    plan = workspace.plan()
    assert plan.actions == {"docker_volume.raw": "delete create"}
    assert plan.replaced_by("docker_volume.raw") == [["labels"]]


def test_destroying_what_is_gone_already_succeeds(workspace, engine, prefix):
    workspace.write(VOLUME).applied()
    engine.volumes.get(f"{prefix}-raw").remove()
    result = workspace.terraform("destroy", "-auto-approve", "-refresh=false", "-json")
    assert result.ok, result.errors


def test_a_name_that_is_taken_is_refused_and_the_other_volume_is_left_alone(
    workspace, engine, prefix
):
    engine.volumes.create(f"{prefix}-raw", labels={"owner": "somebody"})
    result = workspace.write(VOLUME).apply()
    assert not result.ok
    assert f'There is a volume named "{prefix}-raw" already' in result.errors
    assert "somebody" in result.errors
    assert f"terraform import ADDRESS {prefix}-raw" in result.errors
    assert workspace.destroy().ok
    assert engine.volumes.get(f"{prefix}-raw").attrs["Labels"] == {"owner": "somebody"}


def test_a_volume_in_use_is_not_removed_and_stays_in_the_state(
    workspace, engine, prefix, base_image
):
    workspace.write(VOLUME).applied()
    user = engine.containers.create(
        base_image,
        name=f"{prefix}-user",
        volumes={f"{prefix}-raw": {"bind": "/data"}},
    )
    result = workspace.destroy()
    assert not result.ok
    assert "volume is in use" in result.errors
    assert "docker_volume.raw" in workspace.state()
    user.remove()
    assert workspace.destroy().ok


def test_an_unsupported_argument_is_terraforms_own_error(workspace):
    workspace.write('resource "docker_volume" "raw" {\n  size = 5\n}')
    result = workspace.terraform("validate", "-json")
    assert not result.ok
    assert "Unsupported argument" in result.output


def test_an_existing_volume_is_imported_and_needs_no_change(workspace, engine, prefix):
    engine.volumes.create(f"{prefix}-raw", labels={"layer": "raw"})
    workspace.write(
        VOLUME.replace("\n}", '\n  labels {\n    label = "layer"\n    value = "raw"\n  }\n}')
    )
    imported = workspace.terraform("import", "docker_volume.raw", f"{prefix}-raw")
    assert imported.ok, imported.output
    assert workspace.plan().actions == {}


def test_importing_what_does_not_exist_is_an_error(workspace, prefix):
    workspace.write(VOLUME)
    result = workspace.terraform("import", "-no-color", "docker_volume.raw", f"{prefix}-nothing")
    assert not result.ok
    assert "Cannot import non-existent remote object" in result.output


def test_of_many_that_ask_for_one_name_at_once_exactly_one_has_it(workspace, engine, prefix):
    body = '{ name = "${var.prefix}-one" }'
    workspace.write("\n".join(f'resource "docker_volume" "r{n}" {body}' for n in range(8)))
    result = workspace.apply()
    assert result.errors.count(f'There is a volume named "{prefix}-one" already') == 7
    assert len(workspace.state()) == 1
