"""Each module's own tests, and what its plan alone cannot show."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from taller.provider import terraform
from taller.terraform import TerraformError, locate
from taller.workspace import repository

pytestmark = pytest.mark.engine

JOB = """
provider "docker" {}

variable "script" { type = string }
variable "run_id" { type = string }

resource "docker_network" "jobs" { name = "${PREFIX}_jobs" }

module "job" {
  source       = "./modules/batch_job"
  name         = "${PREFIX}_job_${var.run_id}"
  image_name   = "taller/base:bookworm"
  command      = ["python", "-c", var.script]
  network_name = docker_network.jobs.name
  shared       = { run_labels = {}, log_driver = "json-file", log_opts = {} }
}
"""


def tftest_files() -> list[str]:
    """The plan tests, by name."""
    return sorted(file.name for file in (repository() / "infra/tests").glob("*.tftest.hcl"))


@pytest.mark.parametrize("file", tftest_files())
def test_terraform_test_passes(file: str, new_workspace: Any):
    place = new_workspace("plantest")
    for name in ("Dockerfile", "requirements-image.lock", "src"):  # what infra/ stands beside
        beside = place.folder.parent / name
        beside.unlink(missing_ok=True)
        beside.symlink_to(repository() / name)
    gateway = terraform(place)
    gateway.init()
    report = gateway.test(filters=[f"tests/{file}"])
    assert report.runs
    assert [run for run in report.runs if run.status != "pass"] == []


def test_every_module_has_a_plan_test():
    modules = {folder.name for folder in (repository() / "infra/modules").iterdir()}
    assert modules <= {name.removesuffix(".tftest.hcl") for name in tftest_files()}


def test_the_code_is_formatted():
    folder = repository() / "infra"
    check = [locate(), f"-chdir={folder}", "fmt", "-check", "-recursive"]
    assert subprocess.run(check, capture_output=True, text=True, check=False).stdout == ""


@pytest.fixture
def job(new_workspace: Any, prefix: str, leftovers: None) -> Any:
    """A workspace with one batch job that runs the script it is given."""
    place = new_workspace(prefix)
    for file in place.folder.glob("*.tf"):
        if file.name != "versions.tf":
            file.unlink()
    Path(place.folder / "main.tf").write_text(JOB.replace("${PREFIX}", prefix))
    gateway = terraform(place)
    gateway.init()
    return gateway


def test_a_stage_that_fails_fails_the_apply_with_its_last_log_lines(job: Any):
    script = "import sys\nfor n in range(30): print('paso', n)\nsys.exit(3)"
    with pytest.raises(TerraformError) as failure:
        job.apply({"script": script, "run_id": "r1"})
    told = " ".join(f"{d.summary} {d.detail}" for d in failure.value.diagnostics)
    assert "terminó con código 3" in told
    assert "paso 29" in told
    assert "paso 9\n" not in told


def test_a_new_run_id_recovers_from_a_stage_that_failed(job: Any):
    with pytest.raises(TerraformError):
        job.apply({"script": "raise SystemExit(3)", "run_id": "r1"})
    job.apply({"script": "print('bien')", "run_id": "r2"})
    assert [change for change in job.plan({"script": "print('bien')", "run_id": "r2"}).changes
            if change.action != "no-op"] == []  # fmt: skip
