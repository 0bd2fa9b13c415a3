"""Causes that depend on what the student has declared: a name that is close, a prefix left out."""

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from taller.terraform.errors import Diagnostic

Read = Callable[[PurePosixPath], Iterable[str]]
"""The texts of the ``.tf`` files in a folder of the workspace."""

_RESOURCE = re.compile(r'^[ \t]*resource\s+"?([\w-]+)"?\s+"?([\w-]+)"?', re.MULTILINE)
_BLOCK = re.compile(r'^[ \t]*(module|variable|output)\s+"?([\w-]+)"?', re.MULTILINE)
_LOCALS = re.compile(r"^locals\s*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_LOCAL = re.compile(r"^\s*([\w-]+)\s*=", re.MULTILINE)
_MODULE_SOURCE = r'^module\s+"?{}"?\s*\{{[^}}]*?source\s*=\s*"([^"]+)"'
_UNDECLARED = re.compile(r'A managed resource "([^"]+)" "([^"]+)" has not been declared')
_VARIABLE = re.compile(r'An input variable with the name "([^"]+)"')
_OUTPUT = re.compile(r'does not have an attribute named "([^"]+)"')
_READ_MODULE = re.compile(r"\bmodule\.([\w-]+)\.([\w-]+)")


def declared_cause(diagnostic: Diagnostic, source: str, read: Read) -> str:
    """What the student's own declarations say about an unknown name; "" when they say nothing."""
    if diagnostic.file is None:
        return ""
    folder = PurePosixPath(diagnostic.file).parent
    if found := _UNDECLARED.search(diagnostic.detail):
        return _unknown_resource(found[1], found[2], "\n".join(read(folder)))
    if (found := _VARIABLE.search(diagnostic.detail)) and folder.parts:
        return (
            f"Dentro de un módulo solo existen las variables que él declara: añade «{found[1]}» a "
            f"las de {folder}, y dale valor en la llamada."
        )
    if found := _OUTPUT.search(diagnostic.detail):
        return _unknown_output(found[1], source, "\n".join(read(folder)), folder, read)
    return ""


def _unknown_resource(first: str, second: str, text: str) -> str:
    blocks = {(kind, name) for kind, name in _BLOCK.findall(text)}
    resources = _RESOURCE.findall(text)
    if ("module", first) in blocks:
        return f"«{first}» es un módulo: se lee con «module.» delante, module.{first}.{second}."
    if ("variable", first) in blocks:
        return f"«{first}» es una variable: se lee con «var.» delante."
    if first in [name for body in _LOCALS.findall(text) for name in _LOCAL.findall(body)]:
        return f"«{first}» está en locals: se lee con «local.» delante."
    of_type = [name for type_, name in resources if type_ == first]
    if close := difflib.get_close_matches(second, of_type, n=1, cutoff=0.5):
        return f"No hay ningún {first} llamado «{second}». ¿Querías decir {first}.{close[0]}?"
    if of_type:
        return (
            f"No hay ningún {first} llamado «{second}»: los que has declarado son "
            f"{', '.join(of_type)}. Una referencia es tipo.nombre.atributo."
        )
    if types := [type_ for type_, name in resources if name == first]:
        return f"Falta el tipo delante: {types[0]}.{first}.{second}."
    close = difflib.get_close_matches(first, {type_ for type_, _ in resources}, n=1)
    return f"Ningún recurso tuyo es de tipo «{first}». ¿Querías decir {close[0]}?" if close else ""


def _unknown_output(name: str, source: str, text: str, folder: PurePosixPath, read: Read) -> str:
    module = next((m for m, output in _READ_MODULE.findall(source) if output == name), None)
    if module is None:
        return ""
    place = re.search(_MODULE_SOURCE.format(re.escape(module)), text, re.MULTILINE)
    inside = "\n".join(read(folder / place[1])) if place and place[1].startswith(".") else ""
    outputs = [found for kind, found in _BLOCK.findall(inside) if kind == "output"]
    there = f"Los que declara: {', '.join(outputs)}." if outputs else "No declara ninguno todavía."
    return (
        f"El módulo «{module}» no tiene ningún output «{name}», y solo se leen sus outputs. {there}"
    )
