"""As test_changes_reach_the_engine.py, for the other resources; and limits taken away."""

from typing import Any

import docker
import pytest
from tests.docker_provider.conftest import settable

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

# Argument → HCL before and after, and what the engine must show then.
NETWORK: dict[str, tuple[str, str, dict[str, Any]]] = {
    "attachable": ("attachable = false", "attachable = true", {"Attachable": True}),
    "internal": ("internal = false", "internal = true", {"Internal": True}),
    "ipam_config": (
        'ipam_config {\nsubnet = "10.213.41.0/24"\n}',
        'ipam_config {\nsubnet = "10.213.42.0/24"\ngateway = "10.213.42.9"\n}',
        {"IPAM.Config.0.Subnet": "10.213.42.0/24", "IPAM.Config.0.Gateway": "10.213.42.9"},
    ),
    "ipam_options": (
        'ipam_options = { a = "1" }',
        'ipam_options = { a = "2" }',
        {"IPAM.Options": {"a": "2"}},
    ),
    "ipv6": (
        "ipv6 = false",
        'ipv6 = true\nipam_config {\nsubnet = "fd00:213:43::/64"\n}\n',
        {"EnableIPv6": True},
    ),
    "labels": (
        'labels {\nlabel = "l"\nvalue = "1"\n}',
        'labels {\nlabel = "l"\nvalue = "2"\n}',
        {"Labels": {"l": "2"}},
    ),
    "options": (
        'options = { "com.docker.network.driver.mtu" = "1400" }',
        'options = { "com.docker.network.driver.mtu" = "1300" }',
        {"Options": {"com.docker.network.driver.mtu": "1300"}},
    ),
}
NETWORK_ELSEWHERE = {
    "driver": "not every kernel has a second one",
    "check_duplicate": "a question to the engine, which keeps no answer",
    "ingress": "needs Swarm",
    "ipam_driver": "needs a plugin",
    "name": "every replaced network of these tests has one",
}
VOLUME: dict[str, tuple[str, str, dict[str, Any]]] = {
    "driver_opts": (
        'driver_opts = { type = "tmpfs", device = "tmpfs", o = "size=1m" }',
        'driver_opts = { type = "tmpfs", device = "tmpfs", o = "size=2m" }',
        {"Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=2m"}},
    ),
    "labels": NETWORK["labels"],
}
VOLUME_ELSEWHERE = {
    "driver": "needs a plugin",
    "name": "every replaced volume of these tests has one",
}


def test_no_argument_is_forgotten() -> None:
    assert {*NETWORK, *NETWORK_ELSEWHERE} == settable("docker_network")
    assert {*VOLUME, *VOLUME_ELSEWHERE} == settable("docker_volume")


def _write(kind: str, cases: dict[str, tuple[str, str, dict[str, Any]]], moment: int) -> str:
    return "".join(
        f'resource "docker_{kind}" "{name}" {{\n'
        f'name = "${{var.prefix}}-{name.replace("_", "-")}"\n{case[moment]}\n}}\n'
        for name, case in cases.items()
    )


def _field(found: Any, path: str) -> Any:
    for step in path.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


@pytest.mark.parametrize(("kind", "cases"), [("network", NETWORK), ("volume", VOLUME)])
def test_every_changed_argument_is_in_the_engine(
    workspace: Any, engine: docker.DockerClient, prefix: str, kind: str, cases: Any
) -> None:
    workspace.write(_write(kind, cases, 0)).applied()
    assert workspace.plan().actions == {}
    workspace.write(_write(kind, cases, 1)).applied()
    assert workspace.plan().actions == {}
    inspect = getattr(engine.api, f"inspect_{kind}")
    for name, (_, _, expected) in cases.items():
        found = inspect(f"{prefix}-{name.replace('_', '-')}")
        assert {path: _field(found, path) for path in expected} == expected, name
    assert workspace.destroy().ok


def test_a_limit_that_is_taken_away_is_gone_from_the_engine(
    workspace: Any, engine: docker.DockerClient, prefix: str
) -> None:
    limits = {
        "memory": ("memory = 64", "Memory", 0),
        "memory_reservation": ("memory_reservation = 16", "MemoryReservation", 0),
        "memory_swap": ("memory = 64\nmemory_swap = 160", "MemorySwap", 0),
        "cpu_shares": ("cpu_shares = 256", "CpuShares", 0),
        "cpu_set": ('cpu_set = "0"', "CpusetCpus", ""),
        "cpu_period": ("cpu_period = 50000", "CpuPeriod", 0),
        "cpu_quota": ("cpu_quota = 50000", "CpuQuota", 0),
    }

    def containers(limited: bool) -> str:
        return "".join(
            f'resource "docker_container" "{name}" {{\n'
            f'name = "${{var.prefix}}-{name.replace("_", "-")}"\nimage = local.base\n'
            f"start = false\nmust_run = false\n{hcl if limited else ''}\n}}\n"
            for name, (hcl, _, _) in limits.items()
        )

    workspace.write(containers(True)).applied()
    workspace.write(containers(False)).applied()
    assert workspace.plan().actions == {}
    for name, (_, field, nothing) in limits.items():
        found = engine.api.inspect_container(f"{prefix}-{name.replace('_', '-')}")
        assert found["HostConfig"][field] == nothing, name


def test_an_image_gets_the_tags_that_its_build_gains_and_loses_the_others(
    workspace: Any, engine: docker.DockerClient, prefix: str
) -> None:
    workspace.write("FROM taller/base:bookworm\nLABEL unique=tags\n", "app/Dockerfile")

    def image(tag: str) -> str:
        return f"""
resource "docker_image" "app" {{
  name = "${{var.prefix}}-app:1"
  build {{
    context = abspath("${{path.module}}/app")
    tag     = ["${{var.prefix}}-app:1", "${{var.prefix}}-app:{tag}"]
  }}
}}
"""

    workspace.write(image("uno")).applied()
    workspace.write(image("dos"))
    assert workspace.plan().actions == {"docker_image.app": "update"}
    workspace.applied()
    found = engine.images.get(f"{prefix}-app:1").tags
    assert sorted(found) == [f"{prefix}-app:1", f"{prefix}-app:dos"]
    assert workspace.plan().actions == {}
    engine.images.remove(f"{prefix}-app:dos")


def test_a_container_that_is_to_be_started_now_starts(
    workspace: Any, engine: docker.DockerClient, prefix: str
) -> None:
    def container(start: str) -> str:
        return f"""
resource "docker_container" "c" {{
  name     = "${{var.prefix}}-c"
  image    = local.base
  command  = ["sleep", "60"]
  must_run = false
  start    = {start}
}}
"""

    workspace.write(container("false")).applied()
    assert engine.containers.get(f"{prefix}-c").status == "created"
    workspace.write(container("true")).applied()
    assert engine.containers.get(f"{prefix}-c").status == "running"
    assert workspace.plan().actions == {}


def test_user_and_folder_of_the_image_are_in_the_state_and_change_nothing(
    workspace: Any, engine: docker.DockerClient, prefix: str
) -> None:
    workspace.write("FROM taller/base:bookworm\nUSER 1234\nWORKDIR /tmp\n", "app/Dockerfile")
    hcl = """
resource "docker_image" "app" {
  name = "${var.prefix}-app:1"
  build {
    context = abspath("${path.module}/app")
  }
}
resource "docker_container" "c" {
  name    = "${var.prefix}-c"
  image   = docker_image.app.IMAGE
  command = ["sleep", "60"]
}
"""
    workspace.write(hcl.replace("IMAGE", "name")).applied()
    state = workspace.state()["docker_container.c"]
    assert (state["user"], state["working_dir"]) == ("1234", "/tmp")
    assert workspace.plan().actions == {}

    # Taken over by import, the image is the same under its name and under its id.
    for image in ("name", "image_id"):
        assert workspace.terraform("state", "rm", "docker_container.c").ok
        workspace.write(hcl.replace("IMAGE", image))
        assert workspace.terraform("import", "docker_container.c", f"{prefix}-c").ok
        assert workspace.plan().actions == {"docker_container.c": "update"}
        workspace.applied()
        assert workspace.plan().actions == {}
    assert workspace.destroy().ok
