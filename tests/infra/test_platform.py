"""One apply of ``infra/`` runs the whole pipeline, and only a new run_id runs it again."""

import itertools
import secrets
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

STAGES = ["ingest", "transform", "features", "train", "evaluate"]

# Stage → container path → may it write?
MOUNTS = {
    "ingest": {"/app/data/raw": True},
    "transform": {"/app/data/raw": False, "/app/data/silver": True},
    "features": {"/app/data/silver": False, "/app/data/gold": True, "/app/data/features": True},
    "train": {"/app/data/features": False, "/app/models": True},
    "evaluate": {"/app/data/features": False, "/app/models": True},
}


def touched(plan: Any) -> dict[str, str]:
    """Address → action, for what a plan would change."""
    return {change.address: change.action for change in plan.changes if change.action != "no-op"}


def test_one_apply_runs_the_five_stages_in_order(platform: Any):
    states = [platform.containers()[stage]["State"] for stage in STAGES]
    assert [state["ExitCode"] for state in states] == [0] * 5
    for earlier, later in itertools.pairwise(states):
        assert earlier["FinishedAt"] <= later["StartedAt"]


def test_a_second_plan_is_empty(platform: Any):
    assert touched(platform.terraform.plan(platform.variables())) == {}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_mounts_only_its_layers(platform: Any, stage: str):
    mounts = platform.containers()[stage]["Mounts"]
    assert {mount["Destination"]: mount["RW"] for mount in mounts} == MOUNTS[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_works_within_512_megabytes(platform: Any, stage: str):
    container = platform.containers()[stage]
    assert container["HostConfig"]["Memory"] == 512 * 1024**2
    assert not container["State"]["OOMKilled"]


def test_the_containers_share_one_network_that_leads_nowhere_else(platform: Any):
    network = platform.engine.api.inspect_network(f"{platform.prefix}_analytics")
    assert network["Internal"]
    for container in platform.containers().values():
        assert list(container["NetworkSettings"]["Networks"]) == [network["Name"]]


def test_a_new_run_id_runs_the_stages_again_and_touches_nothing_else(platform: Any):
    planned = touched(platform.terraform.plan(platform.variables(run_id="r2")))
    assert set(planned.values()) == {"replace"}
    assert len(planned) == len(STAGES)
    assert all(address.endswith("docker_container.job") for address in planned)


def test_a_new_image_tag_builds_an_image_and_runs_nothing(platform: Any):
    planned = touched(platform.terraform.plan(platform.variables(image_tag="v2")))
    assert planned == {"module.ml_training.docker_image.pipeline": "replace"}


def test_everything_made_carries_its_prefix(platform: Any):
    mine = {"label": f"taller.prefix={platform.prefix}"}
    assert len(platform.engine.volumes.list(filters=mine)) == 5
    assert len(platform.engine.networks.list(filters=mine)) == 1
    assert len(platform.engine.containers.list(all=True, filters=mine)) == 5
    assert len(platform.engine.images.list(filters=mine)) == 1


def test_two_prefixes_live_side_by_side(platform: Any, new_workspace: Any):
    neighbour = type(platform)(new_workspace(f"t{secrets.token_hex(4)}"), platform.engine)
    neighbour.terraform.init()
    neighbour.terraform.apply(neighbour.variables())
    neighbour.terraform.destroy(neighbour.variables())
    mine = {"label": f"taller.prefix={neighbour.prefix}"}
    assert neighbour.engine.volumes.list(filters=mine) == []
    assert neighbour.engine.containers.list(all=True, filters=mine) == []
    assert neighbour.engine.images.list(filters=mine) == []
    assert touched(platform.terraform.plan(platform.variables())) == {}


def test_destroy_leaves_nothing(new_workspace: Any, platform: Any, engine: docker.DockerClient):
    short = type(platform)(new_workspace(f"t{secrets.token_hex(4)}"), engine)
    short.terraform.init()
    layers = ["module.data_layer.docker_volume.raw", "module.data_layer.docker_network.analytics"]
    short.terraform.apply(short.variables(), targets=layers)
    short.terraform.destroy(short.variables())
    names = {volume.name for volume in engine.volumes.list()}
    names |= {network.name for network in engine.networks.list()}
    assert not [name for name in names if name.startswith(short.prefix)]
