"""HCL that Terraform accepts, and that surely does not say what its author means."""

import re

_REFERENCE = r"(?:var|local|module|each|count|data|docker_\w+)\.[\w.\[\]-]+"
_BRACES = re.compile(rf'"[^"]*(?<![$%{{])(\{{\{{?\s*{_REFERENCE}\s*\}}\}}?)[^"]*"')
_DOLLAR = re.compile(rf'"[^"]*(?<!\$)(\$\(?{_REFERENCE}\)?)[^"]*"')
_QUOTED = re.compile(
    r'=\s*"((?:var|local|module|data|docker_(?:volume|network|image|container))\.[\w-]+(?:\.[\w-]+)*)"\s*(?:#.*)?$'
)
_NUMBER = re.compile(r"^\s+default\s*=\s*(\d+(?:\.\d+)?)\s*(?:#.*)?$")
_TEXT_TYPE = re.compile(r"^\s+type\s*=\s*string\b")


def doubts(text: str) -> list[tuple[int, str]]:
    """Lines (1-based) that read like a slip, each with what it does and what was meant."""
    lines = text.splitlines()
    found = [(number, _of_line(line)) for number, line in enumerate(lines, 1)]
    found += [(number, _of_default(lines, number)) for number in range(1, len(lines) + 1)]
    return sorted((number, doubt) for number, doubt in found if doubt)


def _of_line(line: str) -> str:
    code = line.split("#", 1)[0] if '"' not in line else line
    if slip := _BRACES.search(code):
        return (
            f"{slip[1]} se queda como texto, tal cual: a un valor dentro de comillas le hace falta "
            "un «$» delante de su llave (y una sola llave)."
        )
    if slip := _DOLLAR.search(code):
        return (
            f"{slip[1]} se queda como texto, tal cual: tras el «$», el valor va entre llaves «{{» "
            "y «}»."
        )
    if slip := _QUOTED.search(code):
        return f"«{slip[1]}» entre comillas es un texto, no una referencia: quita las comillas."
    return ""


def _of_default(lines: list[str], number: int) -> str:
    """A number as the default of a text: Terraform turns 1.0 into "1"."""
    slip = _NUMBER.match(lines[number - 1])
    if slip is None:
        return ""
    around = lines[max(number - 6, 0) : number + 5]
    if not any(_TEXT_TYPE.match(line) for line in around):
        return ""
    return (
        f"el default {slip[1]} es un número y el type pide un texto: Terraform lo convierte, y "
        "pierde ceros por el camino. Si es un nombre o una versión, va entre comillas."
    )
