"""Debian's packages, where this process may install them."""

import os
import shutil
from pathlib import Path

from taller import process
from taller.errors import TallerError
from taller.progress import Progress

_SECONDS = 900


def os_release() -> dict[str, str]:
    """The machine's ``/etc/os-release``; empty where there is none."""
    path = Path("/etc/os-release")
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text("utf-8").splitlines())
    return {name: value.strip('"') for name, _, value in pairs}


def can_install() -> bool:
    """Whether this is root on Debian or Ubuntu."""
    family = os_release()
    known = {"debian", "ubuntu"} & {family.get("ID", ""), *family.get("ID_LIKE", "").split()}
    return bool(known) and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(progress: Progress, package: str, purpose: str) -> None:
    """Install a package, and say so.

    Raises:
        TallerError: apt-get failed; the message ends with what it said.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress.step(f"apt-get install {package} ({purpose})") as update:
        for command in (["update"], ["install", "-y", package]):
            done = process.run(
                ["apt-get", *command], timeout=_SECONDS, env=environment, on_line=update
            )
        if done.returncode:
            raise TallerError(
                f"«apt-get install {package}» falló:\n{done.stderr.strip()[-600:]}",
                f"Instálalo a mano y repite: apt-get update && apt-get install {package}",
            )
