"""The list of students: a name a line."""

import re
import unicodedata
from pathlib import Path

from taller.classroom.seats import ROSTER
from taller.errors import EXIT_USAGE, TallerError

_NAME = re.compile(r"\w[\w.@+-]{0,63}")


def read_students(file: Path) -> list[str]:
    """Read a list of students; empty lines and ``#`` comments are left out.

    Raises:
        TallerError: the file cannot be read, or a line is no name or is there twice; with its
            number.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TallerError(f"No se puede leer {file}: {error}", exit_code=EXIT_USAGE) from error
    students: list[str] = []
    for number, line in enumerate(lines, start=1):
        name = unicodedata.normalize("NFC", line.partition("#")[0].strip())
        if name in students:
            raise _bad_line(file, number, f"«{name}» está repetido")
        if name and (not _NAME.fullmatch(name) or name == ROSTER):
            raise _bad_line(file, number, f"«{name}» no es un nombre")
        students += [name] if name else []
    if not students:
        raise TallerError(f"{file} no tiene ningún estudiante.", exit_code=EXIT_USAGE)
    return students


def _bad_line(file: Path, number: int, what: str) -> TallerError:
    return TallerError(
        f"{file}, línea {number}: {what}.",
        "Escribe un nombre por línea, con letras, cifras o «. _ - + @», sin espacios.",
        exit_code=EXIT_USAGE,
    )
