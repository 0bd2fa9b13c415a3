"""Terraform's version constraints, evaluated: ``~> 3.0``, ``>= 3.0, < 4.0``, ``3.6.2``."""

import re

Version = tuple[int, ...]

_ONE = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+){0,2})\s*")
_PARTS = 3


def accepts(constraint: str, version: Version) -> bool:
    """Whether a constraint lets in a version of three numbers; no constraint lets in all.

    Raises:
        ValueError: Terraform would not read it either, or it names a pre-release.
    """
    return all(_accepts(one, version) for one in constraint.split(",") if constraint.strip())


def _accepts(one: str, version: Version) -> bool:
    found = _ONE.fullmatch(one)
    if found is None:
        raise ValueError(one)
    written = tuple(map(int, found[2].split(".")))
    asked = written + (0,) * (_PARTS - len(written))
    match found[1]:
        case "!=":
            return version != asked
        case ">=":
            return version >= asked
        case "<=":
            return version <= asked
        case ">":
            return version > asked
        case "<":
            return version < asked
        case "~>":  # only the last number that is written may grow
            fixed = max(len(written) - 1, 1)
            return version >= asked and version[:fixed] == asked[:fixed]
        case _:
            return version == asked
