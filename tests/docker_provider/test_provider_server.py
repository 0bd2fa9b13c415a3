"""The command `python -m docker_provider`: kept running, launched by Terraform, installed."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docker_provider.__main__ import MAGIC_COOKIE

pytestmark = pytest.mark.engine

ADDRESS = "registry.terraform.io/kreuzwerker/docker"
VOLUME = 'resource "docker_volume" "raw" {\n  name = "${var.prefix}-raw"\n}\n'


def run(*arguments, **options):
    command = [sys.executable, "-m", "docker_provider", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **options)


def test_serve_prints_the_reattach_value_on_one_line(server):
    entry = json.loads(server.reattach)[ADDRESS]
    assert entry["Protocol"] == "grpc"
    assert entry["ProtocolVersion"] == 6
    assert entry["Test"] is True
    assert entry["Pid"] == server.process.pid
    assert entry["Addr"]["Network"] == "unix"
    assert Path(entry["Addr"]["String"]).exists()


def test_serve_says_in_its_log_that_it_is_the_embedded_provider(server, until):
    until(lambda: f"embedded provider for {ADDRESS}" in server.log.read_text())


def test_serve_ends_on_sigterm_and_removes_its_socket(server):
    socket = json.loads(server.reattach)[ADDRESS]["Addr"]["String"]
    assert server.stop() == 0
    assert not Path(socket).exists()


def test_serve_takes_a_socket_path_and_replaces_a_stale_one(tmp_path, shared_server):
    path = tmp_path / "s.sock"
    path.write_text("stale")
    server = type(shared_server).start(tmp_path, "--socket", str(path))
    assert json.loads(server.reattach)[ADDRESS]["Addr"]["String"] == str(path)
    assert server.stop() == 0


def test_serve_ignores_ctrl_c(own_workspace, server):
    server.process.send_signal(signal.SIGINT)
    assert own_workspace.write(VOLUME).applied().plan().actions == {}


def test_serve_ends_when_nobody_has_used_it_for_the_idle_time(tmp_path, shared_server):
    server = type(shared_server).start(tmp_path, "--idle-timeout", "0.5")
    assert server.process.wait(timeout=5) == 0
    assert "nobody was connected for 0.5 seconds" in server.log.read_text()


def test_a_long_apply_is_not_idle(tmp_path, shared_server, workspace, base_image, prefix):
    server = type(shared_server).start(tmp_path, "--idle-timeout", "1")
    workspace.environment["TF_REATTACH_PROVIDERS"] = server.reattach
    workspace.write(
        """
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["sleep", "2.5"]
  must_run = false
  attach   = true
}
"""
    ).applied()
    assert server.process.wait(timeout=5) == 0


def test_by_hand_it_explains_itself():
    done = run(env={n: v for n, v in os.environ.items() if n != "TF_PLUGIN_MAGIC_COOKIE"})
    assert done.returncode == 2
    assert done.stdout == ""
    assert "embedded Terraform provider" in done.stderr
    assert "python -m docker_provider serve" in done.stderr


def test_an_unknown_command_is_refused():
    done = run("explode")
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


@pytest.fixture
def mirrored(tmp_path, workspace):
    """A workspace that installs the provider from a mirror and launches it for each command."""
    folder = run("install", str(tmp_path / "mirror")).stdout.strip()
    configuration = tmp_path / "mirror.tfrc"
    mirror = f'filesystem_mirror {{\n    path = "{tmp_path}/mirror"\n  }}'
    configuration.write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    workspace.environment["TF_CLI_CONFIG_FILE"] = str(configuration)
    del workspace.environment["TF_REATTACH_PROVIDERS"]
    assert folder == f"{tmp_path}/mirror/{ADDRESS}/3.9.0/linux_amd64"
    return workspace


def test_an_installed_provider_is_launched_by_terraform(mirrored, engine, prefix):
    mirrored.write(VOLUME).applied()
    assert engine.volumes.get(f"{prefix}-raw")
    assert mirrored.plan().actions == {}
    assert mirrored.destroy().ok


@pytest.mark.parametrize(
    ("constraint", "selected"),
    [
        ("~> 3.0", "3.9.0"),
        ("~> 3.0.1", "3.0.2"),
        ("3.0.2", "3.0.2"),
        ("3.6.2", "3.6.2"),
        (">= 3.1, < 3.6", "3.5.0"),
        ("~> 4.0", "4.5.0"),
    ],
)
def test_the_mirror_has_what_a_pin_asks_for(mirrored, constraint, selected):
    mirrored.write(VOLUME)
    main = mirrored.folder / "main.tf"
    main.write_text(main.read_text().replace("~> 3.0", constraint))
    assert mirrored.terraform("validate").ok
    assert f'version     = "{selected}"' in (mirrored.folder / ".terraform.lock.hcl").read_text()


def test_a_lock_file_holds_on_another_checkout(mirrored, tmp_path):
    mirrored.write(VOLUME)
    assert mirrored.terraform("validate").ok
    assert run("install", str(tmp_path / "elsewhere" / "mirror")).returncode == 0
    configuration = Path(mirrored.environment["TF_CLI_CONFIG_FILE"])
    configuration.write_text(
        configuration.read_text().replace(f"{tmp_path}/mirror", f"{tmp_path}/elsewhere/mirror")
    )
    shutil.rmtree(mirrored.folder / ".terraform")
    assert mirrored.terraform("init", "-lockfile=readonly", "-input=false").ok
    assert mirrored.terraform("validate").ok


def test_a_plugin_cache_launches_it_too(mirrored, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    mirrored.environment["TF_PLUGIN_CACHE_DIR"] = str(cache)
    assert mirrored.write(VOLUME).terraform("validate").ok


def test_a_launcher_without_its_python_says_what_to_set(tmp_path):
    folder = Path(run("install", str(tmp_path / "mirror")).stdout.strip())
    launcher = next(folder.iterdir())
    (tmp_path / "mirror" / "docker-provider-python").unlink()
    bare = {n: v for n, v in os.environ.items() if n != "DOCKER_PROVIDER_PYTHON"}
    done = subprocess.run([launcher], env=bare, capture_output=True, text=True)
    assert done.returncode == 1
    assert "set DOCKER_PROVIDER_PYTHON" in done.stderr
    named = subprocess.run(
        [launcher, "explode"], env=bare | {"DOCKER_PROVIDER_PYTHON": sys.executable},
        capture_output=True, text=True,
    )  # fmt: skip
    assert "invalid choice" in named.stderr


def test_launched_each_alias_has_its_own_configuration(mirrored, engine, prefix):
    mirrored.write(
        """
provider "docker" {}
provider "docker" {
  alias = "elsewhere"
  host  = "unix:///nowhere/docker.sock"
}
"""
        + VOLUME
        + VOLUME.replace('"raw"', '"other"').replace("{\n", "{\n  provider = docker.elsewhere\n", 1)
    )
    result = mirrored.apply()
    assert not result.ok
    assert "/nowhere/docker.sock" in result.errors
    assert "one configuration" not in result.errors


def test_no_launched_provider_outlives_its_terraform(mirrored, until):
    mirrored.write(VOLUME).applied()
    until(lambda: not _launched_below(mirrored.folder))


def _launched_below(folder):
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if str(folder) in line]


def test_installing_where_one_may_not_write_is_explained(tmp_path):
    (tmp_path / "mirror").write_text("a file")
    done = run("install", str(tmp_path / "mirror"))
    assert done.returncode == 1
    assert "The provider mirror cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


ALIASES = """
provider "docker" {}
provider "docker" {
  alias = "other"
  host  = "HOST"
}
resource "docker_volume" "a" {
  name = "${var.prefix}-a"
}
resource "docker_volume" "b" {
  provider = docker.other
  name     = "${var.prefix}-b"
}
"""


def test_a_second_configuration_in_one_run_is_refused(own_workspace):
    own_workspace.write(ALIASES.replace("HOST", "unix:///run/docker.sock"))
    result = own_workspace.terraform("plan", "-json")
    assert not result.ok
    assert "The embedded Docker provider keeps one configuration at a time" in result.errors
    assert "Use one provider block" in result.errors


def test_after_a_refusal_a_corrected_configuration_works_at_once(own_workspace):
    own_workspace.write(ALIASES.replace("HOST", "unix:///run/docker.sock"))
    assert not own_workspace.apply().ok
    own_workspace.write('provider "docker" {\n  host = "unix:///run/docker.sock"\n}\n' + VOLUME)
    own_workspace.applied()
    own_workspace.write('provider "docker" {}\n' + VOLUME)
    assert own_workspace.plan().actions == {}


def test_two_terraforms_may_share_a_server_with_the_same_configuration(own_workspace, base_image):
    job = """
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  command  = ["sleep", "1"]
  must_run = false
  attach   = true
}
"""
    apply = own_workspace.write(job).start_apply()
    time.sleep(0.3)
    assert own_workspace.terraform("plan", "-lock=false", "-json").ok
    assert apply.wait(timeout=20) == 0


def test_the_schema_says_that_the_provider_is_the_embedded_one(workspace):
    shown = workspace.write("").terraform("providers", "schema", "-json")
    schema = json.loads(shown.output)["provider_schemas"][ADDRESS]
    assert schema["provider"]["block"]["description"].startswith("Embedded provider")
    assert schema["resource_schemas"]["docker_container"]["version"] == 2


def test_a_start_imports_neither_docker_nor_requests():
    program = (
        "import sys, docker_provider.server, docker_provider.plugin_tls\n"
        "print([name for name in ('docker', 'requests', 'psutil') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", "they take as long to import as all the rest"


def test_a_launched_provider_is_ready_within_its_time():
    """In processor time, which a busy machine hardly lengthens; the handshake is included."""
    name, value = MAGIC_COOKIE
    environment = {**os.environ, name: value, "PLUGIN_CLIENT_CERT": "any"}
    command = [sys.executable, "-m", "docker_provider"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("1|6|unix|")
        process.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 0.4
