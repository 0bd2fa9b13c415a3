"""The manifest of a layer: what it holds, from what and by which code it was made.

A layer folder holds one subfolder per published version and a ``manifest.json`` that names the
current one. The manifest is replaced atomically and last, so a reader that goes through it sees
the old version or the new one, never a mixture.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from titanic import __version__
from titanic.errors import BadInputError

MANIFEST = "manifest.json"

# Which stage publishes a layer: what to run when the layer is missing.
PRODUCERS = {
    "raw": "ingest",
    "silver": "transform",
    "gold": "features",
    "features": "features",
    "models": "train",
}


@dataclass(frozen=True)
class FileEntry:
    """One file of a layer: its path relative to the layer's folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a layer's current version holds.

    Attributes:
        layer: raw, silver, gold, features or models.
        stage: the stage that published it.
        rows: passengers in the layer's main table.
        schema: type of each column of that table.
        inputs: SHA-256 of each file it was made from, by ``layer/file``.
        files: the layer's files by name.
        code: version of the package, and a digest of its source.
        details: what only this layer tells, such as rejected rows by reason.
    """

    layer: str
    stage: str
    rows: int
    schema: dict[str, str]
    inputs: dict[str, str]
    files: dict[str, FileEntry]
    code: dict[str, str]
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest as it is written: sorted keys and no times, so that bytes compare."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


@cache
def code_version() -> dict[str, str]:
    """Version of this package and SHA-256 over its source files."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return {"version": __version__, "source_sha256": digest.hexdigest()}


def read(layer_dir: Path) -> Manifest:
    """The manifest of the layer in `layer_dir`.

    Raises:
        BadInputError: nothing was published there, or the manifest is damaged.
    """
    path = layer_dir / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        files = {name: FileEntry(**entry) for name, entry in document.pop("files").items()}
        return Manifest(files=files, **document)
    except FileNotFoundError:
        raise BadInputError(
            f"La capa {layer_dir} está vacía: no existe {path}.",
            f"Ejecuta antes la etapa «{producer(layer_dir)}» y monta su volumen en {layer_dir}.",
        ) from None
    except OSError as error:
        raise BadInputError(
            f"No se puede leer {path}: {error.strerror}.",
            "Comprueba que el volumen está montado y que este usuario puede leerlo.",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(
            f"El manifiesto {path} está dañado: {error}.",
            f"Vuelve a ejecutar la etapa «{producer(layer_dir)}».",
        ) from error


def producer(layer_dir: Path) -> str:
    """The stage that publishes the layer mounted at `layer_dir`."""
    return PRODUCERS.get(layer_dir.name, "train")


def file_path(layer_dir: Path, manifest: Manifest, name: str) -> Path:
    """The path of the layer's file `name`, after checking its SHA-256.

    Raises:
        BadInputError: the layer has no such file, or its bytes are not the published ones.
    """
    entry = manifest.files.get(name)
    path = layer_dir / entry.path if entry else layer_dir / name
    repair = f"Vuelve a ejecutar la etapa «{producer(layer_dir)}»."
    if entry is None or not path.is_file():
        raise BadInputError(f"En la capa {layer_dir} falta el fichero {name}.", repair)
    if sha256(path.read_bytes()) != entry.sha256:
        raise BadInputError(f"El fichero {path} no es el que se publicó: está dañado.", repair)
    return path


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()
