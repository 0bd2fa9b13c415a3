"""What tells one state file from another (format 4): small, and safe to keep."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


def summary(text: str) -> Json | None:
    """Lineage, serial, addresses, and a digest of all values recorded; None for no state.

    The text may be anybody's: what is not a state is nothing.
    """
    try:
        found = json.loads(text)
        values = dict(_instances(found["resources"]))
        return {
            "lineage": str(found["lineage"]),
            "serial": int(found["serial"]),
            "addresses": sorted(values),
            "digest": hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest(),
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _instances(resources: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Address, as ``terraform state list`` prints it, and values; data sources left out."""
    for resource in resources:
        if resource["mode"] == "managed":
            module = f"{resource['module']}." if resource.get("module") else ""
            for instance in resource["instances"]:
                key = instance.get("index_key")
                index = "" if key is None else f"[{json.dumps(key)}]"
                yield (
                    f"{module}{resource['type']}.{resource['name']}{index}",
                    instance["attributes"],
                )
