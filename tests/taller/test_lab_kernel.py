"""A lab in a real kernel: cells, errors in the student's own cell, restart, the stop button."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import nbformat
import psutil
import pytest
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.engine

_ANSI = re.compile(r"\x1b\[[0-9;]*m")

VERSIONS = """%%hcl versions.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
provider "docker" {}
variable "prefix" { type = string }
"""

VOLUME = """%%hcl main.tf
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}
"""

SLOW = """%%hcl main.tf
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}
resource "docker_container" "slow" {
  name     = "${var.prefix}_slow"
  image    = "taller/base:bookworm"
  command  = ["sleep", "60"]
  must_run = false
  attach   = true
}
"""


COPIED = """%%hcl main.tf
resource "docker_network" "n" {
  name = "${var.prefix}_n"
}
resource "docker_container" "etl" {
  name    = "${var.prefix}_etl"
  image   = "taller/base:bookworm"
  command = ["sh", "-c", "echo escucho; exec tail -f /dev/null"]
  networks_advanced {
    name = docker_network.n.name
  }
}
resource "docker_container" "train" {
  depends_on = [docker_container.etl]
  name       = "${var.prefix}_train"
  image      = "taller/base:bookworm"
  command    = ["sh", "-c", "echo escucho; exec tail -f /dev/null"]
  must_run   = false
  attach     = true
  networks_advanced {
    name = docker_network.n.name
  }
}
"""


class Kernel:
    """A notebook that is open in a kernel, one cell at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open()

    def _open(self) -> None:
        self.client = NotebookClient(
            nbformat.v4.new_notebook(), timeout=120, kernel_name="python3",
            shutdown_kernel="immediate", resources={"metadata": {"path": str(self.folder)}},
        )  # fmt: skip
        self.client.create_kernel_manager()
        self.client.start_new_kernel()
        self.client.start_new_kernel_client()

    @property
    def pid(self) -> int:
        return int(self.client.km.provisioner.pid)

    def run(self, source: str) -> str:
        """Run a cell and return all that it shows: text, or the error as the student reads it."""
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells.append(cell)
        with contextlib.suppress(CellExecutionError):  # what the cell shows is what is asked about
            self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        return _ANSI.sub("", "\n".join(_text(output) for output in cell.outputs))

    def html(self, source: str) -> str:
        """Run a cell and return the HTML of its outputs."""
        self.run(source)
        outputs = self.client.nb.cells[-1].outputs
        return "\n".join(o.get("data", {}).get("text/html", "") for o in outputs)

    def restart(self) -> None:
        """Close this kernel and open another, as Kernel → Restart does."""
        self.close()
        self._open()

    def stop(self, after: float) -> None:
        """Press the stop button later, as JupyterLab does: SIGINT to the kernel."""
        threading.Timer(after, psutil.Process(self.pid).send_signal, [2]).start()

    def close(self) -> None:
        self.client.kc.stop_channels()
        run_sync(self.client.km.shutdown_kernel)(now=True)


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return str(output.data.get("text/plain", ""))


@pytest.fixture
def kernel(
    tmp_path: Path, engine: docker.DockerClient, leftovers: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kernel]:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path / "home"))
    opened = Kernel(tmp_path)
    yield opened
    opened.run("lab.teardown()")
    opened.close()


def open_lab(kernel: Kernel, prefix: str, name: str = "leccion-99") -> str:
    return kernel.run(f'from taller import Lab\nlab = Lab("{name}", prefix="{prefix}")')


def test_a_volume_is_written_planned_applied_and_shown(kernel: Kernel, prefix: str) -> None:
    assert "Terraform: 1." in open_lab(kernel, prefix)
    assert "✓ main.tf guardado (3 líneas)" in kernel.run(VERSIONS) + kernel.run(VOLUME)
    assert f'name = "{prefix}_raw"' in kernel.run("lab.plan()")
    assert "Aplicado." in kernel.run("lab.apply()")
    assert f"{prefix}_raw" in kernel.run("lab.docker.volumes()")
    assert f"{prefix}_raw" in kernel.html("lab.picture()")


def test_an_error_is_shown_at_the_students_cell_and_line_without_a_traceback(
    kernel: Kernel, prefix: str
) -> None:
    open_lab(kernel, prefix)
    kernel.run(VERSIONS)
    kernel.run('\n%%hcl main.tf\nresource "docker_volume" "raw" {\n  nmae = "x"\n}\n')
    shown = kernel.run("lab.plan()")
    assert "celda [3], línea 4 (main.tf:2)" in shown
    assert '→   2 │   nmae = "x"' in shown
    assert "Causa probable: El argumento «nmae» no existe" in shown
    assert "Traceback" not in shown
    assert "site-packages" not in shown


def test_a_syntax_error_is_shown_when_its_cell_is_run_and_the_text_is_kept(
    kernel: Kernel, prefix: str
) -> None:
    open_lab(kernel, prefix)
    shown = kernel.run('%%hcl main.tf\nresource "docker_volume" "raw" {\n  name = \n}\n')
    assert "«main.tf» está guardado, pero no es HCL válido" in shown
    assert "celda [2], línea 3 (main.tf:2)" in shown
    assert "name = " in next(kernel.folder.glob("home/workspaces/*/*/main.tf")).read_text()


def test_hcl_before_any_lab_says_which_cell_to_run_first(kernel: Kernel, prefix: str) -> None:
    shown = kernel.run("import taller.lab") + kernel.run(VOLUME)
    assert "Todavía no hay ningún lab abierto" in shown
    assert "Traceback" not in shown
    open_lab(kernel, prefix)


def test_apply_and_check_before_any_hcl_say_what_is_missing(kernel: Kernel, prefix: str) -> None:
    open_lab(kernel, prefix, "ej01")
    assert "Ejecuta antes la celda que empieza por %%hcl versions.tf" in kernel.run("lab.apply()")
    assert "0 de " in kernel.run("lab.check()")


def test_after_a_kernel_restart_the_work_is_found_again(kernel: Kernel, prefix: str) -> None:
    open_lab(kernel, prefix)
    kernel.run(VERSIONS)
    kernel.run(VOLUME)
    kernel.run("lab.apply()")
    kernel.restart()
    assert "sigues donde lo dejaste" in open_lab(kernel, prefix)
    assert "Sin cambios" in kernel.run("lab.plan()")
    assert "docker_volume.raw" in kernel.run("lab.state_list()")


def test_the_stop_button_leaves_a_true_state_and_the_next_apply_works(
    kernel: Kernel, prefix: str, engine: docker.DockerClient
) -> None:
    open_lab(kernel, prefix)
    kernel.run(VERSIONS)
    kernel.run(SLOW)
    kernel.stop(after=3)
    began = time.monotonic()
    shown = kernel.run("lab.apply()")
    assert time.monotonic() - began < 40, "the stop button did not stop it"
    assert "Has detenido «apply»" in shown
    assert "Traceback" not in shown
    recorded = kernel.run("print(lab.state_list())")
    exists = [v.name for v in engine.volumes.list() if v.name.startswith(prefix)]
    assert ("docker_volume.raw" in recorded) == bool(exists)
    kernel.run(VOLUME)
    assert "Aplicado." in kernel.run("lab.apply()")
    assert engine.containers.list(all=True, filters={"name": prefix}) == []


def stop_later(kernel: Kernel, engine: docker.DockerClient, container: str) -> None:
    """Press the stop button when the container has run for 25 seconds."""
    while not engine.containers.list(filters={"name": container}):
        time.sleep(0.5)
    kernel.stop(after=25)


def test_a_wait_without_end_is_explained_while_it_lasts(
    kernel: Kernel, prefix: str, engine: docker.DockerClient
) -> None:
    open_lab(kernel, prefix, "ej04")
    kernel.run(VERSIONS)
    kernel.run(COPIED)
    stopping = threading.Thread(target=stop_later, args=(kernel, engine, f"{prefix}_train"))
    stopping.start()
    shown = kernel.run("lab.apply()")
    stopping.join()
    assert "docker_container.train lleva 1" in shown
    assert f"espera a que termine «{prefix}_train» (attach = true), y sigue en marcha" in shown
    assert f"Es la misma orden que la de «{prefix}_etl»" in shown
    assert "escucho" in shown
    assert "Has detenido «apply»" in shown
    recorded = kernel.run("print(lab.state_list())")
    assert "docker_container.etl" in recorded
    there = engine.containers.list(all=True, filters={"name": f"{prefix}_train"})
    assert ("docker_container.train" in recorded) == bool(there)


def test_a_failed_check_fails_the_cell_and_shows_why(kernel: Kernel, prefix: str) -> None:
    open_lab(kernel, prefix, "ej01")
    kernel.run(VERSIONS)
    shown = kernel.run('lab.check("gold_volume_exists")')
    assert "CheckFailed" not in shown
    assert "✗ Falta: El volumen gold existe" in shown
    output = kernel.client.nb.cells[-1].outputs[-1]
    assert (output.output_type, output.ename) == ("error", "CheckFailed")


def test_two_notebooks_of_one_student_wait_for_each_other(
    kernel: Kernel, prefix: str, tmp_path: Path
) -> None:
    other = Kernel(tmp_path)
    try:
        open_lab(kernel, prefix)
        open_lab(other, prefix)
        kernel.run(VERSIONS)
        kernel.run(SLOW)
        other.run("import taller.lab.busy as busy; busy.PATIENCE_SECONDS = 1")
        thread = threading.Thread(target=kernel.run, args=("lab.apply()",))
        thread.start()
        time.sleep(3)
        shown = other.run("lab.plan()")
        psutil.Process(kernel.pid).send_signal(2)
        thread.join()
    finally:
        other.close()
    assert "Otro cuaderno está usando este mismo ejercicio" in shown
    assert "ejecuta «apply» desde las" in shown


def test_long_work_shows_its_progress_and_takes_it_away_again(kernel: Kernel, prefix: str) -> None:
    open_lab(kernel, prefix)
    kernel.run(VERSIONS)
    kernel.run(SLOW.replace('"60"', '"3"'))
    thread = threading.Thread(target=kernel.run, args=("lab.apply()",))
    thread.start()
    seen = ""
    while thread.is_alive():
        outputs = kernel.client.nb.cells[-1].get("outputs", [])
        seen += "".join(o.get("data", {}).get("text/html", "") for o in outputs[:1])
        time.sleep(0.1)
    assert "docker_container.slow: creando (" in seen
    progress, result = kernel.client.nb.cells[-1].outputs
    assert progress.data["text/html"] == ""
    assert "docker_container.slow" in result.data["text/plain"]
