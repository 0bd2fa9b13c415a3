"""The rules on plans and the guard say the same: each case of the rules' test, really applied."""

from collections import defaultdict
from pathlib import Path

import docker
import pytest
from tests.docker_guard.test_guard_plan_rules import COMMON, GUARDED, HONEST
from tests.docker_guard.test_guard_terraform import PLATFORM, Terraform

from docker_guard import Guard, Policy

pytestmark = pytest.mark.engine

HEADER = PLATFORM.split("variable", 1)[0] + 'provider "docker" {}\n'
ONLY_ON_PLANS = {"upload_system", "upload_parent"}
"""Terraform's plugin reads these files itself, and the guard never learns their names."""


@pytest.fixture
def policy() -> Policy:
    return Policy(images=("taller/base:bookworm",), containers=100)


def test_what_a_plan_may_not_hold_the_guard_refuses_and_nothing_else(
    guard: Guard, engine: docker.DockerClient, tmp_path: Path, prefix: str
) -> None:
    bodies = {**{name: body for name, (body, *_) in GUARDED.items()}, **HONEST}
    text = "".join(
        f'resource "docker_container" "{name}" {{\nname = "{name}"\n'
        f'image = "taller/base:bookworm"\ncommand = ["sleep", "60"]\n{body}\n}}\n'
        for name, body in bodies.items()
        if name not in ONLY_ON_PLANS
    )
    (tmp_path / "main.tf").write_text(HEADER + COMMON + text)
    (tmp_path / "datos.csv").write_text("a,b\n")
    terraform = Terraform(tmp_path, guard)
    try:
        terraform.ok("init", "-input=false")
        terraform.run("apply", "-auto-approve", "-no-color")
    finally:
        terraform.server.terminate()
        terraform.server.wait(10)
    mine = engine.containers.list(all=True, filters={"label": f"taller.prefix={prefix}"})
    verdicts: dict[bool, set[str]] = defaultdict(set)
    for name in bodies:
        verdicts[any(box.name == f"{prefix}{name}" for box in mine)].add(name)
    assert verdicts[True] == set(HONEST)
    assert verdicts[False] == set(GUARDED)
