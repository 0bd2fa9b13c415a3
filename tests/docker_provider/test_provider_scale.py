"""Many objects at once."""

import statistics
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
    """Seconds a resource that apply, plan and destroy take."""
    workspace.write(VOLUMES.replace("COUNT", str(count))).terraform("validate")
    spent = {}
    for step in ("apply -auto-approve", "plan", "destroy -auto-approve"):
        began = time.perf_counter()
        result = workspace.terraform(*step.split(), "-json", "-input=false")
        spent[step] = (time.perf_counter() - began) / count
        assert result.ok, result.errors
    return spent


NOISE = 1.3
"""Ten volumes take tenths of a second: other work on the machine weighs more on them."""


def test_two_hundred_volumes_take_no_longer_each_than_ten(workspace, engine, prefix):
    rounds = [seconds_each(workspace, 10) for _ in range(3)]
    many = seconds_each(workspace, 200)
    for step, each in many.items():
        few = statistics.mean(seconds[step] for seconds in rounds)
        assert each <= few * NOISE, f"{step}: {few:.4f} s each of 10, {each:.4f} of 200"
    assert engine.volumes.list(filters={"name": prefix}) == []
