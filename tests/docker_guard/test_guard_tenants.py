"""Two tenants on one engine: neither sees nor touches what is the other's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, NotFound
from hypothesis import given
from hypothesis import strategies as st

from docker_guard import Guard, Policy, Tenant
from docker_guard.errors import GuardError
from docker_guard.filters import own_filters
from docker_guard.ownership import asked_labels, owned, pick, stamped
from docker_guard.references import check_tag, parse_reference
from docker_guard.refusal import Refused

BASE = "taller/base:bookworm"
ENGINE = "unix:///var/run/docker.sock"
ANA = Tenant("ana")

label_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
label_maps = st.dictionaries(
    label_text | st.sampled_from(["taller.prefix", "taller.guard", "taller.run", "Taller.Prefix"]),
    label_text,
    max_size=5,
)


@given(label_maps)
def test_no_labels_make_an_object_another_tenants(labels: dict[str, str]) -> None:
    real = stamped(labels, ANA)
    assert owned(real, ANA)
    assert not owned(real, Tenant("eva"))


@given(label_maps)
def test_the_labels_that_were_asked_for_are_read_back(labels: dict[str, str]) -> None:
    assert asked_labels(stamped(labels, ANA)) == labels


@given(st.dictionaries(st.just("label"), st.lists(label_text, max_size=3)))
def test_a_label_filter_can_only_narrow_a_list(filters: dict[str, list[str]]) -> None:
    sent = json.loads(own_filters(json.dumps(filters), ANA))
    assert "taller.prefix=ana" in sent["label"]


@pytest.mark.parametrize(
    "filters",
    ['{"label":["a"],"label":["b"]}', '{"Label":["a"]}', '{"id":["x"]}', "[]", '{"label":"a"}',
     '{"label":[1]}', "x"],
)  # fmt: skip
def test_filters_that_are_unknown_or_malformed_are_refused(filters: str) -> None:
    with pytest.raises(Refused):
        own_filters(filters, ANA)


@given(st.text("anaeva/.:@-_0123456789ABsh", max_size=40))
def test_an_image_name_that_passes_begins_with_the_prefix(text: str) -> None:
    try:
        reference = check_tag(text, ANA, Policy(images=(BASE,)))
    except Refused:
        return
    assert reference.host == ""
    assert reference.path.startswith("ana")
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "name",
    ["eva-x:1", "docker.io/eva-x", "localhost/ana-x", "ana.io/x", "ana:5000/x",
     "ana-x@sha256:" + "0" * 64, "Ana-x",
     "ana-x:", "ana//x", "ana/../eva", "", "ana-x:1:2", "ana--", "eva/ana-x"],
)  # fmt: skip
def test_an_image_name_of_somebody_else_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        check_tag(name, ANA, Policy(images=(BASE,)))


@pytest.mark.parametrize("prefix", ["", "Ana", "a b", "-a", "á", "a" * 41, "a/b", "a\n"])
def test_a_prefix_that_docker_would_not_take_is_refused(prefix: str) -> None:
    with pytest.raises(GuardError):
        Tenant(prefix)


@pytest.mark.parametrize("prefix", ["t", "taller", "taller_"])
def test_a_prefix_that_covers_a_shared_name_is_refused(prefix: str, tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="prefijo"):
        Guard(Tenant(prefix), ENGINE, tmp_path / "s", Policy(images=(BASE,)))


@given(
    st.lists(st.text("0123456789abcdef", min_size=6, max_size=6), min_size=1, unique=True),
    st.data(),
)
def test_an_id_means_one_object_or_none(ids: list[str], data: st.DataObject) -> None:
    objects = [{"Id": identifier, "Names": [f"n{identifier}"]} for identifier in ids]
    ref = data.draw(st.sampled_from(ids) | st.text("0123456789abcdefn", min_size=1, max_size=7))
    matching = [i for i in ids if i.startswith(ref) or f"n{i}" == ref]
    if ref in ids or len(matching) == 1:
        assert pick(ref, objects, _names, "container")["Id"] in (ref, *matching)
    else:
        with pytest.raises(Refused) as caught:
            pick(ref, objects, _names, "container")
        assert caught.value.status == (400 if matching else 404)


def _names(container: dict[str, Any]) -> list[str]:
    return list(container["Names"])


Pair = tuple[docker.DockerClient, docker.DockerClient]


@pytest.fixture
def pair(prefix: str, leftovers: None, tmp_path: Path) -> Iterator[Pair]:
    """The clients of two tenants: the victim, and one who tries."""
    guards = [
        Guard(Tenant(f"{prefix}{who}"), ENGINE, tmp_path / who, Policy(images=(BASE,)))
        for who in ("ana", "eva")
    ]
    for guard in guards:
        guard.start()
    clients = [docker.DockerClient(f"unix://{guard.socket}", timeout=60) for guard in guards]
    yield clients[0], clients[1]
    for client in clients:
        client.close()
    for guard in guards:
        guard.stop()


@pytest.mark.engine
class TestNeighbours:
    """On the real engine."""

    def test_a_container_of_another_is_as_unknown_as_one_that_is_not_there(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        name = f"{prefix}ana_c"
        victim = ana.containers.create(BASE, ["sleep", "9"], name=name)
        refs = [name, f"/{name}", victim.id, victim.id[:12], victim.id[:4], f"{prefix}ana"]
        api = eva.api
        calls: list[Callable[[str], Any]] = [
            api.inspect_container, api.start, api.stop, api.kill, api.wait, api.logs,
            api.remove_container, lambda ref: api.get_archive(ref, "/etc/hostname"),
            lambda ref: api.put_archive(ref, "/", b""),
            lambda ref: api.update_container(ref, mem_limit="64m"),
        ]  # fmt: skip
        for ref in refs:
            for call in calls:
                with pytest.raises((NotFound, APIError)) as caught:
                    call(ref)
                assert caught.value.status_code in (400, 403, 404)
                if caught.value.status_code == 404:
                    assert "No such container" in str(caught.value)
        assert ana.containers.get(name).status == "created"

    def test_lists_show_only_what_is_ones_own(self, pair: Pair, prefix: str) -> None:
        ana, eva = pair
        ana.containers.create(BASE, "ls", name=f"{prefix}ana_c")
        ana.volumes.create(f"{prefix}ana_v")
        ana.networks.create(f"{prefix}ana_n")
        for filters in ({}, {"label": f"taller.prefix={prefix}ana"}, {"name": f"{prefix}ana"}):
            assert eva.containers.list(all=True, filters=filters) == []
            assert eva.volumes.list(filters=filters) == []
            assert eva.networks.list(filters=filters) == []
        for unfiltered in ({}, {"label": []}):
            shown = eva.images.list(filters=unfiltered)
            assert {tag for image in shown for tag in image.tags} == {BASE}
        assert [v.name for v in ana.volumes.list()] == [f"{prefix}ana_v"]

    def test_a_volume_of_another_cannot_be_seen_mounted_or_removed(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        ana.volumes.create(f"{prefix}ana_v")
        with pytest.raises(NotFound):
            eva.volumes.get(f"{prefix}ana_v")
        with pytest.raises(NotFound):
            eva.api.remove_volume(f"{prefix}ana_v", force=True)
        for options in (
            {"volumes": [f"{prefix}ana_v:/x"]},
            {"mounts": [docker.types.Mount("/x", f"{prefix}ana_v")]},
        ):
            with pytest.raises(APIError, match=r"403|409"):
                eva.containers.create(BASE, "ls", name=f"{prefix}eva_c", **options)
        assert ana.volumes.get(f"{prefix}ana_v")

    def test_a_network_and_a_container_of_another_cannot_be_joined(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        network = ana.networks.create(f"{prefix}ana_n")
        victim = ana.containers.create(BASE, ["sleep", "9"], name=f"{prefix}ana_c")
        for options in (
            {"network": network.name}, {"network": network.id}, {"network": network.id[:12]},
            {"network_mode": f"container:{victim.id}"},
            {"network_mode": f"container:{victim.name}"},
            {"volumes_from": [victim.id]}, {"volumes_from": [f"{victim.name}:ro"]},
            {"pid_mode": f"container:{victim.id}"}, {"ipc_mode": f"container:{victim.id}"},
        ):  # fmt: skip
            with pytest.raises(APIError, match=r"403|404"):
                eva.containers.create(BASE, "ls", name=f"{prefix}eva_c", **options)
        own = eva.containers.create(BASE, "ls", name=f"{prefix}eva_c")
        for call in (
            eva.api.connect_container_to_network,
            eva.api.disconnect_container_from_network,
        ):
            with pytest.raises(NotFound):
                call(own.id, network.id)
            with pytest.raises(NotFound):
                call(victim.id, "bridge")
        with pytest.raises(NotFound):
            eva.api.remove_network(network.id)

    @pytest.mark.parametrize("kind", ["volume", "network", "container"])
    def test_a_name_of_another_cannot_be_taken(self, pair: Pair, prefix: str, kind: str) -> None:
        _, eva = pair
        create: dict[str, Callable[[str], Any]] = {
            "volume": eva.volumes.create,
            "network": eva.networks.create,
            "container": lambda name: eva.containers.create(BASE, "ls", name=name),
        }
        names = [f"{prefix}ana_x", "x", f"x{prefix}eva", f"{prefix.upper()}eva_x", f"{prefix}ev"]
        for name in names:
            with pytest.raises(APIError, match="debe empezar por"):
                create[kind](name)

    def test_the_labels_of_another_do_not_make_an_object_its_own(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        ana, eva = pair
        labels = {"taller.prefix": f"{prefix}ana", "taller.guard": "{}"}
        eva.volumes.create(f"{prefix}eva_v", labels=labels)
        assert ana.volumes.list() == []
        assert eva.volumes.get(f"{prefix}eva_v").attrs["Labels"] == labels
        real = engine.volumes.get(f"{prefix}eva_v").attrs["Labels"]
        assert real["taller.prefix"] == f"{prefix}eva"

    def test_the_shared_bridge_does_not_show_who_else_is_on_it(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        ana.containers.run(BASE, ["sleep", "20"], name=f"{prefix}ana_c", detach=True)
        assert eva.networks.get("bridge").attrs["Containers"] == {}

    def test_containers_of_two_tenants_do_not_reach_each_other_nor_the_host(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        ana, eva = pair
        serve = ["python3", "-m", "http.server", "8000"]
        ana.containers.run(BASE, serve, name=f"{prefix}ana_c", detach=True)
        network = engine.containers.get(f"{prefix}ana_c").attrs["NetworkSettings"]["Networks"]
        (address,) = (n["IPAddress"] for n in network.values())
        gateway = address.rsplit(".", 1)[0] + ".1"
        code = (
            "import socket\n"
            f"for a in (('{address}', 8000), ('{gateway}', 22), ('1.1.1.1', 53)):\n"
            "    s = socket.socket(); s.settimeout(1)\n"
            "    print(s.connect_ex(a) not in (0, 111))\n"  # neither connected nor refused
        )
        eva.containers.create(BASE, ["python3", "-c", code], name=f"{prefix}eva_c").start()
        seeker = eva.containers.get(f"{prefix}eva_c")
        assert seeker.wait()["StatusCode"] == 0
        assert seeker.logs().split() == [b"True", b"True", b"True"]

    def test_ownership_survives_a_restart_of_the_guard(
        self, tmp_path: Path, prefix: str, leftovers: None
    ) -> None:
        tenant = Tenant(prefix)
        for _ in range(2):
            with Guard(tenant, ENGINE, tmp_path / "g", Policy(images=(BASE,))) as guard:
                client = docker.DockerClient(f"unix://{guard.socket}")
                client.volumes.create(f"{prefix}_v")
                assert [v.name for v in client.volumes.list()] == [f"{prefix}_v"]
                client.close()
            assert not guard.socket.exists()
