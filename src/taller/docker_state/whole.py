"""``docker inspect`` with every field that rubrics and readers use, whichever engine said it.

From API 1.52 on an engine leaves out what is not set; before, it wrote null, zero or empty. Here
what is left out, or null, is filled in: so a rubric reads ``found["Config"]["Env"]`` and gets a
list from every engine.
"""

import copy
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_CONFIG: Json = {
    "Env": [], "Cmd": [], "Entrypoint": [], "Labels": {}, "User": "", "WorkingDir": "",
    "Image": "", "ExposedPorts": {}, "Volumes": {},
}  # fmt: skip
_UNSET: dict[str, Json] = {
    "volumes": {"Driver": "", "Mountpoint": "", "CreatedAt": "", "Labels": {}, "Options": {}},
    "networks": {
        "Driver": "", "Internal": False, "Labels": {}, "Options": {}, "Containers": {},
        "IPAM": {"Driver": "", "Config": [], "Options": {}},
    },
    "containers": {
        "Name": "", "Path": "", "Args": [], "Image": "", "Created": "", "Mounts": [],
        "RestartCount": 0,
        "State": {
            "Status": "", "Running": False, "Restarting": False, "Paused": False, "Dead": False,
            "OOMKilled": False, "ExitCode": 0, "Error": "", "StartedAt": "", "FinishedAt": "",
        },
        "Config": _CONFIG,
        "HostConfig": {"NetworkMode": "", "Memory": 0, "Binds": [], "Mounts": []},
        "NetworkSettings": {"Networks": {}, "Ports": {}},
    },
    "images": {
        "RepoTags": [], "RepoDigests": [], "Parent": "", "Created": "", "Size": 0,
        "Config": _CONFIG, "RootFS": {"Type": "", "Layers": []},
    },
}  # fmt: skip
_MOUNT: Json = {"Type": "", "Name": "", "Source": "", "Destination": "", "RW": False}


def whole(kind: str, found: Mapping[str, Any]) -> Json:
    """An inspected object of a kind (``volumes``, ``networks``, …), with nothing left out."""
    filled = _filled(found, _UNSET[kind])
    if "Mounts" in filled:
        filled["Mounts"] = [_filled(mount, _MOUNT) for mount in filled["Mounts"]]
    return filled


def _filled(found: Mapping[str, Any], unset: Mapping[str, Any]) -> Json:
    result = dict(found)
    for name, nothing in unset.items():
        if isinstance(nothing, dict) and nothing:
            result[name] = _filled(result.get(name) or {}, nothing)
        elif result.get(name) is None:
            result[name] = copy.copy(nothing)
    return result
