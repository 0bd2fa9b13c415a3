"""The Docker provider for Terraform: from the registry, a mirror, or the embedded one."""

import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from taller import process
from taller.doctor.finding import Finding
from taller.errors import TallerError
from taller.progress import Progress
from taller.provider import choose
from taller.provider.choice import registry_mirror
from taller.terraform import locate

NAME = "Provider Docker"
_REGISTRY = "https://registry.terraform.io/v1/providers/kreuzwerker/docker/versions"
_PROBE_SECONDS = 3
_DOWNLOAD_SECONDS = 300
_REQUIREMENT = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
"""


def check() -> Finding:
    """Which provider Terraform will be given."""
    try:
        choice = choose()
    except TallerError as error:
        return Finding(NAME, "missing", detail=error.message, advice=error.suggestion)
    return Finding(
        NAME, "embedded" if choice.served_here else "found", choice.version, choice.title
    )


def fix(progress: Progress) -> None:
    """Fill the mirror from the registry, where one answers; else the embedded one stays."""
    if choose().kind != "embedded":
        return
    if not _registry_answers():
        progress.say("  El registry de Terraform no responde: se usa el proveedor embebido.")
        return
    with (
        progress.step("Provider: copio kreuzwerker/docker del registry a un mirror") as update,
        tempfile.TemporaryDirectory() as scratch,
    ):
        (Path(scratch) / "main.tf").write_text(_REQUIREMENT)
        target = registry_mirror()
        target.mkdir(parents=True, exist_ok=True)
        done = process.run(
            [locate(), "providers", "mirror", str(target)], cwd=Path(scratch),
            timeout=_DOWNLOAD_SECONDS, on_line=update,
        )  # fmt: skip
        if done.returncode:
            progress.say(
                f"  No se pudo descargar; se usa el embebido. {done.stderr.strip()[-300:]}"
            )


def _registry_answers() -> bool:
    try:
        with urllib.request.urlopen(_REGISTRY, timeout=_PROBE_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, OSError):
        return False
