"""What beginners write, each with what they read and where (``mistakes.toml``)."""

import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taller.lab import Lab, LabError
from taller.lab.errors import plain

MISTAKES = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text("utf-8"))["mistakes"]

REQUIRED = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

"""

FILES = {
    "versions.tf": REQUIRED + 'provider "docker" {}\n\nvariable "prefix" {\n  type = string\n}\n',
    "modules/data_layer/main.tf": REQUIRED
    + 'resource "docker_volume" "raw" {\n  name = "m_raw"\n}\n'
    'output "raw_volume" {\n  value = docker_volume.raw.name\n}\n',
    "modules/needy/main.tf": 'variable "prefix" {\n  type = string\n}\n',
    "modules/forgetful/main.tf": 'output "a" {\n  value = var.prefix\n}\n',
}


def opened(home: Path) -> Iterator[Lab]:
    """One lab for all mistakes: each overwrites the last one's file."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TALLER_HOME", str(home))
        made = Lab("leccion-99", prefix=f"t{secrets.token_hex(4)}", banner=False)
        for name, text in FILES.items():
            made.write(name, text)
        yield made
        made.write("main.tf", "")
        made.teardown()


def read(lab: Lab, mistake: dict[str, Any]) -> str:
    """What the student reads, and at which moment."""
    try:
        saved = lab.write("main.tf", mistake["hcl"], _number=7, _first_line=2).text()
    except LabError as error:
        return f"at write: {plain(str(error))}"
    if mistake["at"] == "remark":
        return f"at remark: {saved}"
    with pytest.raises(LabError) as caught:
        lab.plan()
    return f"at plan: {plain(str(caught.value))}"


def assert_explained(lab: Lab, mistake: dict[str, Any]) -> None:
    """It is explained once, when it should be, and at its line."""
    shown = read(lab, mistake)
    assert shown.startswith(f"at {mistake['at']}: ")
    assert mistake["says"] in " ".join(shown.split())
    if mistake["at"] == "remark":
        assert f"⚠ línea {mistake['line'] + 1}:" in shown
    elif mistake["line"]:
        assert f".tf:{mistake['line']})" in shown or f".tf:{mistake['line']}\n" in shown
    if mistake["at"] == "write":
        assert shown.count(" (main.tf:") == 1, "one mistake, one box"
