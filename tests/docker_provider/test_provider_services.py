"""Containers that must keep running: ports, health, limits, drift."""

import socket
import time
import urllib.request

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

SERVICE = """
resource "docker_container" "web" {
  name    = "${var.prefix}-web"
  image   = local.base
  command = ["python3", "-m", "http.server", "8000"]
  MORE
}
"""
HEALTHCHECK = """
  wait         = true
  wait_timeout = %d
  healthcheck {
    test     = ["CMD", "python3", "-c", "%s"]
    interval = "300ms"
    timeout  = "5s"
    retries  = 3
  }
"""


def service(more: str = "") -> str:
    return SERVICE.replace("MORE", more)


def test_a_service_runs_and_is_removed(workspace, engine, prefix):
    workspace.write(service()).applied()
    assert engine.containers.get(f"{prefix}-web").status == "running"
    assert workspace.plan().actions == {}
    assert workspace.destroy().ok
    assert engine.api.containers(all=True, filters={"name": prefix}) == []


def test_a_port_left_to_the_engine_is_in_the_state_and_answers(workspace):
    workspace.write(service('ports {\n internal = 8000\n ip = "127.0.0.1"\n }')).applied()
    [port] = workspace.state()["docker_container.web"]["ports"]
    assert port["external"] >= 1024
    assert _answers(port["external"])
    assert workspace.plan().actions == {}


def test_a_changed_port_replaces_the_container_and_names_the_port(workspace):
    workspace.write(service("ports {\n internal = 8000\n }")).applied()
    plan = workspace.write(service("ports {\n internal = 8001\n }")).plan()
    assert plan.actions == {"docker_container.web": "delete create"}
    assert plan.replaced_by("docker_container.web") == [["ports", 0, "internal"]]


def test_a_port_that_is_taken_says_which_and_leaves_nothing(workspace, engine, prefix):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        hcl = service(f"ports {{\n internal = 8000\n external = {port}\n }}")
        result = workspace.write(hcl).apply()
        assert not result.ok
        assert f'The container "{prefix}-web" cannot be started' in result.errors
        assert f"({port})" in result.errors
        assert "Choose another `external` port" in result.errors
        assert engine.api.containers(all=True, filters={"name": prefix}) == []
        assert workspace.state() == {}
    workspace.applied()


def test_a_name_that_is_taken_says_by_what(workspace, engine, prefix, base_image):
    other = engine.containers.create(base_image, ["sleep", "60"], name=f"{prefix}-web")
    result = workspace.write(service()).apply()
    assert f'There is a container named "{prefix}-web" already' in result.errors
    assert other.id[:12] in result.errors
    assert base_image in result.errors
    assert workspace.state() == {}
    assert engine.containers.get(f"{prefix}-web").id == other.id


def test_a_service_that_ends_at_once_is_an_error_with_its_last_lines(workspace, engine, prefix):
    hcl = service().replace(
        '["python3", "-m", "http.server", "8000"]', '["sh", "-c", "echo adiós; exit 7"]'
    )
    result = workspace.write(hcl).apply()
    assert not result.ok
    assert f'The container "{prefix}-web" ended at once with exit code 7' in result.errors
    assert "adiós" in result.errors
    assert "must_run = false" in result.errors
    assert engine.api.containers(all=True, filters={"name": prefix}) == []


def test_apply_waits_until_the_container_is_healthy(workspace, engine, prefix):
    probe = "import urllib.request as r; r.urlopen('http://localhost:8000')"
    workspace.write(service(HEALTHCHECK % (20, probe))).applied()
    state = engine.containers.get(f"{prefix}-web").attrs["State"]
    assert state["Health"]["Status"] == "healthy"
    assert workspace.plan().actions == {}


def test_a_container_that_stays_unhealthy_is_an_error_and_tainted(workspace):
    probe = "print('no contesta'); raise SystemExit(1)"
    result = workspace.write(service(HEALTHCHECK % (2, probe))).apply()
    assert not result.ok
    assert "did not become healthy" in result.errors
    assert "no contesta" in result.errors
    assert workspace.tainted() == {"docker_container.web"}
    assert workspace.destroy().ok


def test_waiting_for_health_without_a_healthcheck_is_an_error(workspace):
    result = workspace.write(service("wait = true")).apply()
    assert "has no healthcheck to wait for" in result.errors


def test_limits_change_in_place(workspace, engine, prefix):
    workspace.write(service("memory = 64\n cpu_shares = 512")).applied()
    first = engine.containers.get(f"{prefix}-web").id
    workspace.write(service('memory = 256\n cpu_shares = 256\n restart = "unless-stopped"'))
    assert workspace.plan().actions == {"docker_container.web": "update"}
    container = engine.containers.get(
        f"{workspace.applied().state()['docker_container.web']['id']}"
    )
    host = container.attrs["HostConfig"]
    assert (host["Memory"], host["CpuShares"]) == (256 * 1024 * 1024, 256)
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert container.id == first
    assert workspace.plan().actions == {}


def test_a_limit_changed_by_hand_is_planned_back(workspace, engine, prefix):
    workspace.write(service("memory = 64")).applied()
    engine.containers.get(f"{prefix}-web").update(mem_limit="96m", memswap_limit="96m")
    assert workspace.plan().actions == {"docker_container.web": "update"}
    assert workspace.applied().plan().actions == {}


def test_a_stopped_service_is_made_again(workspace, engine, prefix):
    workspace.write(service()).applied()
    engine.containers.get(f"{prefix}-web").stop(timeout=0)
    assert workspace.plan().actions == {"docker_container.web": "create"}
    workspace.applied()
    assert engine.containers.get(f"{prefix}-web").status == "running"


def test_a_container_renamed_by_hand_is_replaced(workspace, engine, prefix):
    workspace.write(service()).applied()
    engine.containers.get(f"{prefix}-web").rename(f"{prefix}-other")
    assert workspace.plan().actions == {"docker_container.web": "delete create"}


def test_a_container_gets_its_grace_time_to_stop(workspace, engine, prefix):
    script = "trap 'echo adiós > /out/bye; exit' TERM; while :; do sleep 0.1; done"
    workspace.write(
        service(
            """destroy_grace_seconds = 5
  volumes {
    volume_name    = docker_volume.out.name
    container_path = "/out"
  }"""
        ).replace('["python3", "-m", "http.server", "8000"]', f'["bash", "-c", "{script}"]')
        + 'resource "docker_volume" "out" {\n  name = "${var.prefix}-out"\n}'
    ).applied()
    gone = workspace.terraform("destroy", "-auto-approve", "-target=docker_container.web", "-json")
    assert gone.ok, gone.errors
    said = engine.containers.run(
        "taller/base:bookworm",
        ["cat", "/out/bye"],
        volumes={f"{prefix}-out": {"bind": "/out"}},
        remove=True,
    )
    assert said.decode() == "adiós\n"


def test_an_existing_container_is_imported_by_name(workspace, engine, prefix, base_image):
    engine.containers.run(
        base_image,
        ["python3", "-m", "http.server", "8000"],
        name=f"{prefix}-web",
        detach=True,
        mem_limit="64m",
    )
    hcl = service("memory = 64").replace("local.base", "data.docker_image.base.id")
    workspace.write(hcl + 'data "docker_image" "base" {\n  name = local.base\n}\n')
    imported = workspace.terraform("import", "docker_container.web", f"{prefix}-web")
    assert imported.ok, imported.output
    assert workspace.plan().actions in ({}, {"docker_container.web": "update"})
    before = engine.containers.get(f"{prefix}-web").id
    assert workspace.applied().plan().actions == {}
    assert engine.containers.get(f"{prefix}-web").id == before


def _answers(port: int) -> bool:
    for _ in range(50):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False
