"""Any bytes → a notebook, or what is wrong with them and how to put it right."""

import errno
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taller.errors import TallerError

Json = dict[str, Any]

MAX_BYTES = 100 * 1024 * 1024
_FORMAT = 4
MAX_CELLS = 2000
MAX_CELL = 512 * 1024
"""Characters of one code cell; other cells hold pictures, and are not read."""
MAX_CODE = 4 * 1024 * 1024
_MAX_ID = 64
"""Characters of a cell's id (nbformat 4.5) and of a grade_id; longer ones are nobody's."""
_MAX_TAGS = 50
_SHOWN_IDS = 10


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
        source: its text, of a code cell.
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
            "Entrega el archivo .ipynb en sí: ni un enlace a él, ni una carpeta.",
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
    if not stat.S_ISREG(path.lstat().st_mode):  # opening some devices does something
        raise OSError(errno.EINVAL, "no es un archivo", str(path))
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "no es un archivo", str(path))
        if found.st_size > limit:  # perhaps a hole of terabytes: nothing of it is read
            return bytes(limit + 1)
        return file.read(limit + 1)


def read_notebook(content: bytes) -> Notebook:
    """Read a notebook of format 4, whatever its minor version.

    Raises:
        InvalidNotebook: it is not one.
    """
    tree = _parse(content)
    _check_format(tree)
    if len(tree["cells"]) > MAX_CELLS:
        raise InvalidNotebook(
            f"El notebook tiene {len(tree['cells'])} celdas y caben {MAX_CELLS}.",
            "Borra las que no son del ejercicio, guárdalo y entrégalo otra vez.",
        )
    cells = tuple(_cell(number, raw) for number, raw in enumerate(tree["cells"], 1))
    _check_size(sum(len(cell.source) for cell in cells), MAX_CODE, "El notebook")
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
    except RecursionError as error:
        raise InvalidNotebook(
            "El notebook no se puede leer: tiene demasiados niveles, unos dentro de otros.", _SAVE
        ) from error
    except ValueError as error:  # Python's limit on the digits of a number
        raise InvalidNotebook(
            "El notebook no se puede leer: tiene un número de miles de cifras.", _SAVE
        ) from error


_SAVE = "Ábrelo en JupyterLab y guárdalo de nuevo."


def _check_format(tree: Any) -> None:
    again = "Ábrelo en JupyterLab, que lo convierte, guárdalo y entrégalo otra vez."
    if not isinstance(tree, dict) or "nbformat" not in tree:
        raise InvalidNotebook(
            "El archivo es JSON, pero no un notebook: le falta «nbformat».",
            "Entrega el .ipynb del ejercicio.",
        )
    if tree["nbformat"] != _FORMAT:
        raise InvalidNotebook(
            f"El notebook tiene el formato {str(tree['nbformat'])[:20]} y hace falta el {_FORMAT}.",
            again,
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
    kind = _text(raw.get("cell_type"))
    if kind == "code":
        _check_size(len(source), MAX_CELL, f"La celda {number}")
    metadata = _dict(raw.get("metadata"))
    tags = metadata.get("tags")
    return Cell(
        kind=kind,
        id=_text(raw.get("id")),
        grade_id=_text(_dict(metadata.get("nbgrader")).get("grade_id")),
        tags=frozenset(map(_text, tags[:_MAX_TAGS])) if isinstance(tags, list) else frozenset(),
        # JSON may hold half a character
        source=source.encode("utf-8", "replace").decode() if kind == "code" else "",
    )


def _check_size(size: int, most: int, what: str) -> None:
    if size > most:
        raise InvalidNotebook(
            f"{what} tiene {size // 1024} kB de código y caben {most // 1024}.",
            "Deja solo lo que pide el ejercicio, guárdalo y entrégalo otra vez.",
        )


_RESTORE = "Ábrelo en JupyterLab, repara o borra esa celda, guárdalo y entrégalo otra vez."


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_ID:
        return ""
    return value.encode("utf-8", "replace").decode()


def _flags(cells: tuple[Cell, ...]) -> list[str]:
    ids = Counter(cell.id for cell in cells if cell.id)
    twice = sorted(id_ for id_, times in ids.items() if times > 1)
    flags = [f"id de celda repetido: {id_}" for id_ in twice[:_SHOWN_IDS]]
    if len(twice) > _SHOWN_IDS:
        flags.append(f"y otros {len(twice) - _SHOWN_IDS} id repetidos")
    missing = len(cells) - ids.total()
    return [*flags, *([f"{missing} celdas sin id"] if missing else [])]
