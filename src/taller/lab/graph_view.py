"""``terraform graph`` drawn in layers: what depends on nothing stands on the left."""

import re
from collections.abc import Iterable

from taller.lab.shown import Shown

_NODE = re.compile(r'^\s*"(?P<id>[^"]+)"\s*\[label="', re.MULTILINE)
_EDGE = re.compile(r'^\s*"(?P<from>[^"]+)" -> "(?P<to>[^"]+)"', re.MULTILINE)
_RESOURCE = re.compile(
    r"(?:\[root\] )?(?P<module>(?:module\.[^.]+\.)*)(?P<own>[^ ]+)(?: \(expand\))?"
)
_INTERNAL = re.compile(r"\[root\] (?:provider|root|meta|\S+ \(close\))")
"""Before 1.7 Terraform draws its own inner nodes too."""

_CHARACTER, _ROW, _GAP, _HEIGHT = 7.2, 58, 60, 42
"""Sizes in pixels: a letter of the label, a row, between two columns, a box."""


class GraphView(Shown):
    """The dependency graph; ``str()`` of it is the text in the DOT language."""

    template = "graph.html"

    def __init__(self, dot: str) -> None:
        self.dot = dot
        ids = [found["id"] for found in _NODE.finditer(dot)]
        self.nodes = {id: _label(id) for id in ids if not _INTERNAL.match(id)}
        self.edges = [(e["from"], e["to"]) for e in _EDGE.finditer(dot)]

    def text(self) -> str:
        """The DOT text."""
        return self.dot

    @property
    def columns(self) -> list[list[str]]:
        """Nodes by depth: a node stands right of all that it depends on."""
        depth = _depths(self.nodes, self.edges)
        columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
        for node in self.nodes:
            columns[depth[node]].append(node)
        return columns

    @property
    def boxes(self) -> dict[str, tuple[float, float, float]]:
        """Node → x, y and width, in pixels."""
        found, x = {}, 8.0
        for column in self.columns:
            letters = max(len(line) for node in column for line in self.nodes[node])
            width = letters * _CHARACTER + 20
            for row, node in enumerate(column):
                found[node] = (x, 8.0 + row * _ROW, width)
            x += width + _GAP
        return found

    @property
    def arrows(self) -> list[tuple[float, float, float, float]]:
        """Start and end of each arrow: from what is needed to what needs it."""
        boxes = self.boxes
        known = [(a, b) for a, b in self.edges if a in boxes and b in boxes]
        return [
            (boxes[b][0] + boxes[b][2], boxes[b][1] + _HEIGHT / 2,
             boxes[a][0], boxes[a][1] + _HEIGHT / 2)
            for a, b in known
        ]  # fmt: skip

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        boxes = self.boxes.values()
        width = max((x + w for x, _, w in boxes), default=0) + 8
        return width, max((y for _, y, _ in boxes), default=0) + _HEIGHT + 8


def _label(id: str) -> tuple[str, str]:
    """The module's path, "" in the root, and the resource's own name."""
    found = _RESOURCE.fullmatch(id)
    if found is None:
        return "", id
    return found["module"].replace("module.", "").rstrip("."), found["own"]


def _depths(nodes: Iterable[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """The longest way from each node down to one that needs nothing; the graph has no cycles."""
    needs: dict[str, list[str]] = {node: [] for node in nodes}
    for needer, needed in edges:
        if needer in needs and needed in needs:
            needs[needer].append(needed)
    depth: dict[str, int] = {}

    def measure(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((measure(other) for other in needs[node]), default=-1)
        return depth[node]

    for node in needs:
        measure(node)
    return depth
