"""Volumes without a name are their owner's like all others, whichever way they came."""

import io
import threading
from collections.abc import Callable
from typing import Any

import docker
import pytest
from docker.errors import APIError, NotFound

from docker_guard import Guard, Policy

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
OTHER = {"taller.prefix": "another", "taller.run": "another", "taller.guard": "{}"}

Create = Callable[..., Any]


@pytest.fixture
def policy() -> Policy:
    return Policy(images=(BASE,), volumes=4)


@pytest.fixture
def create(client: docker.DockerClient, prefix: str) -> Create:
    """Create a container from a body of the API."""

    def create(name: str = "c", **body: Any) -> Any:
        url = f"{client.api.base_url}/v1.41/containers/create"
        answer = client.api.post(url, params={"name": name}, json={"Image": BASE, **body})
        if answer.status_code != 201:
            raise APIError(answer.text, answer, answer.json()["message"])
        return client.containers.get(answer.json()["Id"])

    return create


@pytest.fixture
def with_volume(client: docker.DockerClient) -> str:
    """An image whose Dockerfile declares two volumes; one has a file in it."""
    dockerfile = f"FROM {BASE}\nRUN mkdir /data && echo hola > /data/x\nVOLUME /data /more/\n"
    client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag="x:1", rm=True, forcerm=True)
    return "x:1"


def unlabelled(engine: docker.DockerClient, before: set[str], prefix: str) -> list[str]:
    """New volumes that lack this tenant's label; what another test's tenant has is its own."""
    fresh = [volume for volume in engine.volumes.list() if volume.name not in before]
    owners = {v.name: (v.attrs["Labels"] or {}).get("taller.prefix") for v in fresh}
    return [
        name for name, owner in owners.items()
        if owner is None or (owner != prefix and name.startswith(prefix))
    ]  # fmt: skip


def mine(engine: docker.DockerClient, prefix: str) -> list[str]:
    return [v.name for v in engine.volumes.list(filters={"label": f"taller.prefix={prefix}"})]


WAYS: dict[str, dict[str, Any]] = {
    "Volumes": {"Volumes": {"/v": {}}},
    "Volumes with two spellings": {"Volumes": {"/v": {}, "/v/": {}, "//v": {}}},
    "Mounts": {"HostConfig": {"Mounts": [{"Type": "volume", "Target": "/v"}]}},
    "Mounts with labels": {
        "HostConfig": {
            "Mounts": [{"Type": "volume", "Target": "/v", "VolumeOptions": {"Labels": OTHER}}]
        }
    },
    "Binds": {"HostConfig": {"Binds": ["/v"]}},
    "all three for one path": {
        "Volumes": {"/v": {}}, "HostConfig": {"Mounts": [{"Type": "volume", "Target": "/v"}]}
    },
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_volume_without_a_name_is_labelled_listed_and_goes_with_its_container(
    engine: docker.DockerClient, guard: Guard, client: docker.DockerClient, create: Create,
    prefix: str, way: str,
) -> None:  # fmt: skip
    box = create(Labels={"a": "b"}, **WAYS[way])
    (name,) = mine(engine, prefix)
    labels = engine.volumes.get(name).attrs["Labels"]
    assert labels["taller.run"] == "r1"
    (mount,) = box.attrs["Mounts"]
    assert (mount["Name"], mount["Destination"]) == (name, "/v")
    assert [volume.name for volume in client.volumes.list()] == [name]
    assert client.volumes.get(name).attrs["Labels"] == (OTHER if "labels" in way else None)
    box.remove(v=True)
    assert mine(engine, prefix) == []
    assert [(e.action, e.kind) for e in guard.history] == [
        ("create", "volume"), ("create", "container"), ("remove", "container"),
        ("remove", "volume"),
    ]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_was_asked_for_reads_back(create: Create, way: str) -> None:
    attrs = create(**WAYS[way]).attrs
    asked = WAYS[way].get("HostConfig", {})
    assert (attrs["HostConfig"].get("Mounts") or []) == asked.get("Mounts", [])
    assert (attrs["HostConfig"]["Binds"] or []) == asked.get("Binds", [])
    assert (attrs["Config"].get("Volumes") or {}) == WAYS[way].get("Volumes", {})


def test_a_container_without_v_leaves_its_volume_which_still_counts(
    client: docker.DockerClient, create: Create
) -> None:
    create(Volumes={"/v": {}}).remove()
    (volume,) = client.volumes.list()
    volume.remove()
    with pytest.raises(NotFound):
        client.volumes.get(volume.name)


def test_an_images_volumes_are_ones_own_and_keep_what_is_in_them(
    engine: docker.DockerClient, client: docker.DockerClient, create: Create, prefix: str,
    with_volume: str,
) -> None:  # fmt: skip
    before = {volume.name for volume in engine.volumes.list()}
    box = create(Image=with_volume, Cmd=["cat", "/data/x"])
    box.start()
    assert box.wait()["StatusCode"] == 0
    assert box.logs() == b"hola\n"
    assert len(mine(engine, prefix)) == 2
    heir = create("d", HostConfig={"VolumesFrom": ["c"]}, Image=with_volume, Cmd=["ls", "/data"])
    assert {m["Name"] for m in heir.attrs["Mounts"]} == {m["Name"] for m in box.attrs["Mounts"]}
    own = create("e", HostConfig={"Binds": ["dev_v:/data"]}, Image=with_volume)
    assert len(mine(engine, prefix)) == 4  # the named one, and one more for /more
    assert unlabelled(engine, before, prefix) == []
    for one in (own, heir, box):
        one.remove(v=True)
    assert len(mine(engine, prefix)) == 1


def test_a_container_that_removes_itself_takes_them_along(
    engine: docker.DockerClient, guard: Guard, client: docker.DockerClient, create: Create,
    prefix: str, with_volume: str,
) -> None:  # fmt: skip
    create(Image=with_volume, Cmd=["true"], HostConfig={"AutoRemove": True}).start()
    for _ in range(200):
        if [event.action for event in guard.history[1:]].count("remove") == 3:
            break
        threading.Event().wait(0.05)
    assert mine(engine, prefix) == []
    assert [e.kind for e in guard.history if e.action == "remove"].count("volume") == 2


def test_they_count_with_all_others(
    engine: docker.DockerClient, client: docker.DockerClient, create: Create, prefix: str,
    with_volume: str,
) -> None:  # fmt: skip
    create(Volumes={"/a": {}, "/b": {}})
    client.volumes.create("v")
    for body in (
        {"Volumes": {"/a": {}, "/b": {}}},
        {"Image": with_volume},
        {"HostConfig": {"Mounts": [{"Type": "volume", "Target": f"/m{n}"} for n in range(2)]}},
        {"HostConfig": {"Binds": ["/a", "/b"]}},
    ):
        with pytest.raises(APIError, match="que es el tope"):
            create("d", **body)
    assert len(mine(engine, prefix)) == 3
    create("d", Volumes={"/a": {}})


def test_a_tmpfs_over_a_volume_of_the_image_is_refused_before_one_is_made(
    engine: docker.DockerClient, create: Create, prefix: str, with_volume: str
) -> None:
    with pytest.raises(APIError, match="tmpfs y volumen"):
        create(Image=with_volume, HostConfig={"Tmpfs": {"/data": ""}})
    assert mine(engine, prefix) == []


def test_a_volume_that_is_removed_meanwhile_never_comes_back_without_a_label(
    engine: docker.DockerClient, guard: Guard, prefix: str
) -> None:
    stop = threading.Event()

    def remove() -> None:
        client = docker.DockerClient(f"unix://{guard.socket}", timeout=60)
        while not stop.is_set():
            try:
                client.api.remove_volume("v")
            except APIError:
                continue
        client.close()

    before = {volume.name for volume in engine.volumes.list()}
    removers = [threading.Thread(target=remove) for _ in range(2)]
    for one in removers:
        one.start()
    client = docker.DockerClient(f"unix://{guard.socket}", timeout=60)
    statuses = {409}
    for number in range(20):
        try:
            box = client.containers.create(BASE, "ls", name=f"c{number}", volumes=["v:/v"])
        except APIError as error:
            statuses.add(error.status_code)
            continue
        box.remove()
    stop.set()
    for one in removers:
        one.join()
    client.close()
    assert statuses == {409}
    named = [name for name in unlabelled(engine, before, prefix) if name.startswith(prefix)]
    assert named == []
