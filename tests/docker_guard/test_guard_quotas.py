"""How many objects a tenant may have at a time, on the real engine."""

import threading
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest
from docker.errors import APIError

from docker_guard import Guard, Policy
from docker_guard.subnets import candidates

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"


@pytest.fixture
def policy() -> Policy:
    return Policy(images=(BASE,), volumes=4, networks=2, containers=3)


@pytest.mark.parametrize(("kind", "limit"), [("volume", 4), ("network", 2), ("container", 3)])
def test_creates_at_the_same_time_do_not_pass_the_limit(
    guard: Guard, engine: docker.DockerClient, prefix: str, kind: str, limit: int
) -> None:
    start = threading.Barrier(8)

    def create(number: int) -> bool:
        client = docker.DockerClient(f"unix://{guard.socket}", timeout=60)
        name = f"dev_{number}"
        start.wait()
        try:
            if kind == "container":
                client.containers.create(BASE, "ls", name=name)
            else:
                getattr(client, f"{kind}s").create(name)
        except APIError as error:
            if "que es el tope" not in str(error):
                raise
            return False
        finally:
            client.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(8)))
    assert made.count(True) == limit
    listed = getattr(engine, f"{kind}s").list(
        filters={"name": f"{prefix}dev_"}, **({"all": True} if kind == "container" else {})
    )
    assert len(listed) == limit


def test_creating_a_volume_again_takes_no_place(client: docker.DockerClient, prefix: str) -> None:
    for _ in range(2):
        for number in range(4):
            client.volumes.create(f"dev_{number}")
    assert len(client.volumes.list()) == 4


def test_a_place_is_free_again_after_a_delete(client: docker.DockerClient, prefix: str) -> None:
    for number in range(4):
        client.volumes.create(f"dev_{number}")
    client.volumes.get("dev_0").remove()
    assert client.volumes.create("dev_9")


def test_networks_take_none_of_the_engines_few_subnets(
    client: docker.DockerClient, engine: docker.DockerClient, prefix: str
) -> None:
    """An engine's own pools serve some thirty networks, and a class needs more."""
    for number in range(2):
        network = client.networks.create(f"dev_{number}")
        real = engine.networks.get(network.id).attrs["IPAM"]["Config"]
        assert real[0]["Subnet"].startswith("198.18.")


def test_a_subnet_that_is_taken_is_passed_over(
    client: docker.DockerClient, engine: docker.DockerClient, prefix: str
) -> None:
    first = next(candidates("dev_n"))
    pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=first)])
    engine.networks.create(f"{prefix}dev_other", ipam=pool, internal=True)
    network = client.networks.create("dev_n")
    assert network.attrs["IPAM"]["Config"][0]["Subnet"] != first


def test_a_tenant_may_choose_a_subnet_of_its_own(client: docker.DockerClient, prefix: str) -> None:
    pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet="172.29.7.0/24")])
    network = client.networks.create("dev_n", ipam=pool)
    assert network.attrs["IPAM"]["Config"] == [{"Subnet": "172.29.7.0/24"}]
