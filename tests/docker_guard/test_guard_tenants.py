"""Two tenants on one engine: neither sees nor touches what is the other's."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, BuildError, NotFound
from hypothesis import given
from hypothesis import strategies as st

from docker_guard import Guard, Policy, Tenant
from docker_guard.errors import GuardError
from docker_guard.filters import own_filters
from docker_guard.names import asked_name, matches_any, real_name, shown
from docker_guard.ownership import asked_labels, owned, pick, stamped
from docker_guard.references import parse_reference, real_tag
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
def test_an_image_name_that_passes_begins_with_the_namespace(text: str) -> None:
    try:
        reference = real_tag(text, ANA, Policy(images=(BASE,)))
    except Refused:
        return
    assert reference.host == ""
    assert reference.path.startswith("ana")
    assert parse_reference(str(reference)) == reference
    assert asked_name(str(reference), ANA) == str(parse_reference(text))


@pytest.mark.parametrize(
    "name",
    [BASE, f"docker.io/{BASE}", "localhost/ana-x", "ana.io/x", "ana:5000/x",
     "ana-x@sha256:" + "0" * 64, "Ana-x",
     "ana-x:", "ana//x", "ana/../eva", "", "ana-x:1:2", "ana--"],
)  # fmt: skip
def test_an_image_name_of_everybody_or_of_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        real_tag(name, ANA, Policy(images=(BASE,)))


@given(st.text(max_size=20))
def test_a_name_is_read_back_as_it_was_given(text: str) -> None:
    try:
        real = real_name(text, ANA, "el volumen")
    except Refused:
        return
    assert real.startswith("ana")
    assert asked_name(real, ANA) == text
    folder = {"Mountpoint": f"/var/lib/docker/volumes/{real}/_data", "Labels": {"x": real}}
    assert shown(folder, ANA) == {
        "Mountpoint": f"/var/lib/docker/volumes/{text}/_data",
        "Labels": {"x": real},
    }


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("raw", ["dev_raw", "raw", "rawer"]), ("^raw", ["raw", "rawer"]), ("^/raw$", ["raw"]),
     ("raw$", ["dev_raw", "raw"]), ("(a+)+$", []), ("", ["dev_raw", "raw", "rawer"])],
)  # fmt: skip
def test_a_filter_on_names_looks_at_the_names_that_were_given(
    pattern: str, found: list[str]
) -> None:
    names = ["dev_raw", "raw", "rawer"]
    assert [name for name in names if matches_any([pattern], [name])] == found


@pytest.mark.parametrize("namespace", ["", "Ana", "a b", "-a", "á", "a" * 41, "a/b", "a\n"])
def test_a_namespace_that_docker_would_not_take_is_refused(namespace: str) -> None:
    with pytest.raises(GuardError):
        Tenant(namespace)


@pytest.mark.parametrize("namespace", ["t", "taller", "taller_"])
def test_a_namespace_that_covers_a_shared_name_is_refused(namespace: str, tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="espacio"):
        Guard(Tenant(namespace), ENGINE, tmp_path / "s", Policy(images=(BASE,)))


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
def pair(
    engine: docker.DockerClient, prefix: str, leftovers: None, tmp_path: Path
) -> Iterator[Pair]:
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
        mine = {"label": f"taller.prefix={guard.tenant.namespace}"}
        for image in engine.api.images(filters=mine):
            engine.api.remove_image(image["Id"], force=True)


@pytest.fixture
def client_of_ana(pair: Pair) -> docker.DockerClient:
    """The first of them alone."""
    return pair[0]


@pytest.mark.engine
class TestNeighbours:
    """On the real engine."""

    def test_a_container_of_another_is_as_unknown_as_one_that_is_not_there(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        victim = ana.containers.create(BASE, ["sleep", "9"], name="c")
        real = f"{prefix}anac"
        refs = ["c", "/c", real, f"/{real}", victim.id, victim.id[:12], victim.id[:4], "../c"]
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
        assert ana.containers.get("c").status == "created"

    def test_two_tenants_use_the_same_names_at_once(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        for client in pair:
            client.volumes.create("dev_raw")
            network = client.networks.create("dev_net")
            dockerfile = io.BytesIO(f"FROM {BASE}\nLABEL x={client.api.base_url}".encode())
            client.images.build(fileobj=dockerfile, tag="dev-x:1", rm=True)
            box = client.containers.create(
                "dev-x:1", ["sleep", "9"], name="dev_c", network="dev_net",
                volumes=["dev_raw:/x"], environment={"NAMED": "dev_raw"},
            )  # fmt: skip
            network.reload()
            answers = (
                box.attrs, network.attrs, client.volumes.get("dev_raw").attrs,
                client.images.get("dev-x:1").attrs, client.api.history("dev-x:1"),
                client.api.containers(all=True), client.api.images(), client.api.volumes(),
                client.api.networks(), list(client.events(since=0, until=1, decode=True)),
            )  # fmt: skip
            assert prefix not in str(answers)
            assert "taller.prefix" not in str(answers)
            assert box.name == "dev_c"
            assert box.attrs["Config"]["Image"] == "dev-x:1"
            assert box.attrs["Mounts"][0]["Name"] == "dev_raw"
        for who in ("ana", "eva"):
            assert engine.containers.get(f"{prefix}{who}dev_c")
            assert engine.volumes.get(f"{prefix}{who}dev_raw")

    def test_containers_find_each_other_by_the_names_that_they_know(
        self, client_of_ana: docker.DockerClient
    ) -> None:
        client = client_of_ana
        client.networks.create("dev_net")
        options = {"network": "dev_net", "detach": True}
        server = client.containers.run(BASE, ["sleep", "30"], name="dev_db", **options)
        late = client.containers.run(BASE, ["sleep", "30"], name="dev_late", detach=True)
        client.networks.get("dev_net").connect(late)
        program = "import socket; [socket.gethostbyname(n) for n in ('dev_db', 'dev_late')]"
        seeker = client.containers.run(BASE, ["python3", "-c", program], name="dev_seek", **options)
        assert seeker.wait()["StatusCode"] == 0, seeker.logs()
        for box in (server, late):
            box.reload()
            aliases = box.attrs["NetworkSettings"]["Networks"]["dev_net"]["Aliases"]
            assert aliases == [box.id[:12]]

    def test_errors_speak_of_the_names_that_the_tenant_knows(self, pair: Pair, prefix: str) -> None:
        ana, _ = pair
        ana.containers.create(BASE, "ls", name="dev_c", volumes=["dev_raw:/x"])
        ana.networks.create("dev_net")
        failing: list[Callable[[], Any]] = [
            lambda: ana.containers.create(BASE, "ls", name="dev_c"),
            lambda: ana.volumes.get("dev_raw").remove(),
            lambda: ana.networks.create("dev_net"),
        ]
        for call in failing:
            with pytest.raises(APIError, match="dev_") as caught:
                call()
            assert prefix not in str(caught.value)

    def test_lists_show_only_what_is_ones_own(self, pair: Pair, prefix: str) -> None:
        ana, eva = pair
        ana.containers.create(BASE, "ls", name="dev_c")
        ana.volumes.create("dev_v")
        ana.networks.create("dev_n")
        for filters in ({}, {"label": f"taller.prefix={prefix}ana"}, {"name": "dev_"}):
            assert eva.containers.list(all=True, filters=filters) == []
            assert eva.volumes.list(filters=filters) == []
            assert eva.networks.list(filters=filters) == []
        for unfiltered in ({}, {"label": []}):
            shown = eva.images.list(filters=unfiltered)
            assert {tag for image in shown for tag in image.tags} == {BASE}
        assert [v.name for v in ana.volumes.list(filters={"name": "dev"})] == ["dev_v"]
        assert [c.name for c in ana.containers.list(True, filters={"name": "^dev_c$"})] == ["dev_c"]
        assert [n.name for n in ana.networks.list(names=["dev_n"])] == ["dev_n"]

    def test_a_volume_of_another_cannot_be_seen_mounted_or_removed(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        ana, eva = pair
        real = f"{prefix}anadev_v"
        ana.volumes.create("dev_v")
        for name in ("dev_v", real):
            with pytest.raises(NotFound):
                eva.volumes.get(name)
            with pytest.raises(NotFound):
                eva.api.remove_volume(name, force=True)
            eva.containers.create(BASE, "ls", name=f"c{len(name)}", volumes=[f"{name}:/x"])
            mine = engine.containers.get(f"{prefix}evac{len(name)}").attrs["Mounts"][0]["Name"]
            assert mine == f"{prefix}eva{name}"
        assert ana.volumes.get("dev_v")

    def test_a_network_and_a_container_of_another_cannot_be_joined(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        network = ana.networks.create("dev_n")
        victim = ana.containers.create(BASE, ["sleep", "9"], name="dev_c")
        real = f"{prefix}ana"
        for options in (
            {"network": "dev_n"}, {"network": f"{real}dev_n"}, {"network": network.id},
            {"network": network.id[:12]}, {"network_mode": f"container:{victim.id}"},
            {"network_mode": "container:dev_c"}, {"network_mode": f"container:{real}dev_c"},
            {"volumes_from": [victim.id]}, {"volumes_from": ["dev_c:ro"]},
            {"pid_mode": f"container:{victim.id}"}, {"ipc_mode": f"container:{victim.id}"},
        ):  # fmt: skip
            with pytest.raises(APIError, match=r"403|404"):
                eva.containers.create(BASE, "ls", name="dev_x", **options)
        own = eva.containers.create(BASE, "ls", name="dev_c")
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

    def test_an_image_of_another_is_neither_run_built_upon_tagged_nor_removed(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        dockerfile = io.BytesIO(f"FROM {BASE}\nLABEL x={prefix}".encode())
        image = ana.images.build(fileobj=dockerfile, tag="dev-x:1", rm=True)[0]
        for ref in ("dev-x:1", f"{prefix}anadev-x:1", image.id, image.id[7:19]):
            with pytest.raises(NotFound):
                eva.images.get(ref)
            with pytest.raises(APIError):
                eva.containers.create(ref, "ls", name="dev_c")
            with pytest.raises(NotFound):
                eva.api.tag(ref, "dev-y", "1")
            with pytest.raises(NotFound):
                eva.api.remove_image(ref, force=True)
            with pytest.raises((APIError, BuildError)):
                eva.images.build(fileobj=io.BytesIO(f"FROM {ref}".encode()), rm=True)

    def test_the_labels_of_another_do_not_make_an_object_its_own(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        ana, eva = pair
        labels = {"taller.prefix": f"{prefix}ana", "taller.guard": "{}"}
        eva.volumes.create("dev_v", labels=labels)
        text = f"FROM {BASE}\nENV K=taller.prefix\nLABEL $K={prefix}ana taller.guard=x\n"
        eva.images.build(fileobj=io.BytesIO(text.encode()), tag="dev-x:1", rm=True, labels=labels)
        eva.containers.create("dev-x:1", "ls", name="dev_c", labels=labels)
        assert ana.volumes.list() == []
        assert ana.containers.list(all=True) == []
        assert {tag for image in ana.images.list() for tag in image.tags} == {BASE}
        assert eva.volumes.get("dev_v").attrs["Labels"] == labels
        for real in (
            engine.volumes.get(f"{prefix}evadev_v").attrs["Labels"],
            engine.containers.get(f"{prefix}evadev_c").labels,
            engine.images.get(f"{prefix}evadev-x:1").labels,
        ):
            assert real["taller.prefix"] == f"{prefix}eva"

    def test_the_shared_bridge_does_not_show_who_else_is_on_it(
        self, pair: Pair, prefix: str
    ) -> None:
        ana, eva = pair
        ana.containers.run(BASE, ["sleep", "20"], name="ana_c", detach=True)
        assert eva.networks.get("bridge").attrs["Containers"] == {}

    def test_containers_of_two_tenants_do_not_reach_each_other_nor_the_host(
        self, pair: Pair, engine: docker.DockerClient, prefix: str
    ) -> None:
        ana, eva = pair
        serve = ["python3", "-m", "http.server", "8000"]
        ana.containers.run(BASE, serve, name="ana_c", detach=True)
        network = engine.containers.get(f"{prefix}anaana_c").attrs["NetworkSettings"]["Networks"]
        (address,) = (n["IPAddress"] for n in network.values())
        gateway = address.rsplit(".", 1)[0] + ".1"
        code = (
            "import socket\n"
            f"for a in (('{address}', 8000), ('{gateway}', 22), ('1.1.1.1', 53)):\n"
            "    s = socket.socket(); s.settimeout(1)\n"
            "    print(s.connect_ex(a) not in (0, 111))\n"  # neither connected nor refused
        )
        eva.containers.create(BASE, ["python3", "-c", code], name="eva_c").start()
        seeker = eva.containers.get("eva_c")
        assert seeker.wait()["StatusCode"] == 0
        assert seeker.logs().split() == [b"True", b"True", b"True"]

    def test_ownership_survives_a_restart_of_the_guard(
        self, tmp_path: Path, prefix: str, leftovers: None
    ) -> None:
        tenant = Tenant(prefix)
        for _ in range(2):
            with Guard(tenant, ENGINE, tmp_path / "g", Policy(images=(BASE,))) as guard:
                client = docker.DockerClient(f"unix://{guard.socket}")
                client.volumes.create("dev_v")
                assert [v.name for v in client.volumes.list()] == ["dev_v"]
                client.close()
            assert not guard.socket.exists()
