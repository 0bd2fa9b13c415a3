"""Python's own errors about the lab, in Spanish: a name that is close, a cell that did not run."""

import difflib
import inspect
import re
from collections.abc import Iterable
from typing import Any

from taller.lab import magic
from taller.lab.docker_view import DockerView
from taller.lab.errors import LabError
from taller.lab.lab import Lab
from taller.lab.notebook_cells import cell_that_makes
from taller.lab.shown import Shown

_CALL = re.compile(r"(?:(?P<type>\w+)\.)?(?P<name>\w+)\(\) (?P<rest>.+)", re.DOTALL)
_UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
_OURS = ("Lab", "TerraformCalls", "Checking")
_EXERCISE = re.compile(r"ej\d+|leccion\w*", re.IGNORECASE)


def explained(
    error: BaseException, failed: dict[str, int], known: Iterable[str]
) -> LabError | None:
    """What the student reads instead of a traceback; None when it is not about the lab.

    Args:
        error: what the cell raised.
        failed: names that a cell should have made before it failed, and that cell's number.
        known: the names that the notebook has.
    """
    if isinstance(error, NameError) and error.name:
        return _unknown_name(error.name, failed, known)
    if isinstance(error, AttributeError) and error.name:
        return _unknown_attribute(error.obj, error.name)
    return _wrong_call(str(error)) if isinstance(error, TypeError) else None


def _unknown_name(name: str, failed: dict[str, int], known: Iterable[str]) -> LabError | None:
    if name in failed:
        return LabError(
            f"«{name}» no existe, porque la celda [{failed[name]}], que lo iba a crear, terminó "
            "con un error.",
            "Lo que hay que arreglar es lo que dice aquella celda; repítela, y después esta.",
        )
    if name in ("Lab", "LabError", "quiz"):
        return LabError(
            f"Falta importar «{name}»: la primera celda del cuaderno no se ha ejecutado.",
            f"Ejecútala (dice: from taller import {name}), y después esta.",
        )
    lab = magic.active()
    if name == "lab":
        return LabError(
            "Todavía no hay ningún «lab»: la celda que lo abre no se ha ejecutado, o el kernel se "
            "reinició.",
            "Ejecuta la celda que dice lab = Lab(…), al principio del cuaderno, y después esta.",
        )
    line = cell_that_makes(lab.name, name) if lab else None
    if line:
        return LabError(
            f"«{name}» no existe: la celda que lo crea no se ha ejecutado.",
            f"Está más arriba y dice «{line.strip()}»: ejecútala, y después esta.",
        )
    if _EXERCISE.fullmatch(name) or name in _checks(lab):
        return LabError(f"«{name}» es un texto: le faltan las comillas.", f'Escribe "{name}".')
    close = difflib.get_close_matches(name, [n for n in known if not n.startswith("_")], n=1)
    return LabError(f"«{name}» no existe.", f"¿Querías decir «{close[0]}»?") if close else None


def _checks(lab: Lab | None) -> set[str]:
    from taller.checks.engine import load_checks

    if lab is None or lab.exercise is None:
        return set()
    return {check.id for check in load_checks(lab.exercise.checks_file)}


def _unknown_attribute(thing: Any, name: str) -> LabError | None:
    if not isinstance(thing, Lab | Shown):
        return None
    names = [n for n in dir(thing) if not n.startswith("_")]
    owner = {Lab: "lab.", DockerView: "lab.docker."}.get(type(thing), "")
    message = f"{owner}{name} no existe."
    if not owner:
        message = f"Este resultado ({type(thing).__name__}) no tiene «{name}»."
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return LabError(message, f"¿Querías decir {owner}{_shape(thing, close[0])}?")
    return LabError(message, f"Lo que hay: {', '.join(names)}.")


def _shape(thing: Any, name: str) -> str:
    """The name, with parentheses when it is called."""
    return f"{name}()" if inspect.isroutine(getattr(type(thing), name, None)) else name


def _wrong_call(message: str) -> LabError | None:
    """A call of ours with arguments that it does not take."""
    found = _CALL.match(message)
    if found is None or found["type"] not in (*_OURS, "DockerView"):
        return None
    owner = DockerView if found["type"] == "DockerView" else Lab
    method = getattr(owner, found["name"])
    call = f"lab.docker.{found['name']}" if owner is DockerView else f"lab.{found['name']}"
    call = "Lab" if found["name"] == "__init__" else call
    if "'self'" in found["rest"]:
        return LabError(
            "Primero se abre un lab, y es a él a quien se le piden las cosas.",
            f'lab = Lab("…", prefix=prefix), y después {call}(…).',
        )
    parameters = [p for n, p in inspect.signature(method).parameters.items() if n != "self"]
    names = [p.name for p in parameters if not p.name.startswith("_")]
    usage = f"Se usa así: {call}({', '.join(_written(p) for p in parameters if p.name in names)})."
    if unexpected := _UNEXPECTED.search(found["rest"]):
        keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        close = difflib.get_close_matches(unexpected[1], keywords, n=1, cutoff=0.5)
        proposal = f"¿Querías decir {close[0]}=…? " if close else ""
        return LabError(f"{call} no tiene ningún argumento «{unexpected[1]}».", proposal + usage)
    return LabError(f"A {call}(…) le falta o le sobra algún valor.", usage)


def _written(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name}…"
    if parameter.kind is parameter.VAR_KEYWORD:
        return "variable=valor…"
    return parameter.name if parameter.default is parameter.empty else f"{parameter.name}=…"
