"""Bodies: decoded strictly and written anew, so that the engine never sees the tenant's bytes."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import docker
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from docker_guard import Guard, Policy
from docker_guard.container_body import CREATE_RULES, HOST_RULES
from docker_guard.model import decode, rebuild
from docker_guard.neutral import new_limits
from docker_guard.refusal import Refused

BASE = "taller/base:bookworm"
POLICY = Policy(images=(BASE,))
Send = Callable[..., bytes]

AMBIGUOUS = {
    "a key twice": b'{"Image": "a", "Image": "b"}',
    "a key in two spellings": b'{"Image": "a", "image": "b"}',
    "a key twice, deeper": b'{"HostConfig": {"Memory": 1, "memory": 2}}',
    "not a number": b'{"Memory": NaN}',
    "infinity": b'{"Memory": Infinity}',
    "a number beyond 64 bits": b'{"Memory": 99999999999999999999}',
    "a lone surrogate": b'{"Image": "\\ud800"}',
    "a null byte": b'{"Image": "a\\u0000b"}',
    "a null byte in a list": b'{"Env": ["a\\u0000b"]}',
    "a byte order mark": b'\xef\xbb\xbf{"Image": "a"}',
    "bad UTF-8": b'{"Image": "\xff"}',
    "something behind": b'{"Image": "a"} {"Image": "b"}',
    "single quotes": b"{'Image': 'a'}",
    "a comment": b'{"Image": "a" /* b */}',
    "a list": b"[]",
    "a text": b'"a"',
    "null": b"null",
    "too deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
}


@pytest.mark.parametrize("body", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_json_with_two_readings_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        decode(body)
    assert caught.value.status == 400


ESCAPES: dict[str, Any] = {
    "Privileged": True,
    "CapAdd": ["SYS_ADMIN"],
    "Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda"}],
    "DeviceRequests": [{"Count": -1}],
    "DeviceCgroupRules": ["a *:* rwm"],
    "PidMode": "host",
    "IpcMode": "host",
    "UTSMode": "host",
    "UsernsMode": "host",
    "CgroupnsMode": "host",
    "Cgroup": "container:x",
    "SecurityOpt": ["apparmor=unconfined"],
    "Runtime": "sysbox",
    "Links": ["a:b"],
    "VolumeDriver": "nfs",
    "MaskedPaths": ["/x"],
    "ReadonlyPaths": ["/x"],
    "Tmpfs": {"/x": "bind"},
    "Mounts": [{"Type": "bind", "Source": "/", "Target": "/x"}],
}


@pytest.mark.parametrize("field", ESCAPES)
def test_a_field_that_leads_out_of_the_container_is_refused(field: str) -> None:
    body = {"Image": BASE, "HostConfig": {field: ESCAPES[field]}}
    with pytest.raises(Refused) as caught:
        rebuild(body, CREATE_RULES, "un contenedor")
    assert caught.value.message


@pytest.mark.parametrize("field", ESCAPES)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.swapcase, str.title])
def test_another_spelling_of_a_field_is_refused(field: str, spell: Callable[[str], str]) -> None:
    """Go matches keys without regard to case: privileged is Privileged."""
    for key in {spell(field)} - {field}:
        with pytest.raises(Refused):
            rebuild({"HostConfig": {key: ESCAPES[field]}}, CREATE_RULES, "un contenedor")
    with pytest.raises(Refused):
        rebuild({spell("HostConfig") + "X": {field: 1}}, CREATE_RULES, "un contenedor")
    with pytest.raises(Refused):
        rebuild({"hostconfig": {field: ESCAPES[field]}}, CREATE_RULES, "un contenedor")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
HOST_KEYS = st.sampled_from(sorted([*ESCAPES, "Binds", "NetworkMode", "VolumesFrom", "AutoRemove"]))


@given(st.dictionaries(HOST_KEYS, json_values, max_size=4))
@example({"MaskedPaths": []})
@example({"Mounts": [{}]})
@settings(max_examples=300)
def test_whatever_a_body_says_only_known_and_bounded_fields_come_out(host: dict[str, Any]) -> None:
    body = json.dumps({"HostConfig": host, "Image": "a"}).encode()
    try:
        out = rebuild(decode(body), CREATE_RULES, "un contenedor")
    except Refused:
        return
    host_out = out.get("HostConfig", {})
    assert not host_out.get("Privileged")
    assert not {"CapAdd", "Devices", "PidMode", "MaskedPaths"} & host_out.keys()
    assert all(m.get("Type") != "bind" for m in host_out.get("Mounts", []))


LIMITS: dict[str, Any] = {
    "CgroupParent": st.text(max_size=8),
    "OomKillDisable": st.booleans(),
    "OomScoreAdj": st.integers(-1000, 1000),
    "PublishAllPorts": st.booleans(),
    "PortBindings": st.just({"80/tcp": [{"HostPort": "80"}]}),
    "LogConfig": st.sampled_from(
        [{}, {"Type": "syslog"}, {"Type": "none"}, {"Config": {"max-size": "900g"}}]
    ),
    "Ulimits": st.lists(
        st.fixed_dictionaries(
            {"Name": st.sampled_from(["nofile", "core", "memlock", "rtprio", "nproc"]),
             "Soft": st.integers(-1, 2**40), "Hard": st.integers(-1, 2**40)}
        ), max_size=2,
    ),
    "Sysctls": st.dictionaries(
        st.sampled_from(["net.ipv4.ip_forward", "kernel.core_pattern", "vm.swappiness",
                         "kernel.shmmax", "net.core.rmem_max", "kernel.shm/../core_pattern"]),
        st.just("1"), max_size=2,
    ),
    **dict.fromkeys(
        ("Memory", "MemorySwap", "MemoryReservation", "NanoCpus", "CpuShares", "CpuQuota",
         "CpuPeriod", "PidsLimit", "ShmSize", "BlkioWeight"), st.integers(-1, 2**50),
    ),
}  # fmt: skip


@given(st.fixed_dictionaries({}, optional=LIMITS))
@settings(max_examples=400)
def test_whatever_limits_are_asked_for_the_engine_gets_those_of_the_policy(
    asked: dict[str, Any],
) -> None:
    try:
        accepted = rebuild(asked, HOST_RULES, "HostConfig")
        real, _ = new_limits(accepted, POLICY)
    except Refused:  # as the engine would, or a setting of the machine's kernel
        return
    most = POLICY.memory_max_mb * 2**20
    assert real["Memory"] <= most
    assert real.get("MemorySwap", 0) <= 2 * most
    assert real.get("MemoryReservation", 0) <= most
    assert 0 < real["NanoCpus"] <= POLICY.cpus * 10**9
    assert 0 < real["PidsLimit"] <= POLICY.processes
    assert real.get("ShmSize", 0) <= most
    assert real.get("CpuShares", 0) <= 1024
    assert not {"CgroupParent", "OomKillDisable", "OomScoreAdj", "PublishAllPorts", "CpuQuota",
                "PortBindings", "BlkioWeight"} & real.keys()  # fmt: skip
    assert real["LogConfig"]["Type"] == "json-file"
    assert {limit["Name"] for limit in real["Ulimits"]} <= {"fsize", "nofile"}
    assert real.get("Sysctls", {}).keys() <= {"net.ipv4.ip_forward"}


@given(json_values)
def test_any_json_is_either_understood_or_refused(value: object) -> None:
    status = 201
    try:
        rebuild(decode(json.dumps(value).encode()), CREATE_RULES, "un contenedor")
    except Refused as refused:
        status = refused.status
    assert status in (201, 400, 403)


@pytest.mark.engine
class TestOnTheEngine:
    """What arrives at the engine."""

    def create(self, client: docker.DockerClient, name: str, body: dict[str, Any]) -> Any:
        url = f"{client.api.base_url}/v1.41/containers/create"
        return client.api.post(url, params={"name": name}, json=body)

    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        field=st.sampled_from(sorted(ESCAPES)),
        cases=st.lists(st.booleans(), min_size=24, max_size=24),
    )
    def test_no_spelling_of_an_escape_creates_a_container(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str,
        field: str, cases: list[bool],
    ) -> None:  # fmt: skip
        key = "".join(
            c.upper() if up else c.lower() for c, up in zip(field, cases * 2, strict=False)
        )
        answer = self.create(client, "dev_x", {"Image": BASE, "HostConfig": {key: ESCAPES[field]}})
        assert answer.status_code in (400, 403)
        assert answer.json()["message"]
        assert engine.containers.list(all=True, filters={"name": prefix}) == []

    def test_limits_are_set_where_the_tenant_asks_for_none(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        assert self.create(client, "dev_x", {"Image": BASE}).status_code == 201
        host = engine.containers.get(f"{prefix}dev_x").attrs["HostConfig"]
        assert host["Memory"] == POLICY.memory_mb * 2**20
        assert host["PidsLimit"] == POLICY.processes
        assert host["NanoCpus"] == POLICY.cpus * 10**9
        assert host["LogConfig"]["Config"]["max-size"]
        assert host["Ulimits"][0]["Name"] == "fsize"

    def test_the_tenant_reads_back_what_it_asked_for(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        labels = {"taller.run": "mine", "course": "x"}
        self.create(client, "dev_x", {"Image": BASE, "Labels": labels})
        attrs = client.containers.get("dev_x").attrs
        host = attrs["HostConfig"]
        assert attrs["Config"]["Labels"] == labels
        assert (host["Memory"], host["PidsLimit"], host["NanoCpus"]) == (0, None, 0)
        assert host["LogConfig"] == {"Type": "json-file", "Config": {}}
        assert host["NetworkMode"] == "default"
        assert list(attrs["NetworkSettings"]["Networks"]) == ["bridge"]

    def test_unmasking_proc_with_an_empty_list_has_no_effect(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        """An empty MaskedPaths is not a missing one: it unmasks /proc."""
        body = {"Image": BASE, "HostConfig": {"MaskedPaths": [], "ReadonlyPaths": []}}
        assert self.create(client, "dev_x", body).status_code == 201
        assert engine.containers.get(f"{prefix}dev_x").attrs["HostConfig"]["MaskedPaths"]

    @pytest.mark.parametrize(
        "bind",
        ["/:/x", "/var/run/docker.sock:/s", "../x:/x", "./x:/x", "~:/x", ".:/x", "x/y:/z",
         "dev_v:/x:rshared", "dev_v:/x:rw,shared", "dev_v:x", "dev_v", ":/x"],
    )  # fmt: skip
    def test_a_bind_of_anything_but_an_own_volume_is_refused(
        self, client: docker.DockerClient, prefix: str, bind: str
    ) -> None:
        body = {"Image": BASE, "HostConfig": {"Binds": [bind]}}
        assert self.create(client, "dev_x", body).status_code == 403

    def test_a_volume_named_in_a_bind_is_created_with_the_labels(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        body = {"Image": BASE, "HostConfig": {"Binds": ["dev_new:/x:ro"]}}
        assert self.create(client, "dev_x", body).status_code == 201
        assert engine.volumes.get(f"{prefix}dev_new").attrs["Labels"]["taller.prefix"] == prefix

    @pytest.mark.parametrize(
        "body",
        [
            {"Driver": "local", "DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
            {"Driver": "nfs"},
            {"driverOpts": {"device": "/"}},
        ],
    )
    def test_a_volume_with_options_or_another_driver_is_refused(
        self, client: docker.DockerClient, prefix: str, body: dict[str, Any]
    ) -> None:
        url = f"{client.api.base_url}/v1.41/volumes/create"
        assert client.api.post(url, json={"Name": "dev_v", **body}).status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            {"Driver": "host"},
            {"Driver": "macvlan"},
            {"Driver": "overlay"},
            {"Ingress": True},
            {"ConfigFrom": {"Network": "x"}},
            {"IPAM": {"Driver": "dhcp"}},
            {"IPAM": {"Config": [{"Subnet": "172.24.0.1/12"}]}},
            {"IPAM": {"Config": [{"Subnet": "172.24.0.0/16", "Gateway": "10.0.0.1"}]}},
            {"IPAM": {"Config": [{"Subnet": "172.24.0.0/16", "IPRange": "10.0.0.0/24"}]}},
        ],
    )
    def test_a_network_that_reaches_the_hosts_own_is_refused(
        self, client: docker.DockerClient, prefix: str, body: dict[str, Any]
    ) -> None:
        url = f"{client.api.base_url}/v1.41/networks/create"
        answer = client.api.post(url, json={"Name": "dev_n", **body})
        assert answer.status_code in (400, 403)

    def test_a_refusal_is_kept_for_the_instructor(
        self, guard: Guard, client: docker.DockerClient, prefix: str
    ) -> None:
        self.create(client, "dev_x", {"Image": BASE, "HostConfig": {"Privileged": True}})
        refusal = guard.refusals[-1]
        assert refusal.method == "POST"
        assert "containers/create" in refusal.target
        assert "Privileged" in refusal.message

    def test_thousands_of_volumes_without_a_name_are_refused(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        body = {"Image": BASE, "Volumes": {f"/v{n}": {} for n in range(5000)}}
        assert self.create(client, "dev_x", body).status_code == 403

    def test_a_network_may_be_shared_with_an_own_container(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        assert self.create(client, "dev_a", {"Image": BASE}).status_code == 201
        body = {"Image": BASE, "HostConfig": {"NetworkMode": "container:dev_a"}}
        assert self.create(client, "dev_b", body).status_code == 201

    def test_a_health_check_runs_once_a_second_at_most(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        check = {"Test": ["CMD", "true"], "Interval": 10**7}
        answer = self.create(client, "dev_x", {"Image": BASE, "Healthcheck": check})
        assert answer.status_code == 201
        real = engine.containers.get(f"{prefix}dev_x").attrs["Config"]["Healthcheck"]
        assert real["Interval"] == 10**9
        shown = client.containers.get("dev_x").attrs["Config"]["Healthcheck"]
        assert shown == check

    def test_an_images_own_health_check_does_not_run_more_often(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = f"FROM {BASE}\nLABEL x={prefix}\nHEALTHCHECK --interval=2ms CMD true\n"
        client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag="dev-x:1", rm=True)
        assert self.create(client, "dev_x", {"Image": "dev-x:1"}).status_code == 201
        real = engine.containers.get(f"{prefix}dev_x").attrs["Config"]["Healthcheck"]
        assert real["Interval"] == 10**9

    def test_a_crash_loop_is_the_engines_own_slow_one(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        """The engine waits twice as long before each restart, up to a minute."""
        body = {
            "Image": BASE,
            "Cmd": ["false"],
            "HostConfig": {"RestartPolicy": {"Name": "always"}},
        }
        assert self.create(client, "dev_x", body).status_code == 201
        client.containers.get("dev_x").start()
        time.sleep(5)
        assert 0 < engine.containers.get(f"{prefix}dev_x").attrs["RestartCount"] <= 6
