"""A filesystem mirror with the embedded provider, for plain ``terraform`` in a terminal."""

import sys
from pathlib import Path

from taller import process
from taller.errors import TallerError
from taller.provider.choice import Choice, own_mirror
from taller.provider.wiring import cli_configuration

_SECONDS = 60


def install_mirror(folder: Path | None = None) -> Path:
    """Write the mirror and a CLI configuration that uses it; returns the configuration's path.

    Raises:
        TallerError: the folder cannot be written; the message says why.
    """
    mirror = (folder or own_mirror()).absolute()
    done = process.run(
        [sys.executable, "-m", "docker_provider", "install", str(mirror)], timeout=_SECONDS
    )
    if done.returncode:
        raise TallerError(
            f"No se pudo escribir el mirror en {mirror}:\n{done.stderr.strip()[-400:]}",
            "Elige una carpeta en la que puedas escribir: taller provider install CARPETA",
        )
    settings = mirror / "terraform.tfrc"
    settings.write_text(cli_configuration(Choice("mirror", folder=mirror)), "utf-8")
    return settings
