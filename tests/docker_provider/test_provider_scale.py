"""Many objects at once."""

import time

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]

VOLUMES = """
resource "docker_volume" "many" {
  count = COUNT
  name  = "${var.prefix}-${count.index}"
}
"""


def seconds_each(workspace, count: int) -> dict[str, float]:
    """Seconds a resource that apply, plan and destroy take, Terraform's own start left out."""
    spent = {}
    workspace.write("").terraform("validate")
    began = time.perf_counter()
    workspace.terraform("plan", "-json")
    overhead = time.perf_counter() - began
    workspace.write(VOLUMES.replace("COUNT", str(count)))
    steps = {"apply": workspace.apply, "plan": workspace.plan, "destroy": workspace.destroy}
    workspace.terraform("validate")
    for name, step in steps.items():
        began = time.perf_counter()
        outcome = step()
        spent[name] = max(time.perf_counter() - began - overhead, 0.001) / count
        assert name == "plan" or outcome.ok
    return spent


def test_two_hundred_volumes_take_no_longer_each_than_ten(workspace, engine, prefix):
    few, many = seconds_each(workspace, 10), seconds_each(workspace, 200)
    for step, each in many.items():
        assert each <= few[step] * 1.1, f"{step}: {few[step]:.4f} s each of 10, {each:.4f} of 200"
    assert engine.volumes.list(filters={"name": prefix}) == []
