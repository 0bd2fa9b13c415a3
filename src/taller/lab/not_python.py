"""Cells that are neither Python nor a good ``%%hcl``: said in Spanish, before Python reads them."""

import difflib
import re
from typing import NoReturn

from taller.lab.errors import LabError

_HCL = re.compile(
    r'(?:resource|data)\s+["“\']?[\w-]+["”\']?\s+["“\']?[\w-]+["”\']?\s*\{'
    r'|(?:variable|output|module|provider)\s+["“\'][\w-]+["”\']\s*\{'
    r"|(?:terraform|locals|moved)\s*\{\s*$"
)
_TERMINAL = re.compile(r"(?P<program>terraform|docker|taller)\s+(?P<word>[a-z-]+)(?:\s|$)")
_MAGIC = re.compile(r"%+\s*(?P<name>[A-Za-z]+)\b(?P<rest>.*)")

_INSTEAD = {
    "terraform": "lab.{word}()",
    "docker": "lab.docker (y lab.docker.volumes(), .containers(), .logs(nombre)…)",
    "taller": "lab.{word}()",
}


def transform(lines: list[str]) -> list[str]:
    """IPython's hook: the cell as it is, or a line that says what is wrong with it."""
    place = next((n for n, line in enumerate(lines) if _is_code(line)), None)
    if place is None:
        return lines
    kind = _kind(lines[place].rstrip("\n"), below_a_comment=any(map(str.strip, lines[:place])))
    if not kind:
        return lines
    return [f"__import__('taller.lab.not_python', fromlist=['refuse']).refuse{kind!r}\n"]


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _kind(line: str, *, below_a_comment: bool) -> tuple[str, str] | None:
    """Which slip it is, and the word that its message needs."""
    if magic := _MAGIC.match(line):
        good = line.startswith("%%hcl") and magic["name"] == "hcl"
        if good:
            return ("below", magic["rest"].strip()) if below_a_comment else None
        if difflib.get_close_matches(magic["name"].lower(), ["hcl"], cutoff=0.6):
            return ("magic", line.split()[0])
        return None
    if _HCL.match(line):
        return ("hcl", line)
    if terminal := _TERMINAL.match(line):
        return ("terminal", f"{terminal['program']} {terminal['word']}")
    return None


def refuse(kind: str, word: str) -> NoReturn:
    """Say which slip it was.

    Raises:
        LabError: always.
    """
    if kind == "magic":
        raise LabError(
            f"«{word}» no existe: para guardar una celda como archivo se escribe %%hcl.",
            "La primera línea, con dos % y en minúsculas: %%hcl main.tf",
        )
    if kind == "below":
        raise LabError(
            "%%hcl tiene que ser la primera línea de su celda, y aquí va detrás de otra.",
            f"Súbela: primero «%%hcl {word or 'main.tf'}», y debajo tu comentario.",
        )
    if kind == "hcl":
        raise LabError(
            "Esta celda es HCL, pero no dice en qué archivo se guarda.",
            "Añade una primera línea, por ejemplo: %%hcl main.tf",
        )
    program, name = word.split()
    raise LabError(
        f"«{word}» es una orden de terminal; en el cuaderno se pide con Python.",
        f"Aquí es: {_INSTEAD[program].format(word=name.replace('-', '_'))}",
    )
