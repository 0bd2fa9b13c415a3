"""Terraform interrupted, killed, locked, missing, too old: the state tells the truth."""

import getpass
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from moto.server import ThreadedMotoServer

from taller.process import ProgramMissing
from taller.terraform import LockInfo, StateLocked, Terraform, TerraformTimeout, locate
from taller.terraform.locks import holder_is_dead

pytestmark = pytest.mark.engine

SLOW = """
resource "terraform_data" "first" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "touch started; sleep ${var.seconds}" }
}
variable "seconds" { type = number }
"""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A configuration whose apply makes one resource at once and one slowly."""
    (tmp_path / "main.tf").write_text(SLOW)
    Terraform(tmp_path).init()
    return tmp_path


def start_apply(folder: Path, program: str = "apply") -> subprocess.Popen[bytes]:
    """An apply in another Python process; returns when the slow resource is being made."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from taller.terraform import Terraform
        Terraform(Path(sys.argv[1])).apply({"seconds": 60})
    """)
    applying = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (folder / "started").exists():
        assert time.monotonic() < deadline, "the apply did not begin"
        assert applying.poll() is None, applying.communicate()
        time.sleep(0.05)
    (folder / "started").unlink()
    return applying


def terraform_in(folder: Path) -> list[psutil.Process]:
    """The Terraform processes that work in a folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "terraform":
            try:
                if Path(process.cwd()) == folder:
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
    return found


def test_ctrl_c_during_apply_keeps_what_was_made_and_the_next_apply_finishes(slow: Path) -> None:
    applying = start_apply(slow)
    applying.send_signal(signal.SIGINT)
    output, _ = applying.communicate(timeout=60)
    assert b"KeyboardInterrupt" in output
    assert terraform_in(slow) == []
    terraform = Terraform(slow)
    assert "terraform_data.first" in terraform.state_list()
    terraform.apply({"seconds": 0})
    assert terraform.plan({"seconds": 0}).empty


def test_terraform_killed_during_apply_can_be_run_again(slow: Path) -> None:
    applying = start_apply(slow)
    for process in terraform_in(slow):
        process.kill()
    applying.communicate(timeout=60)
    assert applying.returncode != 0
    terraform = Terraform(slow)
    assert "terraform_data.first" in terraform.state_list()
    terraform.apply({"seconds": 0})
    assert terraform.plan({"seconds": 0}).empty


def test_the_time_limit_interrupts_terraform_and_the_state_is_saved(slow: Path) -> None:
    with pytest.raises(TerraformTimeout, match="3 s"):
        Terraform(slow, timeout=3).apply({"seconds": 60})
    assert "terraform_data.first" in Terraform(slow).state_list()


def test_a_state_that_another_process_holds_names_who_and_what_to_do(slow: Path) -> None:
    applying = start_apply(slow)
    try:
        with pytest.raises(StateLocked) as raised:
            Terraform(slow, lock_timeout=0).plan({"seconds": 0})
        lock = raised.value.lock
        assert lock.who.endswith(f"@{socket.gethostname()}")
        assert lock.operation == "OperationTypeApply"
        assert lock.id in raised.value.suggestion
        assert lock.who in raised.value.message
        assert not holder_is_dead(lock, slow)
    finally:
        applying.send_signal(signal.SIGINT)
        applying.communicate(timeout=60)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3-compatible server with an empty bucket; yields its address."""
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket="state")
    yield address
    server.stop()


def s3_backend(address: str, key: str) -> str:
    """The course's remote backend, against a server that is not AWS."""
    return f"""
terraform {{
  backend "s3" {{
    bucket                      = "state"
    key                         = "{key}.tfstate"
    region                      = "us-east-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    endpoints                   = {{ s3 = "{address}" }}
  }}
}}
"""


def test_a_remote_lock_left_by_a_killed_terraform_is_removed_with_a_notice(
    tmp_path: Path, bucket: str
) -> None:
    (tmp_path / "main.tf").write_text(SLOW + s3_backend(bucket, tmp_path.name))
    Terraform(tmp_path).init()
    applying = start_apply(tmp_path)
    for process in terraform_in(tmp_path):
        process.kill()
    applying.communicate(timeout=60)
    notices: list[str] = []
    terraform = Terraform(tmp_path, lock_timeout=0, on_notice=notices.append)
    terraform.apply({"seconds": 0})
    assert "Se quitó el lock" in notices[0]
    assert terraform.plan({"seconds": 0}).empty


def test_only_what_is_certain_makes_a_lock_stale(tmp_path: Path, bucket: str) -> None:
    (tmp_path / "main.tf").write_text(SLOW + s3_backend(bucket, tmp_path.name))
    Terraform(tmp_path).init()
    mine = f"{getpass.getuser()}@{socket.gethostname()}"
    past = "2020-01-01 10:00:00.123 +0000 UTC"
    stale = LockInfo("1", "p", "OperationTypeApply", mine, "1.11.4", past)
    assert holder_is_dead(stale, tmp_path)
    assert not holder_is_dead(replace(stale, who="ana@elsewhere"), tmp_path)
    assert not holder_is_dead(replace(stale, created="yesterday"), tmp_path)
    assert not holder_is_dead(stale, tmp_path / "local-state")


def test_a_remote_lock_that_is_held_is_left_alone(tmp_path: Path, bucket: str) -> None:
    (tmp_path / "main.tf").write_text(SLOW + s3_backend(bucket, tmp_path.name))
    Terraform(tmp_path).init()
    applying = start_apply(tmp_path)
    try:
        with pytest.raises(StateLocked, match="OperationTypeApply"):
            Terraform(tmp_path, lock_timeout=0).plan({"seconds": 0})
        assert applying.poll() is None
    finally:
        applying.send_signal(signal.SIGINT)
        applying.communicate(timeout=60)


def test_no_terraform_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ProgramMissing, match=r"no hay ninguno") as raised:
        locate()
    assert "taller doctor --fix" in raised.value.suggestion


def old_terraform(folder: Path) -> Path:
    """A program that says what Terraform 1.3 says about itself.

    A script, since no real Terraform that old can be had where the registry is out of reach.
    """
    program = folder / "terraform"
    program.write_text("""#!/bin/sh\necho '{"terraform_version": "1.3.9"}'\n""")
    program.chmod(0o755)
    return program


def test_a_terraform_that_is_too_old_is_named_with_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = old_terraform(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    with pytest.raises(ProgramMissing, match=r"1\.3\.9") as raised:
        locate()
    assert str(program) in raised.value.message


def test_the_environments_terraform_stands_in_for_one_that_is_too_old(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    genuine = locate()
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "terraform").symlink_to(genuine)
    old_terraform(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    assert locate() == str(tmp_path / "venv" / "terraform")


def test_a_program_that_is_not_terraform_is_an_error(tmp_path: Path) -> None:
    impostor = tmp_path / "terraform"
    impostor.write_text("#!/bin/sh\necho hello\n")
    impostor.chmod(0o755)
    from taller.errors import TallerError

    with pytest.raises(TallerError, match="no contesta como Terraform"):
        Terraform(tmp_path, binary=str(impostor)).version()


def test_settings_of_the_learner_do_not_change_what_a_call_means(
    slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-destroy")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/no/such/file")
    monkeypatch.setenv("TF_LOG", "trace")
    assert Terraform(slow).plan({"seconds": 0}).count("create") == 2


def test_plans_at_once_wait_for_each_other(slow: Path) -> None:
    counts: list[int] = []

    def plan() -> None:
        for _ in range(6):  # in some of them a lock is found whose holder has not said who it is
            counts.append(Terraform(slow, lock_timeout=20).plan({"seconds": 0}).count("create"))

    threads = [threading.Thread(target=plan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2] * 36
