"""Clean-up: all of the workshop's, and nothing of anybody else's."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from taller import provider
from taller.clean import clean, clean_all
from taller.docker_state import EngineError
from taller.errors import TallerError
from taller.workspace import existing_workspaces, workspace

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("home")]

UNLABELLED = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
resource "docker_volume" "raw" { name = "PREFIX_raw" }
resource "docker_network" "net" { name = "PREFIX_net" }
resource "docker_container" "job" {
  name     = "PREFIX_job"
  image    = "taller/base:bookworm"
  command  = ["true"]
  must_run = false
  networks_advanced { name = docker_network.net.name }
  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/data"
  }
}
"""


@pytest.fixture
def client(private_engine: Any) -> docker.DockerClient:
    """An engine where nobody else works: ``--all`` would take other tests' objects as well."""
    return private_engine.client()


def names(client: docker.DockerClient, *, every: bool = False) -> dict[str, list[str]]:
    """All that a user sees of the engine; with ``every`` also the layers of builds."""
    return {
        "volumes": sorted(v.name for v in client.volumes.list()),
        "networks": sorted(n.name for n in client.networks.list() if n.attrs["Driver"] == "bridge"),
        "containers": sorted(c.name for c in client.containers.list(all=True)),
        "images": sorted(tag for i in client.images.list(all=every) for tag in i.tags or [i.id]),
    }


def build(
    client: docker.DockerClient, dockerfile: str, **options: Any
) -> docker.models.images.Image:
    """Build with the classic builder."""
    image, _ = client.images.build(
        fileobj=io.BytesIO(dockerfile.encode()), rm=True, forcerm=True, **options
    )
    return image


def test_a_workspaces_objects_go_without_any_label(
    prefix: str, leftovers: None, engine: docker.DockerClient
) -> None:
    place = workspace(prefix, "ej01")
    (place.folder / "main.tf").write_text(UNLABELLED.replace("PREFIX", prefix))
    terraform = provider.terraform(place)
    terraform.init()
    terraform.apply()
    server = provider.running_server(place)
    engine.volumes.create(f"{prefix}_mine")
    report = clean(prefix)
    assert report.kept == []
    assert sorted(report.removed) == [
        ("contenedor", f"{prefix}_job"),
        ("red", f"{prefix}_net"),
        ("volumen", f"{prefix}_raw"),
    ]
    assert [v.name for v in engine.volumes.list(filters={"name": prefix})] == [f"{prefix}_mine"]
    assert server is not None
    assert not server.alive
    assert existing_workspaces(prefix) == []


def test_a_second_clean_finds_nothing_to_do(prefix: str) -> None:
    clean(prefix)
    assert clean(prefix).removed == []


def test_labelled_objects_go_when_their_workspace_is_lost(
    prefix: str, leftovers: None, engine: docker.DockerClient
) -> None:
    ours, theirs = {"taller.prefix": prefix}, {"taller.prefix": f"{prefix}-b"}
    engine.volumes.create(f"{prefix}_a", labels=ours)
    engine.volumes.create(f"{prefix}_b", labels=theirs)
    engine.volumes.create(f"{prefix}_c", labels={"other": prefix})
    engine.containers.create("taller/base:bookworm", name=f"{prefix}_job", labels=ours)
    clean(prefix)
    left = [v.name for v in engine.volumes.list(filters={"name": prefix})]
    assert sorted(left) == [f"{prefix}_b", f"{prefix}_c"]
    assert engine.containers.list(all=True, filters={"name": prefix}) == []


def test_a_state_that_cannot_be_read_is_kept_and_named(prefix: str) -> None:
    place = workspace(prefix, "broken")
    (place.folder / "terraform.tfstate").write_text('{"version": 4, "resour')
    report = clean(prefix)
    assert [kind for kind, _, _ in report.kept] == ["workspace"]
    assert (place.folder / "terraform.tfstate").is_file()


def test_an_image_to_be_kept_locally_is_kept(prefix: str, client: docker.DockerClient) -> None:
    build(client, "FROM scratch\nLABEL a=b\n", tag="kept:1")
    build(client, "FROM scratch\nLABEL c=d\n", tag="gone:1")
    attributes = [{"name": "kept:1", "keep_locally": True}, {"name": "gone:1"}]
    state = {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": "docker_image", "instances": [{"attributes": a}]}
            for a in attributes
        ],
    }
    (workspace(prefix, "images").folder / "terraform.tfstate").write_text(json.dumps(state))
    assert clean(prefix).removed == [("imagen", "gone:1")]
    assert names(client)["images"] == ["kept:1"]


def test_all_leaves_an_engine_as_it_was_before_the_workshop(
    home: Path, client: docker.DockerClient, empty_image: bytes
) -> None:
    # What a user has: names like the workshop's, labels like nobody's.
    client.volumes.create("dev_raw")
    client.networks.create("dev_analytics")
    build(client, "FROM scratch\nLABEL mine=1\n", tag="titanic-pipeline:dev")
    client.containers.create("titanic-pipeline:dev", ["x"], name="dev_train_1")
    before = names(client, every=True)
    # What the workshop makes.
    api = client.api
    api.import_image_from_data(
        empty_image, repository="taller/base", tag="bookworm", changes=["LABEL taller.role=base"]
    )
    start = "FROM taller/base:bookworm\nLABEL taller.role=pipeline\n"
    build(
        client, f"{start}ENV A=1\nENV B=2\n", tag="dev-titanic:1", labels={"taller.prefix": "dev"}
    )
    with pytest.raises(docker.errors.BuildError):
        build(client, f"{start}ENV C=1\nCOPY nothing /nowhere\n")
    build(client, f"{start}ENV STAGE=1\n")  # a stage of a multi-stage build has no name either
    labels = {"taller.prefix": "dev", "taller.run": "r1"}
    client.volumes.create("dev_silver", labels=labels)
    client.networks.create("dev_other", labels=labels)
    client.containers.create("dev-titanic:1", ["x"], name="dev_ingest_r1", labels=labels)
    workspace("dev", "demo")
    report = clean_all()
    assert report.kept == []
    assert names(client, every=True) == before
    assert not home.exists()


def test_what_a_user_builds_and_runs_on_the_workshops_images_is_the_users(
    client: docker.DockerClient, empty_image: bytes
) -> None:
    client.api.import_image_from_data(
        empty_image, repository="taller/base", tag="bookworm", changes=["LABEL taller.role=base"]
    )
    build(
        client, "FROM taller/base:bookworm\n", tag="dev-titanic:1", labels={"taller.prefix": "dev"}
    )
    build(client, "FROM dev-titanic:1\nENV MINE=1\n", tag="mine:1")
    client.containers.create("dev-titanic:1", ["x"], name="mine")
    report = clean_all()
    left = names(client)
    assert left["containers"] == ["mine"]
    assert "mine:1" in left["images"]
    assert all(kind == "imagen" and reason for kind, _, reason in report.kept)


def test_a_tag_that_a_user_gave_to_our_image_keeps_it(client: docker.DockerClient) -> None:
    build(client, "FROM scratch\nLABEL x=y\n", tag="dev-titanic:1", labels={"taller.prefix": "dev"})
    client.images.get("dev-titanic:1").tag("mine", "1")
    report = clean("dev")
    assert names(client)["images"] == ["mine:1"]
    assert "mine:1" in report.kept[0][2]


def test_one_prefix_leaves_the_other_alone(client: docker.DockerClient) -> None:
    for prefix in ("ana", "luis"):
        labels = {"taller.prefix": prefix}
        client.volumes.create(f"{prefix}_raw", labels=labels)
        build(client, f"FROM scratch\nENV A={prefix}\n", tag=f"{prefix}-titanic:1", labels=labels)
        workspace(prefix, "demo")
    clean("ana")
    assert names(client)["volumes"] == ["luis_raw"]
    assert names(client)["images"] == ["luis-titanic:1"]
    assert [place.prefix for place in existing_workspaces()] == ["luis"]


def test_the_command_lists_what_it_removed(
    prefix: str, leftovers: None, engine: docker.DockerClient
) -> None:
    engine.volumes.create(f"{prefix}_a", labels={"taller.prefix": prefix})
    done = subprocess.run(
        [sys.executable, "-m", "taller", "clean", "--prefix", prefix],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"- volumen {prefix}_a" in done.stdout


def test_nothing_is_removed_while_the_engine_does_not_answer(
    home: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workspace(prefix, "demo")
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
    with pytest.raises(EngineError):
        clean_all()
    assert place.folder.is_dir()


def test_a_prefix_with_a_path_in_it_is_refused() -> None:
    with pytest.raises(TallerError, match="prefijo"):
        clean("../..")
