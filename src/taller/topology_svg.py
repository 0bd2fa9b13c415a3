"""Draws a topology as SVG: networks are frames, arrows are the way of the data."""

from html import escape

from taller.topology import Condition, ContainerNode, ObjectNode, Topology

_COLUMN = 190
_BOX = 164
_BOX_HEIGHT = 78
_TOP = 56
_FRAME_PAD = 14
_CONTAINER_Y = _TOP + 44
_FRAME_BOTTOM = _CONTAINER_Y + _BOX_HEIGHT + _FRAME_PAD
_VOLUME_Y = _FRAME_BOTTOM + 120
_LEFT = 28
_LEGEND_Y = _VOLUME_Y + 100
_NAME_LENGTH = 16
_VOLUME_NAME_LENGTH = 19

_LOOKS: dict[Condition, tuple[str, str, str, str]] = {
    "present": ("#f4efe3", "#8a7444", "●", "existe"),
    "running": ("#dcebfb", "#1f6fb8", "▶", "en marcha"),
    "succeeded": ("#e0f3e4", "#2b7a3d", "✓", "terminó bien"),
    "failed": ("#fbe1df", "#b3261e", "✗", "terminó mal"),
    "idle": ("#eeeeee", "#6b6b6b", "○", "creado, sin ejecutar"),
    "missing": ("#fff4d6", "#a66a00", "?", "en el state, pero no en Docker"),
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
    width = max(560, 2 * _LEFT + _COLUMN * max(len(places.columns), len(topology.volumes), 1))
    conditions = {node.condition for node in topology.containers}
    conditions |= {node.condition for node in topology.volumes}
    legend = _legend(sorted(conditions))
    height = _LEGEND_Y + 24 * (2 + len(conditions) // 3)
    body = [
        *(_frame(network, places) for network in topology.networks),
        *_arrows(topology, places),
        *(_container(node, places) for node in topology.containers),
        *(_volume(node, places) for node in topology.volumes),
        *legend,
    ]
    if not topology.containers and not topology.volumes and not topology.networks:
        body = [_text(_LEFT, _CONTAINER_Y, "Todavía no hay nada en Docker.", size=15)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui, sans-serif">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{_MARKERS}'
        f"{_text(_LEFT, 30, title, size=17, weight=600)}{''.join(body)}</svg>\n"
    )


class _Places:
    """Where each box is: containers in columns, grouped by network; volumes below."""

    def __init__(self, columns: list[ContainerNode], volumes: dict[str, float]) -> None:
        self.columns = columns
        self._container = {node.name: _LEFT + i * _COLUMN for i, node in enumerate(columns)}
        self._volume = volumes

    def container(self, name: str) -> float:
        """Left edge of a container's box."""
        return self._container[name]

    def volume(self, name: str) -> float:
        """Left edge of a volume's box."""
        return self._volume[name]


def _places(topology: Topology) -> _Places:
    order = [network.name for network in topology.networks]

    def group(node: ContainerNode) -> int:
        home = _home(node, order)
        return order.index(home) if home else len(order)

    columns = sorted(topology.containers, key=group)
    return _Places(columns, _volume_places(topology, columns))


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
    """The frame of a network around its containers; a small one when it has none."""
    inside = [places.container(n.name) for n in places.columns if network.name in n.networks]
    left = min(inside, default=_LEFT) - _FRAME_PAD
    right = max(inside, default=_LEFT) + _BOX + _FRAME_PAD
    _, line, symbol, meaning = _LOOKS[network.condition]
    dash = ' stroke-dasharray="6 4"' if network.condition in _DASHED else ""
    label = f"{symbol} red {network.name}  {network.note}"
    return (
        f"<g><title>{escape(f'red {network.name}: {meaning}')}</title>"
        f'<rect x="{left}" y="{_TOP}" width="{right - left}" height="{_FRAME_BOTTOM - _TOP}" '
        f'rx="10" fill="#f7f9fc" stroke="{line}"{dash}/>'
        f"{_text(left + 12, _TOP + 22, label, size=13)}</g>"
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
    x, y, bottom = places.volume(node.name), _VOLUME_Y, _VOLUME_Y + 52
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
            end = (min(max(middle + spread, middle - 50), middle + 50), _VOLUME_Y - 9.0)
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


def _legend(conditions: list[Condition]) -> list[str]:
    drawn = [
        f'<path d="M{_LEFT},{_LEGEND_Y - 4} h34" stroke="{_WRITE}" stroke-width="1.8" '
        f'marker-end="url(#write)"/>{_text(_LEFT + 46, _LEGEND_Y, "escribe", size=12)}',
        f'<path d="M{_LEFT + 120},{_LEGEND_Y - 4} h34" stroke="{_READ}" stroke-width="1.8" '
        f'stroke-dasharray="5 4" marker-end="url(#read)"/>'
        f"{_text(_LEFT + 166, _LEGEND_Y, 'solo lee', size=12)}",
    ]
    for index, condition in enumerate(conditions):
        fill, line, symbol, meaning = _LOOKS[condition]
        x, y = _LEFT + (index % 3) * 180, _LEGEND_Y + 24 * (1 + index // 3)
        drawn.append(
            f'<rect x="{x}" y="{y - 13}" width="18" height="16" rx="3" fill="{fill}" '
            f'stroke="{line}"/>{_text(x + 4, y, symbol, size=12)}'
            f"{_text(x + 26, y, meaning, size=12)}"
        )
    return drawn


def _text(
    x: float, y: float, text: str, *, size: int, weight: int = 400, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="#222222" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _short(name: str, length: int = _NAME_LENGTH) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _two_lines(name: str) -> tuple[str, str]:
    """Break a long name behind one of its separators."""
    if len(name) <= _NAME_LENGTH:
        return name, ""
    cut = max(name.rfind(mark, 0, _NAME_LENGTH) for mark in "_-.") + 1 or _NAME_LENGTH - 1
    return name[:cut], _short(name[cut:])


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
    )


_MARKERS = f"<defs>{_marker('write', _WRITE)}{_marker('read', _READ)}</defs>"
