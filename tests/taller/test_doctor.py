"""The doctor gets what is missing, once, and says what it does."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import docker
import pytest

from taller import workspace
from taller.doctor import base_image, debian_image, examine, image, pip_build_args, repair
from taller.doctor.packages import can_install
from taller.progress import Progress

pytestmark = pytest.mark.engine


def run_without_an_engine(script: str, home: Path) -> str:
    """Run Python where no engine runs: a network, processes and ``/run`` of its own."""
    if os.geteuid() != 0:
        pytest.fail("A network namespace needs root: run these tests as root, as CI does.")
    setup = (
        "mount -t tmpfs none /run && mount -t tmpfs none /var/lib/docker && ip link set lo up && "
        'exec "$0" -c "$1"'
    )
    environment = {k: v for k, v in os.environ.items() if k != "DOCKER_HOST"}
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
         "sh", "-c", setup, sys.executable, textwrap.dedent(script)],
        capture_output=True, text=True, check=False, timeout=120,
        env={**environment, "TALLER_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_engine_is_started_where_none_runs_and_never_a_second_one(tmp_path: Path) -> None:
    output = run_without_an_engine(
        """
        import psutil
        from taller.doctor import engine
        from taller.progress import Progress

        def daemons():
            return sum(p.name() == "dockerd" for p in psutil.process_iter())

        print(engine.check().status, daemons())
        engine.fix(Progress())
        print(engine.check().status, daemons())
        engine.fix(Progress())
        print(engine.check().status, daemons())
        """,
        tmp_path / "home",
    )
    assert output.splitlines() == ["missing 0", "found 1", "found 1"]


def test_an_engine_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    output = run_without_an_engine(
        """
        from pathlib import Path
        from taller.doctor import engine
        from taller.errors import TallerError
        from taller.progress import Progress

        engine._START_SECONDS = 2
        Path("/run/docker.pid").mkdir()  # dockerd refuses to start over this
        try:
            engine.fix(Progress())
        except TallerError as error:
            print(error.message, error.suggestion)
        """,
        tmp_path / "home",
    )
    assert "no contesta después de 2 s" in output
    assert "docker.pid" in output
    assert "dockerd.log" in output


def test_a_repair_of_a_machine_that_is_ready_changes_nothing(home: Path) -> None:
    progress = Progress()
    findings = repair(progress)
    assert {finding.status for finding in findings} <= {"found", "embedded"}
    assert progress.steps == []
    assert findings == examine()


def test_repairs_at_once_wait_for_each_other(home: Path) -> None:
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "taller", "doctor", "--fix"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for command in commands:
        output, _ = command.communicate(timeout=60)
        assert command.returncode == 0, output


def test_the_base_image_is_one_that_the_engine_has(engine: docker.DockerClient) -> None:
    assert engine.images.get(base_image())


@pytest.mark.slow
def test_a_base_image_is_made_of_debians_packages(
    prefix: str, leftovers: None, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_install():
        pytest.fail("This test builds an image with mmdebstrap: run it as root on Debian.")
    monkeypatch.setattr(debian_image, "REPOSITORY", f"{prefix}-base")
    monkeypatch.setattr(image, "OFFICIAL", f"{prefix}.invalid/python:none")
    assert image.check().status == "missing"
    image.fix(Progress())
    assert image.check().status == "embedded"
    name = base_image()
    made = engine.images.get(name)
    assert made.labels == {"taller.role": "base"}
    assert len(made.attrs["RootFS"]["Layers"]) == 1
    script = (
        "import sys, ssl, venv; print(sys.version_info >= (3, 11)); "
        "print(open(ssl.get_default_verify_paths().cafile).read())"
    )
    said = engine.containers.run(name, ["python", "-c", script], remove=True, name=f"{prefix}_run")
    version, _, certificates = said.decode().partition("\n")
    assert version == "True"
    assert certificates.strip() == Path("/etc/ssl/certs/ca-certificates.crt").read_text().strip()


def test_pips_settings_become_build_arguments_without_local_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://index.invalid/simple\n"
        "extra-index-url = file:///srv/wheels https://extra.invalid/simple\n"
    )
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    assert pip_build_args() == {
        "PIP_INDEX_URL": "https://index.invalid/simple",
        "PIP_EXTRA_INDEX_URL": "https://extra.invalid/simple",
    }
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.invalid/simple")
    assert pip_build_args()["PIP_INDEX_URL"] == "https://other.invalid/simple"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_INDEX_URL")
    assert pip_build_args() == {}


def test_the_home_of_the_workshop_is_in_its_repository_unless_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TALLER_HOME", raising=False)
    assert workspace.home() == workspace.repository() / ".taller"
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    assert workspace.home() == tmp_path
