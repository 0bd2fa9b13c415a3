"""Modules of the reference infrastructure, copied into a workspace that wants to call them."""

from pathlib import Path

import pytest

from taller.lab import Lab, LabError
from taller.workspace import repository


def test_a_copied_module_is_whole_and_can_be_called_by_a_short_path(home: Path) -> None:
    lab = Lab("leccion-01", prefix="modulos", banner=False)
    lab.copy_modules("shared", "registry")
    for name in ("shared", "registry"):
        source = repository() / "infra" / "modules" / name
        wanted = {path.relative_to(source): path.read_bytes() for path in _files(source)}
        copy = lab.folder / "modules" / name
        assert {path.relative_to(copy): path.read_bytes() for path in _files(copy)} == wanted


def test_a_module_that_does_not_exist_is_refused_and_nothing_is_copied(home: Path) -> None:
    lab = Lab("leccion-01", prefix="modulos", banner=False)
    with pytest.raises(LabError, match="ningún módulo «registro»") as refused:
        lab.copy_modules("shared", "registro")
    assert "registry" in str(refused.value)
    assert not (lab.folder / "modules").exists()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
