"""Any bytes → a notebook, or what is wrong with them and how to put it right."""

import errno
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taller.errors import TallerError

Json = dict[str, Any]

MAX_BYTES = 100 * 1024 * 1024
_FORMAT = 4


class InvalidNotebook(TallerError):
    """These bytes are no notebook; the suggestion is for the student."""


@dataclass(frozen=True)
class Cell:
    """A cell as the student handed it in.

    Attributes:
        kind: ``code``, ``markdown`` or ``raw``.
        id: nbformat's cell id, or an empty string in notebooks older than 4.5.
        grade_id: nbgrader's, or an empty string.
        tags: as Jupyter keeps them.
        source: its text.
    """

    kind: str
    id: str
    grade_id: str
    tags: frozenset[str]
    source: str


@dataclass(frozen=True)
class Notebook:
    """What a grader needs of a notebook: its cells, and remarks for the instructor."""

    cells: tuple[Cell, ...]
    flags: tuple[str, ...] = field(default=())


def read_bytes(path: Path) -> bytes:
    """The bytes of a submitted file; links are not followed, and huge files are not read.

    Raises:
        InvalidNotebook: it is no regular file, cannot be read, or is too big.
    """
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise InvalidNotebook(
            f"«{path.name}» no se puede leer: {error.strerror}.",
            "Entrega el archivo .ipynb en sí, no un enlace a él.",
        ) from error
    if len(content) > MAX_BYTES:
        raise InvalidNotebook(
            f"«{path.name}» ocupa más de {MAX_BYTES // 2**20} MB.",
            "Bórrale las salidas (Edit → Clear Outputs of All Cells), guárdalo y entrégalo otra "
            "vez.",
        )
    return content


def read_regular(path: Path, limit: int) -> bytes:
    """At most ``limit`` + 1 bytes of a regular file; links are not followed.

    Raises:
        OSError: it is not there, is no regular file, or may not be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "no es un archivo", str(path))
        return file.read(limit + 1)


def read_notebook(content: bytes) -> Notebook:
    """Read a notebook of format 4, whatever its minor version.

    Raises:
        InvalidNotebook: it is not one.
    """
    tree = _parse(content)
    _check_format(tree)
    cells = tuple(_cell(number, raw) for number, raw in enumerate(tree["cells"], 1))
    return Notebook(cells, tuple(_flags(cells)))


def _parse(content: bytes) -> Any:
    if not content.strip():
        raise InvalidNotebook("El archivo está vacío.", "Guarda el notebook y entrégalo otra vez.")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidNotebook(
            f"El archivo no es texto UTF-8 (byte {error.start}).",
            "Ábrelo en JupyterLab, guárdalo y entrega ese archivo, sin comprimir.",
        ) from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg
        what = "termina antes de tiempo" if cut else "no es JSON válido"
        raise InvalidNotebook(
            f"El notebook {what} (línea {error.lineno}, columna {error.colno}).",
            "Probablemente se cortó al subirlo: descárgalo otra vez de Jupyter y entrégalo."
            if cut
            else "Ábrelo en JupyterLab; si no se abre, recupera una versión anterior.",
        ) from error
    except (RecursionError, ValueError) as error:
        raise InvalidNotebook(
            f"El notebook no se puede leer: {error}.", "Ábrelo en JupyterLab y guárdalo de nuevo."
        ) from error


def _check_format(tree: Any) -> None:
    again = "Ábrelo en JupyterLab, que lo convierte, guárdalo y entrégalo otra vez."
    if not isinstance(tree, dict) or "nbformat" not in tree:
        raise InvalidNotebook(
            "El archivo es JSON, pero no un notebook: le falta «nbformat».",
            "Entrega el .ipynb del ejercicio.",
        )
    if tree["nbformat"] != _FORMAT:
        raise InvalidNotebook(
            f"El notebook tiene el formato {tree['nbformat']!r} y hace falta el {_FORMAT}.", again
        )
    if not isinstance(tree.get("cells"), list):
        raise InvalidNotebook("El notebook no tiene una lista de celdas («cells»).", again)


def _cell(number: int, raw: Any) -> Cell:
    if not isinstance(raw, dict):
        raise InvalidNotebook(f"La celda {number} no es un objeto JSON.", _RESTORE)
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise InvalidNotebook(f"La celda {number} no tiene texto («source»).", _RESTORE)
    metadata = _dict(raw.get("metadata"))
    tags = metadata.get("tags")
    return Cell(
        kind=_text(raw.get("cell_type")),
        id=_text(raw.get("id")),
        grade_id=_text(_dict(metadata.get("nbgrader")).get("grade_id")),
        tags=frozenset(map(_text, tags)) if isinstance(tags, list) else frozenset(),
        source=source.encode("utf-8", "replace").decode(),  # JSON may hold half a character
    )


_RESTORE = "Ábrelo en JupyterLab, repara o borra esa celda, guárdalo y entrégalo otra vez."


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _flags(cells: tuple[Cell, ...]) -> list[str]:
    ids = [cell.id for cell in cells if cell.id]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []
    flags = [f"id de celda repetido: {id_}" for id_ in twice]
    missing = len(cells) - len(ids)
    return [*flags, *([f"{missing} celdas sin id"] if missing else [])]
