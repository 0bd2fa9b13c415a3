"""The variables that every configuration of the workshop may declare and need not set."""

import re
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from taller.doctor import image
from taller.errors import TallerError
from taller.workspace import repository


def given_variables(folder: Path, prefix: str) -> dict[str, Any]:
    """``prefix``, ``root_path``, ``base_image`` and ``build_args``, where they are declared.

    Where the text leaves a doubt a variable counts as declared: it goes to Terraform in a file, and
    of a value in a file that nobody declares Terraform only warns.

    The last two are asked of Docker and of pip, which takes a moment.

    Raises:
        TallerError: the configuration wants a base image, and this machine has none.
    """
    values: dict[str, Callable[[], Any]] = {
        "prefix": lambda: prefix,
        "root_path": lambda: str(repository()),
        "base_image": image.base_image,
        "build_args": _pip_build_args,
    }
    texts = [
        path.read_text("utf-8", "replace")
        for path in sorted(folder.glob("*"))
        if path.name.endswith((".tf", ".tf.json")) and path.is_file()
    ]
    return {
        name: value()
        for name, value in values.items()
        if any(_may_declare(text, name) for text in texts)
    }


def _may_declare(text: str, name: str) -> bool:
    """Whether the word ``variable``, and before a brace the name: ``variable "prefix" {``.

    In JSON the two stand in each other's braces.
    """
    pattern = rf'\bvariable\b[^{{}}]*\b{name}\b|"variable"\s*:.*"{name}"\s*:'
    return re.search(pattern, text, re.DOTALL) is not None


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
