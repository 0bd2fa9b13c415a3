"""Labels: blocks of `label` and `value` in Terraform, a map in the engine."""

from collections.abc import Mapping
from typing import Any

from docker_provider.codec import UNKNOWN
from docker_provider.schema import Value


def to_engine(blocks: Value) -> dict[str, str]:
    """Return the engine's map; blocks that are unknown or left out give an empty one."""
    if blocks is UNKNOWN:
        return {}
    return {block["label"]: block["value"] for block in blocks or []}


def from_engine(labels: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Return the blocks of the engine's map."""
    return [{"label": label, "value": value} for label, value in sorted((labels or {}).items())]
