"""The guard in front of four engines, as they answer, and without all that is not set."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.recorded_engine import ENGINES, OWNER, SHAPES, recorded, serving

from docker_guard import Guard, Policy, Tenant
from docker_guard.disk_answers import own_layers, volume_sizes


@pytest.fixture(params=SHAPES)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[docker.DockerClient]:
    """A tenant's client; what was recorded is the tenant's."""
    tenant = Tenant(OWNER, exercise="ej01", run="r1")
    with (
        serving(request.param, tmp_path) as engine,
        Guard(tenant, engine, tmp_path / "g.sock", Policy(images=("taller/base:bookworm",))),
    ):
        made = docker.DockerClient(f"unix://{tmp_path}/g.sock", timeout=20)
        yield made
        made.close()


def test_a_tenant_lists_and_inspects_what_it_has(client: docker.DockerClient) -> None:
    api = client.api
    assert api.version()["ApiVersion"] == "1.38"
    assert api.info()["Name"] == "taller"
    listed = api.containers(all=True)
    assert "/c_c" in [name for container in listed for name in container["Names"]]
    for container in listed:
        assert api.inspect_container(container["Id"])["Config"]["Labels"] is not None
    assert "c_v" in [volume["Name"] for volume in api.volumes()["Volumes"]]
    assert api.inspect_volume("c_v")["Name"]
    for network in api.networks():
        assert api.inspect_network(network["Id"])["IPAM"]["Config"]
    for image in api.images():
        assert api.inspect_image(image["Id"])["Config"]["Cmd"] == ["cat", "/x"]
        assert api.history(image["Id"])[-1]["Size"] > 1000


def _layer(text: str, size: int) -> dict[str, Any]:
    return {"Id": "<missing>", "CreatedBy": text, "Size": size, "Created": 7}


def test_steps_that_look_alike_are_as_many_layers() -> None:
    mine = "LABEL taller.prefix=rec"
    base = [_layer(f"{mine} more", 0), _layer("", 1000)]
    same = [_layer("RUN dd", 5), _layer("RUN dd", 5), _layer("RUN dd", 5)]
    assert sum(own_layers([*same, *base], mine).values()) == 15
    kept = own_layers([*same, *base], mine) | own_layers([_layer("RUN x", 2), *same, *base], mine)
    assert sum(kept.values()) == 17, "what two images have in common is there once"


def test_a_history_that_lies_or_lacks_fields_is_measured() -> None:
    mine = "LABEL taller.prefix=rec"
    history: list[dict[str, Any]] = [
        {"Id": "<missing>", "CreatedBy": "RUN a", "Size": 5, "Created": 3},
        {"Id": "<missing>", "CreatedBy": "RUN b", "Size": 7, "Created": 2},
        {"CreatedBy": f"LABEL x=1 {mine}", "Size": None},
        {"Id": "<missing>", "CreatedBy": "LABEL taller.prefix=another"},
        {"Id": "<missing>", "CreatedBy": None, "Size": 1000},
    ]
    assert sum(own_layers(history, mine).values()) == 12
    assert own_layers([], mine) == {}
    assert own_layers([{"Size": 9}], mine) == {}


@pytest.mark.parametrize("kind", ["classic", "kit"])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_build_added_is_measured_on_every_engine(engine: str, kind: str) -> None:
    said, label = recorded(engine)[f"image_history_{kind}"], "LABEL taller.prefix=rec"
    begun = said.index(next(layer for layer in said if layer["Size"] > 100_000))
    history = [*said[:begun], _layer(label, 0), *said[begun:]]
    written = said[begun - 1]["Size"]
    assert written > 0
    assert sum(own_layers(history, label).values()) == written


@pytest.mark.parametrize("request_", ["df", "df_verbose"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_volumes_sizes_are_found_where_the_engine_lists_them(shape: str, request_: str) -> None:
    usage = recorded(shape)[request_]
    assert volume_sizes(usage)["rec_v"] == 0
    for listed in (usage.get("Volumes"), (usage.get("VolumeUsage") or {}).get("Items")):
        for volume in listed or []:
            volume["UsageData"] = {"Size": 5, "RefCount": 1}
    assert volume_sizes(usage)["rec_v"] == 5
    assert volume_sizes({"Volumes": [{"Name": "v", "UsageData": {"Size": -1}}]}) == {"v": 0}
