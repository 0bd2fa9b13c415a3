"""Every optional argument of docker_container: it reaches the engine, and changes nothing twice."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

EVERYTHING = """
resource "docker_volume" "data" {
  name = "${var.prefix}-data"
}
resource "docker_network" "private" {
  name = "${var.prefix}-net"
  ipam_config {
    subnet = "10.213.21.0/24"
  }
}
resource "docker_container" "full" {
  name                  = "${var.prefix}-full"
  image                 = local.base
  entrypoint            = ["sh", "-c"]
  command               = ["sleep 600"]
  env                   = ["MODE=train", "EXPERIMENT_NAME=base", "EMPTY="]
  hostname              = "maquina"
  domainname            = "taller.test"
  user                  = "1000:1000"
  working_dir           = "/tmp"
  dns                   = ["9.9.9.9"]
  dns_opts              = ["timeout:3"]
  dns_search            = ["taller.test"]
  group_add             = ["1001"]
  init                  = true
  ipc_mode              = "shareable"
  pid_mode              = "host"
  privileged            = false
  publish_all_ports     = false
  read_only             = true
  security_opts         = ["no-new-privileges"]
  shm_size              = 16
  stop_signal           = "SIGINT"
  stop_timeout          = 7
  sysctls               = { "net.ipv4.ip_unprivileged_port_start" = "0" }
  tmpfs                 = { "/scratch" = "rw,size=1m" }
  tty                   = true
  stdin_open            = true
  runtime               = "runc"
  log_driver            = "json-file"
  log_opts              = { "max-size" = "1m", "max-file" = "2" }
  restart               = "on-failure"
  max_retry_count       = 3
  memory                = 128
  memory_swap           = 256
  cpu_shares            = 256
  cpu_set               = "0-1"
  cpus                  = "0.5"
  destroy_grace_seconds = 1
  remove_volumes        = false
  network_mode          = "bridge"
  cgroupns_mode         = "host"
  capabilities {
    add  = ["NET_ADMIN"]
    drop = ["MKNOD", "CHOWN"]
  }
  devices {
    host_path      = "/dev/null"
    container_path = "/dev/nada"
    permissions    = "r"
  }
  healthcheck {
    test         = ["CMD", "true"]
    interval     = "1m"
    timeout      = "5s"
    start_period = "1h30m"
    retries      = 2
  }
  host {
    host = "registro"
    ip   = "10.9.8.7"
  }
  labels {
    label = "taller.prefix"
    value = var.prefix
  }
  labels {
    label = "etapa"
    value = "todo"
  }
  mounts {
    target    = "/m"
    type      = "volume"
    source    = docker_volume.data.name
    read_only = true
    volume_options {
      no_copy = true
    }
  }
  mounts {
    target = "/t"
    type   = "tmpfs"
    tmpfs_options {
      size_bytes = 1048576
      mode       = 511
    }
  }
  mounts {
    target    = "/b"
    type      = "bind"
    source    = "/usr/share"
    read_only = true
    bind_options {
      propagation = "rprivate"
    }
  }
  networks_advanced {
    name         = docker_network.private.name
    aliases      = ["todo", "full"]
    ipv4_address = "10.213.21.77"
  }
  ports {
    internal = 80
    ip       = "127.0.0.1"
  }
  ports {
    internal = 53
    protocol = "udp"
  }
  ulimit {
    name = "nofile"
    soft = 512
    hard = 1024
  }
  volumes {
    volume_name    = docker_volume.data.name
    container_path = "/data"
    read_only      = true
  }
  volumes {
    host_path      = "/usr/share/zoneinfo"
    container_path = "/zonas"
    read_only      = true
  }
  volumes {
    container_path = "/anonimo"
  }
}
"""
UPLOAD = """
resource "docker_container" "job" {
  name       = "${var.prefix}-job"
  image      = local.base
  command    = ["sh", "-c", "cat /etc/a /etc/b /opt/c; stat -c %a /etc/a /etc/b /opt/c"]
  must_run   = false
  attach     = true
  logs       = true
  upload {
    file    = "/etc/a"
    content = "uno\\n"
  }
  upload {
    file           = "/etc/b"
    content_base64 = base64encode("dos\\n")
    executable     = true
  }
  upload {
    file        = "/opt/c"
    source      = "${abspath(path.module)}/c.txt"
    source_hash = filesha256("${path.module}/c.txt")
    permissions = "0640"
  }
}
"""


def test_with_every_argument_set_a_second_plan_is_empty(workspace):
    workspace.write(EVERYTHING).applied()
    assert workspace.plan().actions == {}


def test_every_argument_reaches_the_engine(workspace, engine, prefix):
    workspace.write(EVERYTHING).applied()
    made = engine.containers.get(f"{prefix}-full")
    config, host = made.attrs["Config"], made.attrs["HostConfig"]
    assert made.status == "running"
    assert {"MODE=train", "EXPERIMENT_NAME=base", "EMPTY="} <= set(config["Env"])
    assert (config["Hostname"], config["Domainname"]) == ("maquina", "taller.test")
    assert (config["User"], config["WorkingDir"]) == ("1000:1000", "/tmp")
    assert (config["StopSignal"], config["StopTimeout"]) == ("SIGINT", 7)
    assert config["Healthcheck"]["Interval"] == 60_000_000_000
    assert config["Labels"] == {"taller.prefix": prefix, "etapa": "todo", "taller.role": "base"}
    assert host["NanoCpus"] == 500_000_000
    assert host["LogConfig"]["Config"] == {"max-size": "1m", "max-file": "2"}
    assert host["ExtraHosts"] == ["registro:10.9.8.7"]
    assert (host["Init"], host["ReadonlyRootfs"]) == (True, True)
    mounted = {mount["Destination"]: mount["RW"] for mount in made.attrs["Mounts"]}
    assert mounted["/data"] is False
    assert mounted["/anonimo"] is True
    networks = made.attrs["NetworkSettings"]["Networks"]
    assert list(networks) == [f"{prefix}-net"]
    assert networks[f"{prefix}-net"]["IPAddress"] == "10.213.21.77"


def test_a_container_with_no_optional_argument_needs_no_change(workspace, engine, prefix):
    hcl = (
        'resource "docker_container" "bare" {\n name = "${var.prefix}-bare"\n image = local.base\n'
    )
    workspace.write(hcl + "must_run = false\n}").applied()
    assert workspace.plan().actions == {}


def test_files_are_uploaded_before_the_start(workspace):
    workspace.write("tres\n", "c.txt")
    workspace.write(UPLOAD).applied()
    logs = workspace.state()["docker_container.job"]["container_logs"]
    assert logs == "uno\ndos\ntres\n644\n744\n640\n"
    assert workspace.plan().actions == {}
    workspace.write("cuatro\n", "c.txt")
    assert workspace.plan().actions == {"docker_container.job": "delete create"}


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ('restart = "sometimes"', '"sometimes" is no value for restart'),
        ("memory = -1", "-1 is no value for memory"),
        ('cpu_set = "all"', '"all" is no value for cpu_set'),
        ("ports {\n internal = 70000\n }", "70000 is no port"),
        ('mounts {\n target = "/x"\n type = "disk"\n }', '"disk" is no mount type'),
        (
            'volumes {\n host_path = "x"\n container_path = "/x"\n }',
            'host_path "x" is not absolute',
        ),
        ('volumes {\n volume_name = "x"\n }', "does not say where to mount"),
        ('upload {\n file = "/x"\n }', 'The file "/x" needs exactly one source'),
        ('healthcheck {\n test = ["x"]\n interval = "soon"\n }', "This is no duration"),
        ("healthcheck {\n }", "Missing required argument"),
        ("link = []", "Unsupported argument"),
    ],
)
def test_a_wrong_value_is_found_by_validate(workspace, argument, complaint):
    hcl = 'resource "docker_container" "x" {\n name = "x"\n image = "x"\n ARGUMENT\n}'
    workspace.write(hcl.replace("ARGUMENT", argument))
    result = workspace.terraform("validate", "-json")
    assert not result.ok
    assert complaint in result.output.replace('\\"', '"')


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('"MODE=train"', '"MODE=test"', ["env"]),
        ('"dos"', '"cuatro"', ["labels"]),
        ("read_only = true", "read_only = false", ["volumes"]),
        ("tty = false", "tty = true", ["tty"]),
        ('"max-size" = "1m"', '"max-size" = "2m"', ["log_opts"]),
    ],
)
def test_what_a_living_container_cannot_take_on_replaces_it(workspace, before, after, path):
    hcl = """
resource "docker_container" "job" {
  name     = "${var.prefix}-job"
  image    = local.base
  must_run = false
  start    = false
  env      = ["MODE=train", "X=1"]
  tty = false
  log_opts = { "max-size" = "1m" }
  labels {
    label = "uno"
    value = "dos"
  }
  volumes {
    container_path = "/x"
    read_only = true
  }
}
"""
    workspace.write(hcl).applied()
    plan = workspace.write(hcl.replace(before, after)).plan()
    assert plan.actions == {"docker_container.job": "delete create"}
    assert plan.replaced_by("docker_container.job") == [path]
