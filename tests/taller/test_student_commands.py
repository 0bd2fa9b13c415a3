"""The same exercise from a terminal: check, hint, reset, watch."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner, Result

from taller.cli import taller
from taller.lab import Lab

pytestmark = pytest.mark.engine

VERSIONS = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

provider "docker" {}

variable "prefix" {
  type = string
}
"""


@pytest.fixture
def lab(
    tmp_path: Path, prefix: str, engine: docker.DockerClient, leftovers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:  # fmt: skip
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = Lab("ej01", prefix=prefix, banner=False)
    yield made
    made.teardown()


def run(*args: str) -> Result:
    return CliRunner().invoke(taller, args)


def test_check_shows_the_card_and_fails_while_points_are_missing(lab: Lab, prefix: str) -> None:
    (lab.folder / "versions.tf").write_text(VERSIONS)
    result = run("check", "ej01", "--prefix", prefix)
    assert result.exit_code == 1
    assert f"Carpeta: {lab.folder}" in result.output
    assert "✗ 0/" in result.output
    passing = run("check", "1", "required_provider", "--prefix", prefix)
    assert (passing.exit_code, "✓ 1/1" in passing.output) == (0, True)


def test_a_hint_has_three_levels() -> None:
    assert "Pista 2" in run("hint", "ej01", "gold_volume_exists", "2").output
    assert run("hint", "ej01", "gold_volume_exists", "4").exit_code == 2


def test_reset_destroys_and_empties_but_keeps_copies(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    lab.write("main.tf", VERSIONS + f'resource "docker_volume" "x" {{\n  name = "{prefix}_x"\n}}\n')
    lab.apply()
    result = run("reset", "ej01", "--prefix", prefix, "--yes")
    assert result.exit_code == 0, result.output
    assert [v.name for v in engine.volumes.list() if v.name.startswith(prefix)] == []
    assert lab.files().rows == []
    assert (lab.folder / ".taller/previous/main.tf.00001").is_file()


def test_watch_checks_again_at_each_save_and_ends_with_ctrl_c(lab: Lab, prefix: str) -> None:
    log = lab.folder.parent / "watch.log"
    with log.open("w") as out:
        watching = subprocess.Popen(
            [sys.executable, "-m", "taller", "watch", "ej01", "--prefix", prefix],
            stdout=out, stderr=out, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        _wait_for(log, "0 de 9 puntos")
        (lab.folder / "versions.tf").write_text(VERSIONS)
        _wait_for(log, "2 de 9 puntos")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    assert "Traceback" not in log.read_text()


def _wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
