"""Every argument of every resource, changed: the engine has the new value, the state says it too.

One apply makes an object for each argument, a second one changes all of them: then engine and
state are compared, and the next plan is empty.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import docker
import pytest
from tests.docker_provider.conftest import settable

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

Json = dict[str, Any]


class Change(NamedTuple):
    """An argument in HCL before and after; where the engine has it, and what it must be there."""

    before: str
    after: str
    look: Callable[[Json], Any]
    engine: Any


def at(*path: str) -> Callable[[Json], Any]:
    """Look at one field of the engine's answer."""

    def look(found: Json) -> Any:
        for name in path:
            found = found[name]
        return found

    return look


def config(field: str) -> Callable[[Json], Any]:
    return at("Config", field)


def host(field: str) -> Callable[[Json], Any]:
    return at("HostConfig", field)


MB = 1024 * 1024

CONTAINER: dict[str, Change] = {
    "cgroup_parent": Change('"/uno"', '"/dos"', host("CgroupParent"), "/dos"),
    "cgroupns_mode": Change('"host"', '"private"', host("CgroupnsMode"), "private"),
    "command": Change('["sleep", "1"]', '["sleep", "2"]', config("Cmd"), ["sleep", "2"]),
    "cpu_period": Change("50000", "60000", host("CpuPeriod"), 60000),
    "cpu_quota": Change("50000", "60000", host("CpuQuota"), 60000),
    "cpu_set": Change('"0"', '"0-1"', host("CpusetCpus"), "0-1"),
    "cpu_shares": Change("256", "512", host("CpuShares"), 512),
    "cpus": Change('"0.5"', '"0.75"', host("NanoCpus"), 750_000_000),
    "dns": Change('["9.9.9.9"]', '["9.9.9.8"]', host("Dns"), ["9.9.9.8"]),
    "dns_opts": Change('["timeout:3"]', '["timeout:4"]', host("DnsOptions"), ["timeout:4"]),
    "dns_search": Change('["a.test"]', '["b.test"]', host("DnsSearch"), ["b.test"]),
    "domainname": Change('"a.test"', '"b.test"', config("Domainname"), "b.test"),
    "entrypoint": Change('["env"]', '["nice"]', config("Entrypoint"), ["nice"]),
    "env": Change('["A=1"]', '["A=2"]', lambda c: "A=2" in c["Config"]["Env"], True),
    "group_add": Change('["1001"]', '["1002"]', host("GroupAdd"), ["1002"]),
    "hostname": Change('"uno"', '"dos"', config("Hostname"), "dos"),
    "image": Change("local.base", "local.other", config("Image"), "taller/base:otra"),
    "init": Change("false", "true", host("Init"), True),
    "ipc_mode": Change('"private"', '"shareable"', host("IpcMode"), "shareable"),
    "log_driver": Change('"json-file"', '"local"', at("HostConfig", "LogConfig", "Type"), "local"),
    "log_opts": Change(
        '{ "max-size" = "1m" }',
        '{ "max-size" = "2m" }',
        at("HostConfig", "LogConfig", "Config", "max-size"),
        "2m",
    ),
    "max_retry_count": Change("1", "2", at("HostConfig", "RestartPolicy", "MaximumRetryCount"), 2),
    "memory": Change("64", "96", host("Memory"), 96 * MB),
    "memory_reservation": Change("16", "24", host("MemoryReservation"), 24 * MB),
    "memory_swap": Change("128", "160", host("MemorySwap"), 160 * MB),
    "network_mode": Change('"bridge"', '"none"', host("NetworkMode"), "none"),
    "pid_mode": Change("null", '"host"', host("PidMode"), "host"),
    "privileged": Change("false", "true", host("Privileged"), True),
    "publish_all_ports": Change("false", "true", host("PublishAllPorts"), True),
    "read_only": Change("false", "true", host("ReadonlyRootfs"), True),
    "restart": Change('"no"', '"always"', at("HostConfig", "RestartPolicy", "Name"), "always"),
    "rm": Change("true", "false", host("AutoRemove"), False),
    "security_opts": Change(
        "null", '["no-new-privileges"]', host("SecurityOpt"), ["no-new-privileges"]
    ),
    "shm_size": Change("16", "24", host("ShmSize"), 24 * MB),
    "stdin_open": Change("false", "true", config("OpenStdin"), True),
    "stop_signal": Change('"SIGINT"', '"SIGQUIT"', config("StopSignal"), "SIGQUIT"),
    "stop_timeout": Change("3", "4", config("StopTimeout"), 4),
    "sysctls": Change(
        '{ "net.ipv4.ip_unprivileged_port_start" = "1" }',
        '{ "net.ipv4.ip_unprivileged_port_start" = "2" }',
        at("HostConfig", "Sysctls", "net.ipv4.ip_unprivileged_port_start"),
        "2",
    ),
    "tmpfs": Change(
        '{ "/a" = "size=1m" }', '{ "/a" = "size=2m" }', host("Tmpfs"), {"/a": "size=2m"}
    ),
    "tty": Change("false", "true", config("Tty"), True),
    "user": Change('"1000"', '"1001"', config("User"), "1001"),
    "userns_mode": Change("null", '"host"', host("UsernsMode"), "host"),
    "working_dir": Change('"/tmp"', '"/usr"', config("WorkingDir"), "/usr"),
}
"""Arguments of a container that is never started."""

CONTAINER_BLOCKS: dict[str, Change] = {
    "capabilities": Change('add = ["NET_RAW"]', 'add = ["SYS_TIME"]', host("CapAdd"), ["SYS_TIME"]),
    "devices": Change(
        'host_path = "/dev/null"',
        'host_path = "/dev/zero"',
        lambda c: c["HostConfig"]["Devices"][0]["PathOnHost"],
        "/dev/zero",
    ),
    "healthcheck": Change(
        'test = ["CMD", "true"]\ninterval = "5s"\nretries = 1',
        'test = ["CMD", "true"]\ninterval = "7s"\nretries = 2',
        lambda c: [c["Config"]["Healthcheck"][name] for name in ("Interval", "Retries")],
        [7_000_000_000, 2],
    ),
    "host": Change(
        'host = "a"\nip = "10.0.0.1"',
        'host = "a"\nip = "10.0.0.2"',
        host("ExtraHosts"),
        ["a:10.0.0.2"],
    ),
    "labels": Change(
        'label = "l"\nvalue = "1"', 'label = "l"\nvalue = "2"', at("Config", "Labels", "l"), "2"
    ),
    "mounts": Change(
        'target = "/m"\ntype = "tmpfs"\ntmpfs_options {\nsize_bytes = 4096\n}',
        'target = "/m"\ntype = "tmpfs"\ntmpfs_options {\nsize_bytes = 8192\n}',
        lambda c: c["HostConfig"]["Mounts"][0]["TmpfsOptions"]["SizeBytes"],
        8192,
    ),
    "networks_advanced": Change(
        'name = docker_network.n.name\naliases = ["uno"]',
        'name = docker_network.n.name\naliases = ["dos"]',
        lambda c: "dos" in next(iter(c["NetworkSettings"]["Networks"].values()))["Aliases"],
        True,
    ),
    "ports": Change(
        'internal = 80\nip = "127.0.0.1"',
        'internal = 81\nip = "127.0.0.1"',
        lambda c: list(c["HostConfig"]["PortBindings"]),
        ["81/tcp"],
    ),
    "ulimit": Change(
        'name = "nofile"\nsoft = 10\nhard = 20',
        'name = "nofile"\nsoft = 15\nhard = 25',
        lambda c: [c["HostConfig"]["Ulimits"][0][name] for name in ("Soft", "Hard")],
        [15, 25],
    ),
    "volumes": Change(
        'container_path = "/v"\nhost_path = "/tmp"',
        'container_path = "/v"\nhost_path = "/usr"',
        host("Binds"),
        ["/usr:/v:rw"],
    ),
}

GUIDANCE = {
    *("attach", "container_read_refresh_timeout_milliseconds", "destroy_grace_seconds", "logs"),
    *("must_run", "remove_volumes", "start", "wait", "wait_timeout"),
}
"""They tell the provider how to treat the container: the engine has no such field."""

TRIED_ELSEWHERE = {
    "gpus": "needs a machine with a GPU",
    "name": "every replaced object of these tests has one",
    "runtime": "needs a second runtime",
    "storage_opts": "needs a storage driver with quotas",
    "upload": "the engine shows no files; test_provider_container_arguments.py reads them",
}


def test_no_argument_of_a_container_is_forgotten() -> None:
    tried = {*CONTAINER, *CONTAINER_BLOCKS}
    assert tried | GUIDANCE | set(TRIED_ELSEWHERE) == settable("docker_container")


BESIDE = {
    "cpu_quota": "cpu_period = 70000",
    "log_opts": 'log_driver = "json-file"',
    "max_retry_count": 'restart = "on-failure"',
    "memory_swap": "memory = 64",
}
"""What the engine wants beside an argument."""


def _container(name: str, body: str) -> str:
    image = "" if name == "image" else "image = local.base\n"
    command = "" if name in ("command", "entrypoint") else 'command = ["sleep", "60"]\n'
    return f"""
resource "docker_container" "{name}" {{
  name     = "${{var.prefix}}-{name.replace("_", "-")}"
  start    = false
  must_run = false
  {image}{command}{BESIDE.get(name, "")}
  {body}
}}
"""


def _all_containers(moment: str) -> str:
    arguments = [
        _container(name, f"{name} = {getattr(change, moment)}")
        for name, change in CONTAINER.items()
    ]
    blocks = [
        _container(name, f"{name} {{\n{getattr(change, moment)}\n}}")
        for name, change in CONTAINER_BLOCKS.items()
    ]
    network = 'resource "docker_network" "n" {\n  name = "${var.prefix}-n"\n}\n'
    other = 'locals {\n  other = "taller/base:otra"\n}\n'
    return "".join([other, network, *arguments, *blocks])


def test_every_changed_argument_of_a_container_is_in_the_engine_and_in_the_state(
    workspace: Any, engine: docker.DockerClient, base_image: str, prefix: str
) -> None:
    engine.images.get(base_image).tag("taller/base", "otra")
    try:
        workspace.write(_all_containers("before")).applied()
        assert workspace.plan().actions == {}
        workspace.write(_all_containers("after")).applied()
        assert workspace.plan().actions == {}
        state = workspace.state()
        wrong = {}
        for name, change in {**CONTAINER, **CONTAINER_BLOCKS}.items():
            found = engine.api.inspect_container(f"{prefix}-{name.replace('_', '-')}")
            assert found["Id"] == state[f"docker_container.{name}"]["id"]
            if change.look(found) != change.engine:
                wrong[name] = change.look(found)
        assert wrong == {}
        assert state["docker_container.init"]["init"] is True
        assert state["docker_container.memory_reservation"]["memory_reservation"] == 24
        assert workspace.destroy().ok
    finally:
        engine.images.remove("taller/base:otra")
