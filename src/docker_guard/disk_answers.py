"""What the engine says of sizes, whichever engine and whichever store of images it is."""

from collections.abc import Mapping, Sequence
from typing import Any

Layer = tuple[object, ...]
"""What tells a layer from all others. Its id alone does not: where BuildKit built, or an image was
loaded, the engine calls every layer but the last ``<missing>``."""


def own_layers(history: Sequence[Mapping[str, Any]], label: str) -> dict[Layer, int]:
    """The layers that a tenant has built in an image, down to its first label, and their sizes.

    Args:
        history: of the image, as the engine tells it: newest first.
        label: how the step reads that writes the tenant's label.
    """
    said = [str(layer.get("CreatedBy") or "") for layer in history]
    first = max((number for number, text in enumerate(said) if label in text), default=0)
    # Counted from the base: what two images have in common lies equally high in both.
    return {
        (len(history) - number, layer.get("Id"), layer.get("Created"), text): _size(layer)
        for number, (layer, text) in enumerate(zip(history[:first], said, strict=False))
    }


def volume_sizes(usage: Mapping[str, Any]) -> dict[str, int]:
    """Volume to bytes, out of ``GET /system/df``; newer engines list them in ``VolumeUsage``."""
    newer = (usage.get("VolumeUsage") or {}).get("Items") or []
    every = [*(usage.get("Volumes") or []), *newer]
    return {each["Name"]: _size(each.get("UsageData") or {}) for each in every if each.get("Name")}


def _size(told: Mapping[str, Any]) -> int:
    return max(int(told.get("Size") or 0), 0)  # -1: the engine has not measured it
