"""The picture: the same objects, whether read from the engine, from a state or from a plan."""

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import docker
import pytest

from taller import provider
from taller.docker_state import DockerState
from taller.topology import (
    ContainerNode,
    Link,
    ObjectNode,
    Topology,
    docker_topology,
    plan_topology,
    recorded_topology,
)
from taller.topology_svg import draw
from taller.workspace import Workspace, workspace

SVG = "{http://www.w3.org/2000/svg}"

PLATFORM = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
resource "docker_network" "net" {
  name     = "PREFIX_net"
  internal = true
}
resource "docker_volume" "raw" { name = "PREFIX_raw" }
resource "docker_container" "reader" {
  name     = "PREFIX_reader"
  image    = "taller/base:bookworm"
  command  = ["true"]
  must_run = false
  attach   = true
  networks_advanced { name = docker_network.net.name }
  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/in"
    read_only      = true
  }
  depends_on = [docker_container.writer]
}
resource "docker_container" "writer" {
  name     = "PREFIX_writer"
  image    = "taller/base:bookworm"
  command  = ["sh", "-c", "exit 4"]
  must_run = false
  attach   = true
  networks_advanced { name = docker_network.net.name }
  mounts {
    type   = "volume"
    source = docker_volume.raw.name
    target = "/out"
  }
}
"""


def texts(svg: str) -> list[str]:
    """Every text and tooltip in the picture; the document must be well-formed."""
    root = ET.fromstring(svg)
    return [e.text or "" for tag in ("text", "title") for e in root.iter(SVG + tag)]


def node(name: str, *links: tuple[str, bool]) -> ContainerNode:
    """A container that reads (True) or writes (False) volumes."""
    mounts = tuple(Link(volume, "/x", read_only) for volume, read_only in links)
    return ContainerNode(name, "succeeded", ("net",), mounts)


def test_containers_stand_in_the_order_of_the_data_however_they_are_listed() -> None:
    chain = [
        node("ingest", ("raw", False)),
        node("transform", ("raw", True), ("silver", False)),
        node("features", ("silver", True), ("gold", False)),
        node("train", ("gold", True), ("models", False)),
    ]
    for listed in itertools.permutations(chain):
        topology = Topology.of([], [], list(listed))
        assert [c.name for c in topology.containers] == ["ingest", "transform", "features", "train"]


def test_containers_that_wait_for_each_other_are_still_all_drawn() -> None:
    a, b = node("a", ("x", True), ("y", False)), node("b", ("y", True), ("x", False))
    assert {c.name for c in Topology.of([], [], [a, b]).containers} == {"a", "b"}


def test_a_volume_that_only_a_container_mentions_is_drawn() -> None:
    topology = Topology.of([], [], [node("a", ("elsewhere", True))])
    assert [volume.name for volume in topology.volumes] == ["elsewhere"]
    assert "volumen elsewhere: existe" in texts(draw(topology))


def test_an_empty_picture_says_that_there_is_nothing() -> None:
    assert "Todavía no hay nada en Docker." in texts(draw(Topology.of([], [], [])))


def test_names_with_markup_stay_text() -> None:
    topology = Topology.of([ObjectNode("a<b>&c", "present")], [], [])
    assert any("red a<b>&c" in text for text in texts(draw(topology, 'x" <y>')))


def test_boxes_never_lie_on_each_other() -> None:
    nodes = [node(f"c{i}", (f"v{i}", False), (f"w{i}", False)) for i in range(6)]
    root = ET.fromstring(draw(Topology.of([ObjectNode("net", "present")], [], nodes)))
    boxes = [float(r.get("x", 0)) for r in root.iter(SVG + "rect") if r.get("rx") == "6"]
    drums = [float(e.get("cx", 0)) for e in root.iter(SVG + "ellipse")]
    for places in (sorted(boxes), sorted(drums)):
        assert all(b - a > 164 for a, b in itertools.pairwise(places))
    width = float(root.get("width", 0))
    assert max(drums) + 82 < width


def test_networks_without_containers_stand_beside_each_other() -> None:
    networks = [ObjectNode(name, "present") for name in ("etl", "ml", "analytics")]
    root = ET.fromstring(draw(Topology.of(networks, [], [])))
    frames = [r for r in root.iter(SVG + "rect") if r.get("rx") == "10" and r.get("x")]
    edges = sorted((float(f.get("x", 0)), float(f.get("width", 0))) for f in frames)
    assert len(edges) == 3
    assert all(a[0] + a[1] < b[0] for a, b in itertools.pairwise(edges))


def test_a_picture_of_volumes_alone_leaves_no_room_for_containers() -> None:
    alone = ET.fromstring(draw(Topology.of([], [ObjectNode("raw", "present")], [])))
    used = ET.fromstring(draw(Topology.of([], [], [node("job", ("raw", False))])))
    assert float(alone.get("height", 0)) < float(used.get("height", 0)) / 2


@pytest.mark.parametrize("prefix", ["dev", "maria-jose-garcia-lopez-dev"])
def test_a_long_name_shows_its_stage_and_its_run(prefix: str) -> None:
    drawn = draw(Topology.of([], [], [node(f"{prefix}_transform_20261123T011219")]))
    shown = [text for text in texts(drawn) if not text.startswith("contenedor")]
    assert any(text.endswith("_transform_") for text in shown)
    assert "20261123T011219" in shown


@pytest.fixture
def place(home: Path, prefix: str, leftovers: None) -> Workspace:
    """A workspace with a network, a volume, a writer and a reader."""
    made = workspace(prefix, "picture")
    (made.folder / "main.tf").write_text(PLATFORM.replace("PREFIX", prefix))
    provider.terraform(made).init()
    return made


@pytest.mark.engine
def test_plan_state_and_engine_tell_the_same_picture(
    place: Workspace, prefix: str, engine: docker.DockerClient
) -> None:
    terraform, reads = provider.terraform(place), DockerState(engine)
    planned = plan_topology(terraform.plan())
    assert [(c.name, c.condition) for c in planned.containers] == [
        (f"{prefix}_writer", "planned"),
        (f"{prefix}_reader", "planned"),
    ]
    terraform.apply()
    recorded = recorded_topology(terraform.show_state(), reads)
    assert [(c.name, c.condition) for c in recorded.containers] == [
        (f"{prefix}_writer", "failed"),
        (f"{prefix}_reader", "succeeded"),
    ]
    assert recorded.containers[0].links == (Link(f"{prefix}_raw", "/out", read_only=False),)
    assert recorded.containers[1].links == (Link(f"{prefix}_raw", "/in", read_only=True),)
    assert [c.links for c in planned.containers] == [c.links for c in recorded.containers]
    assert [n.name for n in recorded.networks] == [f"{prefix}_net"]
    seen = docker_topology(
        [n for n in reads.networks() if n.name.startswith(prefix)],
        [v for v in reads.volumes() if v.name.startswith(prefix)],
        [c for c in reads.containers() if c.name.startswith(prefix)],
    )
    assert seen == recorded
    assert "código 4" in " ".join(texts(draw(recorded)))


@pytest.mark.engine
def test_what_was_deleted_by_hand_shows_as_missing(
    place: Workspace, prefix: str, engine: docker.DockerClient
) -> None:
    terraform = provider.terraform(place)
    terraform.apply()
    for name in ("reader", "writer"):
        engine.containers.get(f"{prefix}_{name}").remove()
    engine.volumes.get(f"{prefix}_raw").remove()
    recorded = recorded_topology(terraform.show_state(), DockerState(engine))
    assert {c.condition for c in recorded.containers} == {"missing"}
    assert [(v.name, v.condition) for v in recorded.volumes] == [(f"{prefix}_raw", "missing")]
    assert recorded.networks[0].condition == "present"
    assert "ya no está en Docker" in texts(draw(recorded))
