"""The files that a student writes: their names, and saving them so that nothing is lost."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from taller.errors import EXIT_USAGE
from taller.lab.errors import LabError

SUFFIXES = (".tf", ".tf.json", ".tfvars", ".tfvars.json", ".tftest.hcl", ".tfbackend")
"""What Terraform reads, and so what ``%%hcl`` writes."""

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_KEPT_VERSIONS = 20
_PRIVATE = (".taller", ".terraform")


def checked_name(name: str) -> PurePosixPath:
    """The name as a path inside a workspace.

    Raises:
        LabError: the path leaves the workspace, or Terraform would not read such a file.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise _bad_name(f"«{name}» sale de la carpeta del ejercicio.")
    if not path.parts or not all(_PART.fullmatch(part) for part in path.parts):
        raise _bad_name(f"«{name}» no es un nombre de archivo válido.")
    if not path.name.endswith(SUFFIXES):
        meant = f"{name.split('.')[0]}.tf"
        raise _bad_name(f"Terraform no leería «{name}»: ¿querías decir «{meant}»?")
    return path


def _bad_name(message: str) -> LabError:
    error = LabError(
        message,
        "Escribe un nombre como «main.tf» o «modules/data_layer/volumes.tf»: letras, números, "
        f"guiones y puntos, con una de estas terminaciones: {' '.join(SUFFIXES)}.",
    )
    error.exit_code = EXIT_USAGE
    return error


def save(folder: Path, name: PurePosixPath, text: str) -> Path | None:
    """Write a file atomically; return where its previous version was kept, if it had another.

    Raises:
        LabError: the disk is full or not writable; what was there before is still there.
    """
    target = folder / name
    try:
        inside = target.resolve().is_relative_to(folder.resolve())
        if not inside:
            raise _bad_name(f"«{name}» es un enlace que sale de la carpeta del ejercicio.")
        previous = keep(folder, name) if _differs(target, text) else None
        replace_text(target, text)
    except OSError as error:
        raise LabError(
            f"No se ha podido guardar «{name}»: {error.strerror or error}.",
            "La versión anterior sigue intacta y tu texto sigue en la celda. "
            "Libera espacio (o revisa los permisos de la carpeta) y ejecuta la celda otra vez.",
        ) from error
    return previous


def replace_text(target: Path, text: str) -> None:
    """Write a whole text file, or leave the one that is there untouched."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a full disk may speak up only now
        os.chmod(scratch, 0o644)  # mkstemp's 0600 would hide it from a container's user  # noqa: PTH101
        os.replace(scratch, target)  # noqa: PTH105 - the pair os.replace/os.unlink takes plain names
    except BaseException:
        os.unlink(scratch)  # noqa: PTH108
        raise


def keep(folder: Path, name: PurePosixPath) -> Path:
    """Copy the file's present text to ``.taller/previous``; the oldest copies go."""
    previous = folder / ".taller" / "previous"
    stem = "__".join(name.parts)
    copies = sorted(previous.glob(f"{stem}.[0-9][0-9][0-9][0-9][0-9]"))
    number = int(copies[-1].name.rpartition(".")[2]) + 1 if copies else 1
    copy = previous / f"{stem}.{number:05}"
    replace_text(copy, (folder / name).read_text("utf-8", "replace"))
    for old in copies[: max(0, len(copies) + 1 - _KEPT_VERSIONS)]:
        old.unlink()
    return copy


def _differs(target: Path, text: str) -> bool:
    return target.is_file() and target.read_text("utf-8", "replace") != text


def remove(folder: Path, name: PurePosixPath) -> Path:
    """Take a file out of the configuration; return the copy that is kept.

    Raises:
        LabError: there is no such file.
    """
    if not (folder / name).is_file():
        there = ", ".join(str(path) for path in configuration(folder)) or "ninguno"
        raise LabError(f"No hay ningún «{name}» en el ejercicio.", f"Los archivos son: {there}.")
    copy = keep(folder, name)
    (folder / name).unlink()
    return copy


def configuration(folder: Path) -> list[PurePosixPath]:
    """Every file that Terraform reads below a folder, in order."""
    return sorted(_walk(folder, folder))


def _walk(root: Path, folder: Path) -> Iterator[PurePosixPath]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name not in _PRIVATE:
            yield from _walk(root, path)
        elif path.name.endswith(SUFFIXES) and not path.name.startswith("."):
            yield PurePosixPath(path.relative_to(root).as_posix())
