"""What must hold for an exercise; each broken rule is an error with file and line."""

import ast
import re
from collections import Counter
from pathlib import Path

from taller.builder import solution
from taller.builder.script import Cell
from taller.builder.wrong import WrongAnswer
from taller.catalog import ContentError, Exercise, line_of
from taller.checks.engine import Check, check_lines

MIN_WRONG = 8
CHECKS = range(5, 13)
HINT_LEVELS = 3
ANNOUNCED = "El calificador además prueba"
_BASE_NEEDS = {"code", "plan", "logs", "artefacts", "remote", "probe"}
_GRADER_NEEDS = {"repair", "destroy"}
_JSON_TYPES = {"string", "number", "boolean", "array", "object"}
_GRADE_ID = re.compile(r"[a-z][a-z0-9_]{0,49}")


def verify_cells(path: Path, cells: list[Cell]) -> None:
    """The notebook has its tagged cells, each named once, with answers where they belong."""
    exactly_one(path, cells, "parameters")
    exactly_one(path, cells, "teardown")
    if [cell for cell in cells if cell.kind == "code"][-1].tag != "teardown":
        raise ContentError(path, cells[-1].line, "la última celda de código es la «teardown».")
    if not any(cell.tag == "answer" for cell in cells):
        raise ContentError(path, 1, "falta una celda «answer»: no hay ningún TODO.")
    seen: dict[str, int] = {}
    for cell in cells:
        _verify_cell(path, cell)
        if cell.grade_id in seen:
            message = f"grade_id «{cell.grade_id}» repetido (línea {seen[cell.grade_id]})."
            raise ContentError(path, cell.line, message)
        if cell.grade_id is not None:
            seen[cell.grade_id] = cell.line


def _verify_cell(path: Path, cell: Cell) -> None:
    graded = cell.tag in ("answer", "check")
    if cell.tag and cell.kind != "code":
        raise ContentError(path, cell.line, "solo las celdas de código llevan etiqueta.")
    if graded != (cell.grade_id is not None):
        raise ContentError(
            path, cell.line, "las celdas «answer» y «check», y solo ellas, llevan grade_id."
        )
    if cell.grade_id is not None and not _GRADE_ID.fullmatch(cell.grade_id):
        raise ContentError(path, cell.line, "grade_id: minúsculas, cifras y _, 50 como mucho.")
    if (cell.tag == "answer") != solution.has_region(cell):
        raise ContentError(
            path, cell.line, "toda celda «answer», y solo ella, lleva una región SOLUTION."
        )


def exactly_one(path: Path, cells: list[Cell], tag: str) -> None:
    """There is one cell with this tag."""
    lines = [cell.line for cell in cells if cell.tag == tag]
    if len(lines) != 1:
        message = f"debe haber una celda con la etiqueta «{tag}», y hay {len(lines)}."
        raise ContentError(path, lines[-1] if lines else 1, message)


def announcement(checks: tuple[Check, ...]) -> str:
    """What the notebook says of the checks that only the grader runs; empty without any.

    Whoever is green in the lab can lose only what stands here.
    """
    told = "; ".join(
        f"«{check.title}» ({check.points} punto{'s' * (check.points > 1)})"
        for check in checks
        if check.hidden
    )
    return f"{ANNOUNCED}: {told}." if told else ""


def check_points(path: Path, cells: list[Cell], checks: tuple[Check, ...]) -> dict[str, int]:
    """Points of each check cell; every visible check is asked for in exactly one of them."""
    visible = {check.id: check.points for check in checks if not check.hidden}
    points: dict[str, int] = {}
    asked: Counter[str] = Counter()
    for cell in cells:
        if cell.tag == "check":
            ids = _asked_for(path, cell)
            for name in ids:
                if name not in visible:
                    raise ContentError(path, cell.line, f"no hay un check visible «{name}».")
            asked.update(ids)
            points[str(cell.grade_id)] = sum(visible[name] for name in ids)
    for name in visible:
        if asked[name] != 1:
            message = f"el check «{name}» está en {asked[name]} celdas «check»; debe estar en una."
            raise ContentError(path, 1, message)
    return points


def _asked_for(path: Path, cell: Cell) -> list[str]:
    """The ids in the cell's ``lab.check("…")`` calls."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1)
        raise ContentError(path, line, f"Python no válido: {error.msg}") from error
    ids = [
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "check"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if not ids:
        raise ContentError(path, cell.line, 'una celda «check» llama a lab.check("id", …).')
    return ids


def verify_checks(exercise: Exercise, checks: tuple[Check, ...]) -> None:
    """The rubric has enough checks and hints, and its points add up."""
    path = exercise.checks_file
    if len(checks) not in CHECKS:
        message = f"hay {len(checks)} checks; deben ser de {CHECKS[0]} a {CHECKS[-1]}."
        raise ContentError(path, 1, message)
    lines = check_lines(path)
    plans = {*exercise.replans, *exercise.renames}
    known = _BASE_NEEDS | plans | {"destroy"} | _repair(exercise)
    for check in checks:
        problem = _problem(check, known)
        if problem:
            raise ContentError(path, lines[check.id], f"«{check.id}»: {problem}")
    total = sum(check.points for check in checks)
    if total != exercise.points:
        toml = exercise.folder / "exercise.toml"
        message = f"los checks suman {total} puntos y aquí pone {exercise.points}."
        raise ContentError(toml, line_of(toml, "points"), message)
    _verify_values(exercise)


def _repair(exercise: Exercise) -> set[str]:
    return {"repair"} if exercise.repair else set()


def _problem(check: Check, known: set[str]) -> str:
    """What is wrong with a check, or an empty string."""
    if check.points <= 0:
        return "los puntos deben ser más que cero."
    if check.hidden and check.hints:
        return "un check oculto no lleva pistas: nadie las leería."
    if not check.hidden and len(check.hints) != HINT_LEVELS:
        return f"lleva {len(check.hints)} pistas; deben ser {HINT_LEVELS}."
    if unknown := set(check.needs) - known:
        return f"needs desconocidos: {sorted(unknown)}; hay {sorted(known)}."
    if not check.hidden and _GRADER_NEEDS & set(check.needs):
        return "«repair» y «destroy» rompen lo que el estudiante tiene: solo en checks ocultos."
    if check.hidden and not _GRADER_NEEDS & set(check.needs):
        return "puede comprobarse en el laboratorio sin romper nada: no tiene por qué ser oculto."
    return ""


def _verify_values(exercise: Exercise) -> None:
    for name, kind in exercise.values.items():
        if kind not in _JSON_TYPES:
            toml = exercise.folder / "exercise.toml"
            message = f"tipo desconocido «{kind}»; hay {sorted(_JSON_TYPES)}."
            raise ContentError(toml, line_of(toml, name), message)


def verify_wrong(exercise: Exercise, checks: tuple[Check, ...], wrong: list[WrongAnswer]) -> None:
    """There are enough wrong answers, and their verdicts agree with the rubric."""
    if len(wrong) < MIN_WRONG:
        message = f"hay {len(wrong)} respuestas erróneas; hacen falta {MIN_WRONG}."
        raise ContentError(exercise.folder / "wrong", 1, message)
    points = {check.id: check.points for check in checks}
    for answer in wrong:
        if unknown := answer.fails - set(points):
            line = line_of(answer.path, "fails")
            raise ContentError(answer.path, line, f"checks desconocidos: {sorted(unknown)}.")
        expected = exercise.points - sum(points[name] for name in answer.fails)
        if answer.score != expected:
            line = line_of(answer.path, "score")
            raise ContentError(answer.path, line, f"score es {answer.score} y debe ser {expected}.")
