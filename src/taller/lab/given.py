"""The variables that every configuration of the workshop may declare and need not set."""

import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath
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


def copy_modules(folder: Path, names: Sequence[str]) -> list[PurePosixPath]:
    """Put modules of the reference infrastructure into a workspace's ``modules/``.

    Returns:
        Their files, relative to the workspace.

    Raises:
        TallerError: there is no module with one of these names.
    """
    source = repository() / "infra" / "modules"
    there = sorted(found.name for found in source.glob("*/"))
    for name in names:
        if name not in there:
            raise TallerError(
                f"En infra/modules no hay ningún módulo «{name}».",
                f"Los que hay: {', '.join(there) or 'ninguno'}.",
            )
    modules = folder / "modules"
    for name in names:
        shutil.copytree(source / name, modules / name, dirs_exist_ok=True)
    copied = (path for name in names for path in (modules / name).rglob("*") if path.is_file())
    return sorted(PurePosixPath(path.relative_to(folder)) for path in copied)


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
    for test in folder.glob("tests/*.tftest.hcl"):  # they name the Dockerfile's folder from infra/
        text = test.read_text("utf-8")
        test.write_text(text.replace('= ".."', f'= "{repository().as_posix()}"'), "utf-8")
