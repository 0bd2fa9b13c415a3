"""Draws a topology as SVG: networks are frames, arrows are the way of the data."""

from html import escape

from taller.topology import Condition, ContainerNode, ObjectNode, Topology

_COLUMN = 190
_BOX = 164
_BOX_HEIGHT = 78
_TOP = 56
_PAD = 11
_CONTAINER_Y = _TOP + 44
_ARROWS = 120
_LEFT = 28
_LEGEND_COLUMN = 230
_NAME_LENGTH = 17
_VOLUME_NAME_LENGTH = 19

_LOOKS: dict[Condition, tuple[str, str, str, str]] = {
    "present": ("#f4efe3", "#8a7444", "●", "existe"),
    "running": ("#dcebfb", "#1f6fb8", "▶", "en marcha"),
    "succeeded": ("#e0f3e4", "#2b7a3d", "✓", "terminó bien"),
    "failed": ("#fbe1df", "#b3261e", "✗", "terminó mal"),
    "idle": ("#eeeeee", "#6b6b6b", "○", "creado, sin ejecutar"),
    "missing": ("#fff4d6", "#a66a00", "?", "ya no está en Docker"),
    "planned": ("#ffffff", "#2b7a3d", "+", "se creará"),
    "changing": ("#ffffff", "#a66a00", "~", "cambiará"),
    "leaving": ("#ffffff", "#b3261e", "-", "se destruirá"),
}
"""Fill, line, symbol (nobody has to tell colours apart) and meaning."""

_DASHED: set[Condition] = {"missing", "planned", "changing", "leaving"}
_WRITE, _READ = "#b5531c", "#1f6fb8"


def draw(topology: Topology, title: str = "") -> str:
    """Return a self-contained SVG document.

    Args:
        topology: what to draw.
        title: a heading, also the picture's text alternative.
    """
    places = _places(topology)
    width = max(560, 2 * _LEFT + _COLUMN * max(places.count, len(topology.volumes)))
    legend, height = _legend(topology, places.bottom + 40, width)
    body = [
        *(_frame(network, places) for network in topology.networks),
        *_arrows(topology, places),
        *(_container(node, places) for node in topology.containers),
        *(_volume(node, places) for node in topology.volumes),
        *legend,
    ]
    if not topology.containers and not topology.volumes and not topology.networks:
        body = [_text(_LEFT, _TOP + 14, "Todavía no hay nada en Docker.", size=15)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui, sans-serif">'
        # A page of its own: the text is dark, whatever theme is around it.
        f'<rect width="100%" height="100%" rx="10" fill="#ffffff"/>{_MARKERS}'
        f"{_text(_LEFT, 30, title, size=17, weight=600)}{''.join(body)}</svg>\n"
    )


class _Places:
    """Where each box is: containers in columns, grouped by network; volumes below.

    Attributes:
        count: how many columns there are; a network without containers has one too.
        frame_bottom: the lower edge of the networks' frames.
        volume_y: the upper edge of the volumes; rows that would be empty take no room.
        bottom: the lower edge of everything.
    """

    def __init__(self, topology: Topology, columns: list[ContainerNode]) -> None:
        self.columns = columns
        occupied = {name for node in columns for name in node.networks}
        self._empty = [n.name for n in topology.networks if n.name not in occupied]
        self.count = len(columns) + len(self._empty)
        self._container = {node.name: _LEFT + i * _COLUMN for i, node in enumerate(columns)}
        self._volume = _volume_places(topology, columns)
        row = _BOX_HEIGHT + _PAD if columns else 0
        self.frame_bottom = _CONTAINER_Y + row
        upper = self.frame_bottom if columns or topology.networks else _TOP - 16
        gap = _ARROWS if any(node.links for node in columns) else 30
        self.volume_y = upper + gap
        self.bottom = self.volume_y + 61 if topology.volumes else upper

    def container(self, name: str) -> float:
        """Left edge of a container's box."""
        return self._container[name]

    def frame(self, network: str) -> tuple[float, float]:
        """Left and right edge of a network's frame around its containers, which may be none."""
        inside = [self._container[node.name] for node in self.columns if network in node.networks]
        if not inside:
            inside = [_LEFT + (len(self.columns) + self._empty.index(network)) * _COLUMN]
        return min(inside) - _PAD, max(inside) + _BOX + _PAD

    def volume(self, name: str) -> float:
        """Left edge of a volume's box."""
        return self._volume[name]


def _places(topology: Topology) -> _Places:
    order = [network.name for network in topology.networks]

    def group(node: ContainerNode) -> int:
        home = _home(node, order)
        return order.index(home) if home else len(order)

    return _Places(topology, sorted(topology.containers, key=group))


def _volume_places(topology: Topology, columns: list[ContainerNode]) -> dict[str, float]:
    """Each volume half a column to the right of who writes it first, moved on where one is."""

    reads = {ln.volume for node in columns for ln in node.links if ln.read_only}

    def wish(volume: ObjectNode) -> float:
        for index, node in enumerate(columns):
            if any(ln.volume == volume.name and not ln.read_only for ln in node.links):
                return index
        return len(columns)

    taken = -1.0
    found = {}
    for volume in sorted(topology.volumes, key=lambda v: (wish(v), v.name in reads)):
        taken = max(wish(volume) if columns else 0, taken + 1)
        found[volume.name] = _LEFT + taken * _COLUMN
    return found


def _home(node: ContainerNode, networks: list[str]) -> str | None:
    return next((name for name in networks if name in node.networks), None)


def _frame(network: ObjectNode, places: _Places) -> str:
    left, right = places.frame(network.name)
    _, line, symbol, meaning = _LOOKS[network.condition]
    dash = ' stroke-dasharray="6 4"' if network.condition in _DASHED else ""
    name = f"{symbol} red {_short(network.name, int(right - left - 60) // 8)}"
    return (
        f"<g><title>{escape(f'red {network.name}: {meaning}')}</title>"
        f'<rect x="{left}" y="{_TOP}" width="{right - left}" height="{places.frame_bottom - _TOP}" '
        f'rx="10" fill="#f7f9fc" stroke="{line}"{dash}/>'
        f"{_text(left + 12, _TOP + 19, name, size=13)}"
        f"{_text(left + 29, _TOP + 35, network.note, size=11)}</g>"
    )


def _container(node: ContainerNode, places: _Places) -> str:
    fill, line, symbol, meaning = _LOOKS[node.condition]
    x = places.container(node.name)
    first, second = _two_lines(node.name)
    dash = ' stroke-dasharray="6 4"' if node.condition in _DASHED else ""
    return (
        f"<g><title>{escape(f'contenedor {node.name}: {meaning}')}</title>"
        f'<rect x="{x}" y="{_CONTAINER_Y}" width="{_BOX}" height="{_BOX_HEIGHT}" rx="6" '
        f'fill="{fill}" stroke="{line}" stroke-width="1.5"{dash}/>'
        f"{_text(x + 10, _CONTAINER_Y + 24, f'{symbol} {first}', size=12, weight=600)}"
        f"{_text(x + 26, _CONTAINER_Y + 42, second, size=12, weight=600)}"
        f"{_text(x + 10, _CONTAINER_Y + 65, node.note or meaning, size=12)}</g>"
    )


def _volume(node: ObjectNode, places: _Places) -> str:
    """A drum, as storage is usually drawn."""
    fill, line, symbol, meaning = _LOOKS[node.condition]
    x, y, bottom = places.volume(node.name), places.volume_y, places.volume_y + 52
    right, radius = x + _BOX, _BOX / 2
    label = f"{symbol} {_short(node.name, _VOLUME_NAME_LENGTH)}"
    dash = ' stroke-dasharray="6 4"' if node.condition in _DASHED else ""
    return (
        f"<g><title>{escape(f'volumen {node.name}: {meaning}')}</title>"
        f'<path d="M{x},{y} v52 a{radius},9 0 0 0 {_BOX},0 v-52" fill="{fill}" stroke="{line}" '
        f'stroke-width="1.5"{dash}/>'
        f'<ellipse cx="{x + radius}" cy="{y}" rx="{radius}" ry="9" fill="{fill}" stroke="{line}" '
        f'stroke-width="1.5"{dash}/>'
        f"{_text((x + right) / 2, bottom - 16, label, size=13, anchor='middle')}</g>"
    )


def _arrows(topology: Topology, places: _Places) -> list[str]:
    """Down where a container writes, up where it only reads."""
    drawn = []
    for node in topology.containers:
        for index, link in enumerate(sorted(node.links, key=lambda ln: places.volume(ln.volume))):
            step = _BOX / (len(node.links) + 1)
            top = (places.container(node.name) + step * (index + 1), _CONTAINER_Y + _BOX_HEIGHT)
            spread = (top[0] - places.volume(link.volume)) / 12
            middle = places.volume(link.volume) + _BOX / 2
            end = (min(max(middle + spread, middle - 50), middle + 50), places.volume_y - 9.0)
            drawn.append(_arrow(top, end, link.read_only, f"{node.name}: {link.target}"))
    return drawn


def _arrow(
    top: tuple[float, float], bottom: tuple[float, float], read_only: bool, about: str
) -> str:
    (x1, y1), (x2, y2) = (bottom, top) if read_only else (top, bottom)
    bend = (y2 - y1) / 2
    colour, marker, word = (_READ, "read", "lee") if read_only else (_WRITE, "write", "escribe")
    dash = ' stroke-dasharray="5 4"' if read_only else ""
    return (
        f"<g><title>{escape(f'{about} ({word})')}</title>"
        f'<path d="M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} '
        f'{x2:.1f},{y2:.1f}" fill="none" stroke="{colour}" stroke-width="1.8"{dash} '
        f'marker-end="url(#{marker})"/></g>'
    )


def _legend(topology: Topology, y: float, width: float) -> tuple[list[str], float]:
    """What arrows and symbols mean, as far as they occur; and where the picture ends."""
    drawn = []
    if any(node.links for node in topology.containers):
        drawn = _arrow_legend(y)
        y += 24
    columns = int(width - _LEFT) // _LEGEND_COLUMN
    conditions = sorted(
        {node.condition for node in topology.containers}
        | {node.condition for node in topology.volumes}
    )
    for index, condition in enumerate(conditions):
        x, line = _LEFT + index % columns * _LEGEND_COLUMN, y + 24 * (index // columns)
        drawn.append(_condition_legend(condition, x, line))
    return drawn, y + 24 * -(-len(conditions) // columns)


def _arrow_legend(y: float) -> list[str]:
    return [
        f'<path d="M{_LEFT},{y - 4} h34" stroke="{_WRITE}" stroke-width="1.8" '
        f'marker-end="url(#write)"/>{_text(_LEFT + 46, y, "escribe", size=12)}',
        f'<path d="M{_LEFT + 120},{y - 4} h34" stroke="{_READ}" stroke-width="1.8" '
        f'stroke-dasharray="5 4" marker-end="url(#read)"/>'
        f"{_text(_LEFT + 166, y, 'solo lee', size=12)}",
    ]


def _condition_legend(condition: Condition, x: float, y: float) -> str:
    fill, line, symbol, meaning = _LOOKS[condition]
    return (
        f'<rect x="{x}" y="{y - 13}" width="18" height="16" rx="3" fill="{fill}" '
        f'stroke="{line}"/>{_text(x + 9, y, symbol, size=12, anchor="middle")}'
        f"{_text(x + 26, y, meaning, size=12)}"
    )


def _text(
    x: float, y: float, text: str, *, size: int, weight: int = 400, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="#222222" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _two_lines(name: str) -> tuple[str, str]:
    """Break a long name behind a separator.

    Names are prefix_stage_run: what does not fit is left out at the front, so that the stage and
    the run stay.
    """
    if len(name) <= _NAME_LENGTH:
        return name, ""

    def misfit(cut: int) -> tuple[int, int, int]:
        rest = len(name) - cut
        return max(0, rest - _NAME_LENGTH), max(0, cut - _NAME_LENGTH), abs(cut - rest)

    marks = [index + 1 for index, letter in enumerate(name[:-1]) if letter in "_-."]
    cut = min(marks, key=misfit, default=_NAME_LENGTH)
    first = name[:cut] if cut <= _NAME_LENGTH else f"…{name[cut + 1 - _NAME_LENGTH : cut]}"
    return first, _short(name[cut:], _NAME_LENGTH)


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
    )


_MARKERS = f"<defs>{_marker('write', _WRITE)}{_marker('read', _READ)}</defs>"
