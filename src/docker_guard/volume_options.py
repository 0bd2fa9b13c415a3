"""Which options of the local volume driver mount something from outside (man 8 mount)."""

import re
from collections.abc import Mapping


def binds(options: Mapping[str, str]) -> bool:
    """Whether a volume with these options would be a folder of the machine or of a network."""
    flags = re.split(r"[, ]", options.get("o") or "")
    kind, device = options.get("type") or "", options.get("device") or ""
    return bool({"bind", "rbind"} & set(flags)) or kind not in ("", "tmpfs") or "/" in device
