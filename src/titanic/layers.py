"""Publishing a layer: all of it or nothing, also on a folder that is a mount point."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from titanic import manifest
from titanic.errors import TitanicError
from titanic.manifest import FileEntry, Manifest

TEMPORARY = ".tmp-"
VERSION = "v-"


def publish(
    layer_dir: Path,
    files: Mapping[str, bytes],
    *,
    layer: str,
    stage: str,
    rows: int,
    schema: Mapping[str, str],
    inputs: Mapping[str, str],
    details: Mapping[str, Any] | None = None,
) -> Manifest:
    """Make `files` (content by name) the current version of the layer and return its manifest.

    The files go to a temporary folder inside the layer (a rename cannot cross mounts), which is
    renamed to its version; then the manifest is replaced. The version before it stays for readers
    that opened it; older ones go. For people, each file is also linked under its plain name.

    Raises:
        TitanicError: the folder cannot be written, or is full; the old version stays current.
    """
    version = VERSION + _digest(files)
    new = Manifest(
        layer=layer,
        stage=stage,
        rows=rows,
        schema=dict(schema),
        inputs=dict(sorted(inputs.items())),
        files={name: _entry(version, name, content) for name, content in sorted(files.items())},
        code=manifest.code_version(),
        details=dict(details or {}),
    )
    with _writable(layer_dir), _locked(layer_dir):
        _remove(layer_dir.glob(f"{TEMPORARY}*"))  # left by a run that was killed
        before = _current(layer_dir)
        if not _is_intact(layer_dir, new):
            _write_version(layer_dir, version, files)
        _replace(layer_dir, manifest.MANIFEST, new.to_json().encode())
        _link_plain_names(layer_dir, version, files)
        _remove(layer_dir / name for name in before.keys() - files.keys())
        kept = {version, *(entry.path.split("/")[0] for entry in before.values())}
        _remove(path for path in layer_dir.glob(f"{VERSION}*") if path.name not in kept)
    return new


def _digest(files: Mapping[str, bytes]) -> str:
    listing = "".join(f"{name}:{manifest.sha256(files[name])}\n" for name in sorted(files))
    return manifest.sha256(listing.encode())[:16]


def _entry(version: str, name: str, content: bytes) -> FileEntry:
    return FileEntry(f"{version}/{name}", manifest.sha256(content), len(content))


@contextmanager
def _writable(layer_dir: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error that says where and what to do."""
    try:
        layer_dir.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise TitanicError(
            f"No se puede escribir en {layer_dir}: {error.strerror or error}.",
            "Comprueba que el volumen está montado con escritura, que tiene espacio libre "
            f"y que el usuario {os.getuid()} puede escribir en él.",
        ) from error


@contextmanager
def _locked(layer_dir: Path) -> Iterator[None]:
    """One publisher at a time; the kernel frees the lock of a process that dies."""
    descriptor = os.open(layer_dir, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _current(layer_dir: Path) -> dict[str, FileEntry]:
    """The files that the manifest names now; a damaged or missing manifest names none."""
    try:
        return manifest.read(layer_dir).files
    except TitanicError:
        return {}


def _is_intact(layer_dir: Path, wanted: Manifest) -> bool:
    """Whether the version is there already: then it must not vanish, not even for a moment."""
    try:
        return bool([manifest.file_path(layer_dir, wanted, name) for name in wanted.files])
    except TitanicError:
        return False


def _write_version(layer_dir: Path, version: str, files: Mapping[str, bytes]) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=layer_dir))
    try:
        temporary.chmod(0o755)  # mkdtemp's 0700 would shut out a reader with another user
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        _remove([layer_dir / version])  # damaged
        temporary.rename(layer_dir / version)
    finally:
        _remove([temporary])


def _replace(layer_dir: Path, name: str, content: bytes) -> None:
    temporary = layer_dir / f"{TEMPORARY}{name}"
    temporary.write_bytes(content)
    temporary.replace(layer_dir / name)


def _link_plain_names(layer_dir: Path, version: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        temporary = layer_dir / f"{TEMPORARY}{name}"
        try:
            temporary.hardlink_to(layer_dir / version / name)
        except OSError:  # a file system without hard links
            temporary.write_bytes(content)
        temporary.replace(layer_dir / name)
        temporary.unlink(missing_ok=True)  # a rename between links of one file leaves both


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
