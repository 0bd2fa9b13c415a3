"""The public part of an exercise: its rubric and settings without what only graders know."""

import ast
import json
from collections.abc import Mapping
from typing import Any

from taller.catalog import Exercise
from taller.checks.engine import load_checks, needs


def public_checks(exercise: Exercise) -> str:
    """The source of ``checks.py`` without hidden checks, without what only they use, and without
    comments, where an author may have explained them."""
    checks = load_checks(exercise.checks_file)
    hidden = {check.id for check in checks if check.hidden}
    visible = {check.id for check in checks} - hidden
    tree = ast.parse(exercise.checks_file.read_text(encoding="utf-8"))
    body = [node for node in tree.body if not hidden & _defined(node) and not _is_text(node)]
    while (used := [node for node in body if _is_used(node, body, visible)]) != body:
        body = used
    return ast.unparse(ast.Module(body, [])) + "\n"


def public_settings(exercise: Exercise) -> str:
    """``exercise.toml`` without the plans and repairs that only hidden checks need."""
    visible = [check for check in load_checks(exercise.checks_file) if not check.hidden]
    wanted = needs(visible)
    replans = {name: vars_ for name, vars_ in exercise.replans.items() if name in wanted}
    renames = {name: type_ for name, type_ in exercise.renames.items() if name in wanted}
    settings: dict[str, Any] = {
        "title": exercise.title,
        "points": exercise.points,
        "optional": exercise.optional,
        "time_limit_s": exercise.time_limit_s,
        "variables": exercise.variables,
        "replans": replans,
        "probe": exercise.probe,
        "renames": renames,
        "values": exercise.values,
    }
    return "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _defined(node: ast.stmt) -> set[str]:
    """The names that a top-level statement gives a value."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _stores(n)}


def _stores(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_used(node: ast.stmt, body: list[ast.stmt], checks: set[str]) -> bool:
    """Whether it is a check, or something else mentions a name of it."""
    if _defined(node) & checks:
        return True
    mentioned = {
        name.id
        for other in body
        if other is not node
        for name in ast.walk(other)
        if isinstance(name, ast.Name) and not _stores(name)
    }
    return bool(_defined(node) & mentioned)


def _toml(value: Any) -> str:
    """A TOML value: JSON's scalars and arrays are TOML's, tables are written inline."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    return json.dumps(value, ensure_ascii=False)
