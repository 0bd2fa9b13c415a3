"""Whose an entry of a folder of submissions is, from its name alone."""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_[a-z]+_?(?P<name>.*)", re.DOTALL)
"""``Ana García_1234_assignsubmission_file``, a folder or the beginning of a file's name."""
_CANVAS = re.compile(r"(?P<student>.+?)(?:_LATE)?(?P<id>_\d+)_\d+_(?P<name>.+)", re.DOTALL)
"""``garciaana_LATE_1234_567890_ej01.ipynb``: student, late, user, attachment, file."""
_CANVAS_ANONYMOUS = re.compile(r"(?P<student>anon_[^_]+)_\d+_(?P<name>.+)", re.DOTALL)
_EXERCISE = re.compile(r"ej(?:ercicio)?[\s_.\-\xa0]*0*(\d{1,2})(?!\d)", re.IGNORECASE)
_NOT_STUDENTS = frozenset({"__MACOSX", "lost+found", "System Volume Information", "$RECYCLE.BIN"})
_MADE_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "timestamp.txt", "submission_secret.txt"})
_LONGEST = 200
"""Bytes of a student's name: it becomes a folder's, with room for what others add."""


@dataclass(frozen=True)
class Downloaded:
    """A file's name in a download of Moodle or Canvas: whose, and what its author called it."""

    student: str
    name: str


def downloaded(name: str) -> Downloaded | None:
    """The parts of a file's name, when a platform has put the student in front of it."""
    for pattern in (_MOODLE, _CANVAS_ANONYMOUS, _CANVAS):
        found = pattern.fullmatch(name)
        if found and is_notebook(found["name"]):
            return Downloaded(found["student"] + (found.groupdict().get("id") or ""), found["name"])
    return None


def student_of_folder(name: str) -> str:
    """The student whose folder has this name."""
    moodle = _MOODLE.fullmatch(name)
    return moodle["student"] if moodle else name


def is_hidden(name: str) -> bool:
    """Whether it is nobody's: hidden, or made by a system that packed or showed the folder."""
    return name.startswith(".") or name in _NOT_STUDENTS or name.lower() in _MADE_BY_SYSTEMS


def is_notebook(name: str) -> bool:
    """Whether a file's name says that it is a notebook; some browsers add an ending."""
    return ".ipynb" in name.lower()[-16:]


def numbered(name: str) -> int | None:
    """The number of the exercise that a file's name speaks of: ``Ejercicio 1.ipynb``."""
    found = _EXERCISE.search(name)
    return int(found[1]) if found else None


def plain_name(name: str) -> str:
    """A name that files, tables and databases can hold, equal to itself where it can be.

    Bytes that are no UTF-8 are read as Latin-1, in which old archives write names. What would
    break a line or turn it around is written as its code. Long names end with a digest.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("latin-1")
    name = "".join(c if _fits(c) else f"%{ord(c):02X}" for c in name)
    raw = name.encode()
    if len(raw) <= _LONGEST:
        return name
    import hashlib

    digest = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[: _LONGEST - 9].decode('utf-8', 'ignore')}~{digest}"


def _fits(character: str) -> bool:
    """Control characters, separators of lines and turns of direction do not."""
    category = unicodedata.category(character)
    return category not in ("Cc", "Cs", "Zl", "Zp") and character not in _TURNS


_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_output(path: Path) -> bool:
    """Whether a folder is the OUT of some grader."""
    return (path / "seal.json").is_file() or (path / "ledger.db").is_file()
