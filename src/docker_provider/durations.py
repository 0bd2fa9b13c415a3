"""Durations as Go writes them: ``1h30m``, ``2.5s``, ``100ms``."""

import re
from decimal import Decimal

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def nanoseconds(text: str) -> int:
    """Return the nanoseconds of a duration; raises ValueError when it is none.

    >>> nanoseconds("1m30s")
    90000000000
    """
    parts = _PART.findall(text)
    if text == "0":
        return 0
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'"{text}" is no duration; write for example "30s", "1m30s" or "500ms"')
    return sum(int(Decimal(number) * _UNITS[unit]) for number, unit in parts)


def seconds(text: str) -> float:
    """Return the seconds of a duration; raises ValueError when it is none."""
    return nanoseconds(text) / _UNITS["s"]


def go_text(duration: int) -> str:
    """Write nanoseconds as Go's Duration.String does, down to the millisecond.

    >>> go_text(90_000_000_000), go_text(500_000_000), go_text(0)
    ('1m30s', '500ms', '0s')
    """
    if 0 < duration < _UNITS["s"]:
        return f"{Decimal(duration) / _UNITS['ms']:f}ms".replace(".000000", "")
    hours, rest = divmod(duration, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    tail = f"{(Decimal(rest) / _UNITS['s']).normalize():f}s"
    if hours:
        return f"{hours}h{minutes}m{tail}"
    return f"{minutes}m{tail}" if minutes else tail
