"""Single changes of Python."""

import ast
from collections.abc import Collection, Iterator

_OPPOSITE = {ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in"}


def python_edits(text: str, lines: Collection[int]) -> Iterator[tuple[str, str, str]]:
    """Change one statement or value at a time: what is done, to which line, and the new text.

    Args:
        text: a cell's.
        lines: numbers of those that may change, from 0.
    """
    tree = ast.parse(text)
    rows = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt | ast.expr):
            continue
        if not set(range(node.lineno - 1, (node.end_lineno or node.lineno))) <= set(lines):
            continue
        for what, new in _news(node):
            yield what, rows[node.lineno - 1], _with(text, node, new)


def _news(node: ast.stmt | ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.stmt):
        yield "drop", "pass"
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "flip", str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "off by one", str(node.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        letter = chr(ord(node.value) + 1) if len(node.value) == 1 else node.value[:-1]
        yield f"off by one {node.value!r} of", repr(letter)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITE:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield "flip", f"{left} {_OPPOSITE[type(node.ops[0])]} {right}"
    elif isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            rest = ast.Call(node.func, node.args, [k for k in node.keywords if k is not keyword])
            yield f"drop {keyword.arg} of", ast.unparse(ast.fix_missing_locations(rest))


def _with(text: str, node: ast.stmt | ast.expr, new: str) -> str:
    """The text with a node replaced; positions of ``ast`` count bytes of UTF-8."""
    rows = text.encode().split(b"\n")
    last = (node.end_lineno or node.lineno) - 1
    before = rows[node.lineno - 1][: node.col_offset]
    after = rows[last][node.end_col_offset :]
    changed = [*rows[: node.lineno - 1], before + new.encode() + after, *rows[last + 1 :]]
    return b"\n".join(changed).decode()
