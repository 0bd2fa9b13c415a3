"""HCL and Dockerfiles that reach for the machine or the network: named, and harmless."""

from collections.abc import Callable
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

Make = Callable[[Any], bytes]

FULL = 10
IMAGE = "taller/base:bookworm"


def main_tf(text: str) -> Make:
    """Beside the three volumes of a right answer."""

    def make(handout: Any) -> bytes:
        cells = handout.solution["cells"]
        volumes = next("".join(c["source"]) for c in cells if c["id"] == "answer-main_tf")
        content: bytes = handout.answering(main_tf=f"{volumes}\n{text}")
        return content

    return make


def container(body: str) -> Make:
    return main_tf(f"""
resource "docker_container" "x" {{
  name     = "${{var.prefix}}_x"
  image    = "{IMAGE}"
  command  = ["true"]
  must_run = false
  {body}
}}
""")


LOCAL_EXEC = """
resource "terraform_data" "x" {
  provisioner "local-exec" {
    command = "cat /etc/passwd"
  }
}
"""
ENVIRON = """
resource "docker_volume" "x" {
  name = "${var.prefix}_${sha1(file("/proc/self/environ"))}"
}
"""
THOUSANDS = """
resource "docker_volume" "many" {
  count = 3000
  name  = "${var.prefix}_${count.index}"
}
"""
ROOT = 'volumes {\n host_path = "/"\n container_path = "/host"\n }'
SOCKET = 'volumes {\n host_path = "/var/run/docker.sock"\n container_path = "/s"\n }'
MOUNTPOINT = 'volumes {\n host_path = docker_volume.gold.mountpoint\n container_path = "/gold"\n }'
OPTIONS = """
resource "docker_volume" "x" {
  name = "${var.prefix}_x"
  driver_opts = { type = "none", o = "bind", device = "/" }
}
"""
ESCAPE = "%%hcl ../../../../otro/ej01/main.tf\n# fuera"
NOT_RUN = ("policy_violation", 0)

FAULTS: dict[str, tuple[Make, str, int, str]] = {
    "local-exec": (main_tf(LOCAL_EXEC), *NOT_RUN, "los provisioners ejecutan programas"),
    "environ": (main_tf(ENVIRON), *NOT_RUN, "file(…) lee fuera de tu carpeta"),
    "root": (container(ROOT), *NOT_RUN, 'docker_container.x: «volumes.host_path = "/"»'),
    "socket": (container(SOCKET), *NOT_RUN, "entrega el socket de Docker"),
    "mountpoint": (container(MOUNTPOINT), *NOT_RUN, "Monta un volumen por su nombre"),
    "privileged": (container("privileged = true"), *NOT_RUN, "todos los poderes del equipo"),
    "driver-options": (main_tf(OPTIONS), *NOT_RUN, "algo de fuera de él"),
    "outside-name": (lambda h: h.answering(outputs_tf=ESCAPE), "graded", FULL - 2, "sale de la"),
    "thousands": (main_tf(THOUSANDS), *NOT_RUN, "deja solo los que pide el ejercicio"),
}

IMAGE_TF = """%%hcl image.tf
resource "docker_image" "titanic" {
  name = "${var.prefix}-titanic-pipeline:${var.image_tag}"

  build {
    context    = abspath("${path.module}/mio")
    build_args = { BASE_IMAGE = var.base_image }
  }
}
"""
NETWORK = {
    "build-run": (
        "RUN python3 -c \"import socket; socket.create_connection(('198.41.0.4', 53), 5)\"",
        "failed. Step 4/4 : RUN",
    ),
    "build-add": ("ADD http://198.41.0.4/datos.csv /datos.csv", "ADD no descarga nada"),
}
"""Student to a build step that reads from the network, and what the run said of it."""


def building(handout: Any, step: str) -> bytes:
    """Exercise 2 with an image of the student's own."""
    text = f"ARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\n{step}\n"
    cell = f"(lab.folder / 'mio').mkdir()\n(lab.folder / 'mio/Dockerfile').write_text({text!r})"
    content: bytes = handout.adding(cell, image_tf=IMAGE_TF)
    return content


@pytest.fixture(scope="module")
def graded(course: Any, ej01: Any, handout: Callable[[str], Any]) -> Any:
    """The class with every fault, graded once."""
    for name, (make, *_) in FAULTS.items():
        course.hand_in(name, make(ej01))
    course.hand_in("honest", ej01.bytes())
    ej02 = handout("ej02")
    for name, (step, _) in NETWORK.items():
        course.hand_in(name, building(ej02, step), ej02.exercise)
    assert course.grade("--jobs", "2") == 0
    return course


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_gets_its_verdict(graded: Any, name: str) -> None:
    _, *expected = FAULTS[name]
    graded.expect(name, *expected)


@pytest.mark.parametrize("name", NETWORK)
def test_a_build_that_reads_from_the_network_makes_no_image(graded: Any, name: str) -> None:
    result = graded.result(name, "ej02")
    assert result["status"] == "graded"
    passed = {check["id"] for check in result["checks"] if check["passed"]}
    assert not passed & {"image_exists", "outputs_name_image", "plan_is_empty"}
    assert NETWORK[name][1] in " ".join(result["flags"]), result


def test_the_honest_one_beside_them_keeps_the_marks(graded: Any) -> None:
    result = graded.result("honest")
    assert (result["status"], result["score"]) == ("graded", FULL), result


def test_nothing_is_left_over(graded: Any, engine: docker.DockerClient) -> None:
    graded.wait_for_nothing(engine)
