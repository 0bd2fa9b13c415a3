"""The variables that every configuration of the workshop may declare and need not set."""

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from taller.doctor import image
from taller.errors import TallerError
from taller.lab.files import configuration
from taller.workspace import repository

_VARIABLE = re.compile(r'^\s*variable\s+"(base_image|build_args)"', re.MULTILINE)


def given_variables(folder: Path, prefix: str) -> dict[str, Any]:
    """``prefix`` and ``root_path``; ``base_image`` and ``build_args`` where they are declared.

    The last two are asked of Docker and of pip, which takes a moment.

    Raises:
        TallerError: the configuration wants a base image, and this machine has none.
    """
    given: dict[str, Any] = {"prefix": prefix, "root_path": str(repository())}
    texts = "\n".join(
        (folder / name).read_text("utf-8", "replace") for name in configuration(folder)
    )
    declared = set(_VARIABLE.findall(texts))
    if "base_image" in declared:
        given["base_image"] = image.base_image()
    if "build_args" in declared:
        given["build_args"] = _pip_build_args()
    return given


_pip_build_args = cache(image.pip_build_args)
"""Asking pip takes half a second, and its settings stay."""


def copy_infra(folder: Path) -> None:
    """Put the reference infrastructure into a workspace, over what an older copy left.

    Raises:
        TallerError: it is not there.
    """
    source = repository() / "infra"
    if not source.is_dir():
        raise TallerError(
            f"No encuentro la infraestructura de referencia en {source}.",
            "Ejecuta el cuaderno desde la carpeta del taller.",
        )
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", ".taller")
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=ignored)
