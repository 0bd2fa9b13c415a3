"""What a configuration asks for and the guard sets otherwise: Terraform reads it as it wrote it."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.docker_guard.test_guard_terraform import PLATFORM, Terraform

from docker_guard import Guard, Policy, Tenant
from docker_guard.plan_rules import screen_plan

pytestmark = pytest.mark.engine

NAMESPACE = f"n{secrets.token_hex(6)}"
HEADER = PLATFORM.split('resource "docker_volume"', 1)[0]

CONTAINERS = {
    "plain": "",
    "memory": "memory = 2048",
    "swap": "memory = 2048\nmemory_swap = 8192",
    "no_swap": "memory = 256\nmemory_swap = -1",
    "shares": "cpu_shares = 4096",
    "set": 'cpu_set = "0-31"',
    "cpus": 'cpus = "16"',
    "quota": "cpu_period = 50000\ncpu_quota = 400000",
    "restart_always": 'restart = "always"',
    "restart_unless": 'restart = "unless-stopped"',
    "restart_failure": 'restart = "on-failure"\nmax_retry_count = 3',
    "port": "ports {\n internal = 8000\n external = 8080\n}",
    "same_port": "ports {\n internal = 8000\n external = 8080\n ip = \"127.0.0.1\"\n}",
    "any_port": "ports {\n internal = 53\n protocol = \"udp\"\n}",
    "all_ports": "publish_all_ports = true",
    "log_size": 'log_opts = { "max-size" = "500m", "max-file" = "9" }',
    "log_driver": 'log_driver = "syslog"\nlog_opts = { "syslog-address" = "udp://192.0.2.7:514" }',
    "log_local": 'log_driver = "local"',
    "ulimit": "ulimit {\n name = \"nofile\"\n soft = 1024\n hard = 1000000\n}\n"
              "ulimit {\n name = \"nproc\"\n soft = 99999\n hard = 99999\n}",
    "sysctls": 'sysctls = { "net.core.somaxconn" = "1024", "kernel.shmmax" = "68719476736" }',
    "host": "host {\n host = \"db\"\n ip = \"10.0.0.7\"\n}",
    "dns": 'dns = ["8.8.8.8"]\ndns_search = ["example.com"]\ndns_opts = ["ndots:2"]',
    "names": 'hostname = "base"\ndomainname = "example.com"',
    "shm": "shm_size = 4096",
    "tmpfs": 'tmpfs = { "/run/x" = "rw,noexec,nosuid,nodev,size=64m,mode=1777" }',
    "user": 'user = "1000:1000"\ngroup_add = ["27"]',
    "stop": 'stop_signal = "SIGINT"\nstop_timeout = 200000\ndestroy_grace_seconds = 1',
    "init": "init = true\ntty = true\nstdin_open = true",
    "bridge": 'network_mode = "bridge"',
    "none": 'network_mode = "none"',
    "health": 'healthcheck {\n test = ["CMD", "true"]\n interval = "100ms"\n timeout = "100ms"\n'
              ' start_period = "2h"\n retries = 5000\n}',
    "drop": 'capabilities {\n drop = ["ALL"]\n add = ["CAP_NET_BIND_SERVICE"]\n}',
    "read_only": "read_only = true",
    "ipc": 'ipc_mode = "shareable"',
    "parent": 'cgroup_parent = "/another"',
    "storage": 'storage_opts = { size = "120G" }',
    "careful": 'security_opts = ["no-new-privileges:true"]',
    "tmpfs_mount": "mounts {\n type = \"tmpfs\"\n target = \"/t\"\n"
                   " tmpfs_options {\n size_bytes = 10485760\n}\n}",
    "volume_mount": "mounts {\n type = \"volume\"\n source = docker_volume.tmpfs.name\n"
                    " target = \"/t\"\n volume_options {\n driver_name = \"local\"\n"
                    " driver_options = { type = \"tmpfs\", device = \"tmpfs\" }\n}\n}",
    "anonymous": "volumes {\n container_path = \"/t\"\n}",
    "static": "networks_advanced {\n name = docker_network.own.name\n"
              " ipv4_address = \"172.28.5.10\"\n aliases = [\"db\", \"job\"]\n}",
    "on_own": "networks_advanced {\n name = docker_network.own.id\n}",
}  # fmt: skip
"""A container to the attribute that it is about."""

REST = """
resource "docker_volume" "tmpfs" {
  name        = "dev_tmpfs"
  driver      = "local"
  driver_opts = { type = "tmpfs", device = "tmpfs", o = "size=10m,uid=1000" }
}
resource "docker_volume" "nameless" {}
resource "docker_network" "own" {
  name            = "dev_own"
  attachable      = true
  check_duplicate = true
  ipam_driver     = "default"
  ipam_options    = { "com.example" = "x" }
  options         = { "com.docker.network.bridge.name" = "docker0" }
  ipam_config {
    subnet   = "172.28.0.0/16"
    ip_range = "172.28.5.0/24"
    gateway  = "172.28.5.254"
  }
}
resource "docker_network" "host_like" {
  name = "dev_lan"
  ipam_config { subnet = "192.168.1.0/24" }
}
resource "docker_network" "six" {
  name = "dev_six"
  ipv6 = true
  ipam_config { subnet = "100.64.0.0/10" }
  ipam_config { subnet = "fd00:1::/64" }
}
output "address" {
  value = docker_container.static.network_data[0].ip_address
}
output "dynamic" {
  value = docker_container.on_own.network_data[0].ip_address
}
"""


def configuration() -> str:
    blocks = [
        f'resource "docker_container" "{name}" {{\n name = "dev_{name}"\n'
        f' image = "taller/base:bookworm"\n command = ["sleep", "600"]\n {body}\n}}\n'
        for name, body in CONTAINERS.items()
    ]
    return HEADER + REST + "".join(blocks)


@pytest.fixture(scope="module")
def applied(
    engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Terraform, Guard]]:
    """Everything above, applied once by Terraform with the embedded provider."""
    namespace, folder = NAMESPACE, tmp_path_factory.mktemp("neutral")
    policy = Policy(images=("taller/base:bookworm",), containers=60)
    with Guard(
        Tenant(namespace, "ej01", "r1"), "unix:///var/run/docker.sock", folder / "g", policy
    ) as guard:
        terraform = Terraform(folder, guard)
        (folder / "main.tf").write_text(configuration())
        terraform.ok("init", "-input=false")
        done = terraform.run("apply", "-auto-approve", "-no-color", "-parallelism=4")
        try:
            assert done.returncode == 0, done.stdout[-300:] + done.stderr
            yield terraform, guard
        finally:
            terraform.run("destroy", "-auto-approve", "-no-color")
            terraform.server.terminate()
            terraform.server.wait(10)
            mine = {"label": f"taller.prefix={namespace}"}
            for box in engine.containers.list(all=True, filters=mine):
                box.remove(force=True, v=True)


def test_a_second_plan_is_empty(applied: tuple[Terraform, Guard]) -> None:
    terraform, guard = applied
    again = terraform.run("plan", "-detailed-exitcode", "-no-color", "-out=again")
    assert again.returncode == 0, again.stdout
    assert list(guard.refusals) == []


def test_the_rules_on_plans_accept_it_too(applied: tuple[Terraform, Guard]) -> None:
    terraform, _ = applied
    terraform.ok("plan", "-out=whole", "-refresh=false", "-destroy=false")
    plan = json.loads(terraform.ok("show", "-json", "whole"))
    assert screen_plan(plan, max_objects=100) == []


def test_what_the_engine_has_stays_within_the_policy(
    applied: tuple[Terraform, Guard], engine: docker.DockerClient
) -> None:
    _, guard = applied
    policy = guard.policy
    for name in CONTAINERS:
        host = engine.containers.get(f"{NAMESPACE}dev_{name}").attrs["HostConfig"]
        assert 0 < host["Memory"] <= policy.memory_max_mb * 2**20, name
        assert 0 < host["NanoCpus"] <= policy.cpus * 10**9, name
        assert 0 < host["PidsLimit"] <= policy.processes, name
        assert not host["PortBindings"], name
        assert not host["PublishAllPorts"], name
        assert host["LogConfig"]["Type"] == "json-file", name
        assert host["CpuShares"] <= 1024, name
        assert not host["CgroupParent"], name
        assert host["ShmSize"] <= policy.memory_max_mb * 2**20, name
        assert host["Ulimits"][0]["Name"] == "fsize", name
    networks = engine.networks.list(filters={"label": f"taller.prefix={NAMESPACE}"})
    for network in networks:
        assert network.attrs["Internal"]
        assert all(p["Subnet"].startswith("10.") for p in network.attrs["IPAM"]["Config"])


def test_addresses_are_those_that_were_asked_for(applied: tuple[Terraform, Guard]) -> None:
    terraform, guard = applied
    outputs = json.loads(terraform.ok("output", "-json"))
    assert outputs["address"]["value"] == "172.28.5.10"
    assert outputs["dynamic"]["value"].startswith("172.28.5.")
    client = docker.DockerClient(f"unix://{guard.socket}")
    network = client.networks.get("dev_own").attrs
    assert network["IPAM"]["Config"] == [
        {"Subnet": "172.28.0.0/16", "IPRange": "172.28.5.0/24", "Gateway": "172.28.5.254"}
    ]
    assert "172.28.5.10/16" in [c["IPv4Address"] for c in network["Containers"].values()]
    client.close()


def test_ports_are_shown_as_published(applied: tuple[Terraform, Guard]) -> None:
    _, guard = applied
    command = ["docker", "ps", "--filter", "name=dev_port", "--format", "{{.Ports}}"]
    env = {"DOCKER_HOST": f"unix://{guard.socket}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "0.0.0.0:8080->8000/tcp"


def test_an_update_is_neutralised_and_read_back(
    applied: tuple[Terraform, Guard], engine: docker.DockerClient
) -> None:
    terraform, guard = applied
    main = Path(terraform.folder / "main.tf")
    before = main.read_text()
    changed = before.replace('"always"', '"unless-stopped"').replace(
        "memory = 2048\n}", "memory = 3072\n}"
    )
    assert changed != before
    main.write_text(changed)
    terraform.ok("apply", "-auto-approve", "-no-color")
    again = terraform.run("plan", "-detailed-exitcode", "-no-color")
    assert again.returncode == 0, again.stdout
    real = engine.containers.get(f"{NAMESPACE}dev_memory").attrs["HostConfig"]
    assert real["Memory"] == guard.policy.memory_max_mb * 2**20


def test_two_tenants_ask_for_one_subnet_at_once(
    applied: tuple[Terraform, Guard], client: docker.DockerClient
) -> None:
    pool = docker.types.IPAMPool(subnet="172.28.0.0/16")
    ipam = docker.types.IPAMConfig(pool_configs=[pool])
    network = client.networks.create("dev_own", ipam=ipam)
    assert network.attrs["IPAM"]["Config"] == [{"Subnet": "172.28.0.0/16"}]
    with pytest.raises(docker.errors.APIError, match="overlaps"):
        client.networks.create("dev_other", ipam=ipam)
