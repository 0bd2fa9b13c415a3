"""What a plan may not contain, in plans that the real terraform made."""

from collections import defaultdict
from collections.abc import Iterator

import docker
import pytest

from docker_guard.plan_rules import screen_plan
from taller import provider
from taller.hcl.screen import Denial
from taller.workspace import workspace

pytestmark = pytest.mark.engine

HEADER = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
"""
COMMON = """
resource "terraform_data" "late" { input = "x" }
resource "docker_volume" "data" { name = "data" }
resource "docker_network" "net" { name = "net" }
"""

GUARDED = {
    "privileged": ("privileged = true", "privileged", "«privileged = true» da al contenedor"),
    "host_network": ('network_mode = "host"', "namespace", "«network_mode = \"host\"»"),
    "host_ipc": ('ipc_mode = "host"', "namespace", "«ipc_mode"),
    "host_pid": ('pid_mode = "host"', "namespace", "«pid_mode"),
    "host_users": ('userns_mode = "host"', "namespace", "«userns_mode"),
    "host_groups": ('cgroupns_mode = "host"', "namespace", "«cgroupns_mode"),
    "device": ('devices { host_path = "/dev/kvm" }', "device", "/dev/kvm"),
    "gpus": ('gpus = "all"', "device", "«gpus"),
    "capability": ('capabilities { add = ["CAP_SYS_ADMIN"] }', "capability", "SYS_ADMIN"),
    "runtime": ('runtime = "kata"', "runtime", "kata"),
    "security": ('security_opts = ["seccomp=unconfined"]', "security_option", "seccomp"),
    "socket": (
        'volumes {\n host_path = "/run/docker.sock"\n container_path = "/s"\n}',
        "docker_socket", "el socket de Docker",
    ),
    "root": (
        'volumes {\n host_path = "/"\n container_path = "/host"\n}',
        "host_path", "«volumes.host_path = \"/\"» monta una ruta del equipo",
    ),
    "named_root": (
        'volumes {\n volume_name = "/etc"\n container_path = "/host"\n}',
        "host_path", "«volumes.volume_name = \"/etc\"»",
    ),
    "relative": (
        'volumes {\n volume_name = "a/b"\n container_path = "/host"\n}',
        "host_path", "«volumes.volume_name = \"a/b\"»",
    ),
    "bind": (
        'mounts {\n type = "bind"\n source = "carpeta"\n target = "/host"\n}',
        "host_path", "type = \"volume\"",
    ),
    "bound_source": (
        'mounts {\n type = "volume"\n source = "/etc"\n target = "/host"\n}',
        "host_path", "«mounts.source = \"/etc\"»",
    ),
    "binding_options": (
        'mounts {\n type = "volume"\n target = "/x"\n volume_options {\n'
        ' driver_options = { type = "none", o = "ro,bind", device = "/etc" }\n}\n}',
        "driver_options", "algo de fuera",
    ),
    "upload_system": (
        'upload {\n file = "/x"\n source = "/etc/passwd"\n}', "upload", "/etc/passwd",
    ),
    "upload_parent": (
        'upload {\n file = "/x"\n source = "modules/../../otro/main.tf"\n}', "upload", "tu carpeta",
    ),
    "late_privileged": (
        'privileged = terraform_data.late.output == "x"',
        "privileged", "el plan aún no sabe qué valdrá «privileged»",
    ),
    "late_network": ("network_mode = terraform_data.late.output", "namespace", "aún no sabe"),
    "late_runtime": ("runtime = terraform_data.late.output", "runtime", "aún no sabe"),
    "mountpoint": (
        'volumes {\n host_path = docker_volume.data.mountpoint\n container_path = "/x"\n}',
        "host_path", "volume_name = docker_volume",
    ),
    "late_device": (
        "dynamic \"devices\" {\n for_each = [terraform_data.late.output]\n"
        " content { host_path = devices.value }\n}",
        "device", "aún no sabe",
    ),
}  # fmt: skip
"""Container to its body, the rule that denies it, and words of the message."""

HONEST = {
    "plain": "",
    "volume": 'volumes {\n volume_name = docker_volume.data.name\n container_path = "/x"\n}',
    "volume_id": 'volumes {\n volume_name = docker_volume.data.id\n container_path = "/x"\n}',
    "mount": 'mounts {\n type = "volume"\n source = docker_volume.data.id\n target = "/x"\n}',
    "tmpfs": 'mounts {\n type = "tmpfs"\n target = "/x"\n}',
    "network": "network_mode = docker_network.net.name",
    "network_id": "network_mode = docker_network.net.id",
    "networks": "networks_advanced { name = docker_network.net.id }",
    "upload": 'upload {\n file = "/x"\n source = "${path.module}/datos.csv"\n}',
    "content": 'upload {\n file = "/x"\n content = terraform_data.late.output\n}',
    "joined": 'network_mode = "container:${docker_container.plain.id}"',
    "given_back": 'capabilities {\n drop = ["ALL"]\n add = ["CAP_CHOWN", "SETUID"]\n}',
    "careful": 'security_opts = ["no-new-privileges:true"]\ncapabilities { drop = ["ALL"] }',
}

VOLUMES = """
resource "docker_volume" "bound" {
  driver_opts = { type = "none", o = "bind", device = "/etc" }
}
resource "docker_volume" "shared" {
  driver_opts = { type = "nfs", o = "addr=10.0.0.1", device = ":/datos" }
}
resource "docker_volume" "in_memory" {
  driver_opts = { type = "tmpfs", device = "tmpfs", o = "size=10m" }
}
resource "docker_image" "built" {
  name = "built"
  build {
    context      = "."
    network_mode = "host"
  }
}
module "inner" {
  source   = "./inner"
  for_each = toset(["a.b[0]"])
}
"""
IN_MODULE = """
resource "docker_container" "x" {
  name       = "x"
  image      = "x"
  privileged = true
}
"""


def container(name: str, body: str) -> str:
    return f'resource "docker_container" "{name}" {{\nname = "x"\nimage = "x"\n{body}\n}}\n'


@pytest.fixture(scope="module")
def denials(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient
) -> Iterator[dict[str, list[Denial]]]:
    """Address to what is denied there, in one plan of everything above."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALLER_HOME", str(tmp_path_factory.mktemp("home")))
        place = workspace("screen", "plan")
        (place.folder / "inner").mkdir()
        (place.folder / "inner" / "main.tf").write_text(HEADER + IN_MODULE)
        (place.folder / "datos.csv").write_text("a,b\n")
        bodies = {**{name: body for name, (body, *_) in GUARDED.items()}, **HONEST}
        text = "".join(container(name, body) for name, body in bodies.items())
        (place.folder / "main.tf").write_text(HEADER + COMMON + VOLUMES + text)
        terraform = provider.terraform(place)
        try:
            terraform.init()
            found = screen_plan(dict(terraform.plan({}).raw), max_objects=100)
        finally:
            provider.stop_server(place)
        by_address: dict[str, list[Denial]] = defaultdict(list)
        for denial in found:
            by_address[denial.file].append(denial)
        yield by_address


@pytest.mark.parametrize("name", GUARDED)
def test_what_reaches_for_the_machine_is_denied(
    denials: dict[str, list[Denial]], name: str
) -> None:
    _, rule, words = GUARDED[name]
    (denial,) = denials[f"docker_container.{name}"]
    assert denial.rule == rule
    assert words in denial.text


@pytest.mark.parametrize("name", HONEST)
def test_what_exercises_need_is_allowed(denials: dict[str, list[Denial]], name: str) -> None:
    assert denials[f"docker_container.{name}"] == []


@pytest.mark.parametrize(
    ("address", "rules"),
    [
        ("docker_volume.bound", ["driver_options"]),
        ("docker_volume.shared", ["driver_options"]),
        ("docker_volume.in_memory", []),
        ("docker_volume.data", []),
        ("docker_image.built", []),
        ('module.inner["a.b[0]"].docker_container.x', ["privileged"]),
    ],
)
def test_volumes_images_and_modules_are_screened_too(
    denials: dict[str, list[Denial]], address: str, rules: list[str]
) -> None:
    assert [denial.rule for denial in denials[address]] == rules


def test_every_message_says_what_to_do(denials: dict[str, list[Denial]]) -> None:
    for found in denials.values():
        for denial in found:
            assert any(word in denial.message for word in ("Quita", "Usa", "Monta", "Guárdalo"))
            assert denial.message.endswith(".")
