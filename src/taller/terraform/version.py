"""Which Terraform a program is."""

import json
import shutil
import sys
from functools import lru_cache
from pathlib import Path

from taller import process
from taller.errors import TallerError
from taller.process import ProgramMissing
from taller.terraform.command import environment
from taller.terraform.results import Version

MINIMUM = (1, 5)
"""The oldest Terraform that the workshop works with."""


def locate() -> str:
    """The Terraform to use: the one on the PATH if it is recent enough, else the environment's.

    The virtual environment may have a ``terraform`` that ``taller doctor --fix`` put there.

    Raises:
        ProgramMissing: there is none, or what there is is too old; the message says which.
    """
    beside_python = str(Path(sys.executable).with_name("terraform"))
    too_old = []
    for candidate in (shutil.which("terraform"), shutil.which(beside_python)):
        if candidate is not None:
            found = version(candidate)
            if found.numbers >= MINIMUM:
                return candidate
            too_old.append(f"{candidate} es la versión {found.text}")
    wanted = ".".join(map(str, MINIMUM))
    raise ProgramMissing(
        f"Hace falta Terraform {wanted} o posterior: {'; '.join(too_old) or 'no hay ninguno'}.",
        "Ejecuta «taller doctor --fix», que instala uno en el entorno virtual.",
    )


def version(binary: str) -> Version:
    """Ask a Terraform program for its version."""
    path = _resolve(binary)
    return _version(path, Path(path).stat().st_mtime_ns)


def _resolve(binary: str) -> str:
    found = shutil.which(binary)
    if found is None:
        raise ProgramMissing(
            f"No se encuentra el programa «{binary}».",
            "Ejecuta «taller doctor --fix», que lo instala.",
        )
    return found


@lru_cache(maxsize=8)
def _version(path: str, _modified_ns: int) -> Version:
    """Remembered until the program's file changes: each call costs a twentieth of a second."""
    completed = process.run([path, "version", "-json"], timeout=60, env=environment({}))
    try:
        return Version(json.loads(completed.stdout)["terraform_version"], path)
    except (ValueError, KeyError) as error:
        raise TallerError(
            f"«{path} version -json» no contesta como Terraform: {completed.stderr.strip()}",
            "Comprueba qué programa es el «terraform» de tu PATH.",
        ) from error
