"""References, asked by behaviour: give a resource another name, and see who follows it.

An attribute may be named through locals, ``format()``, a dynamic block or a module's output, where
neither the text nor the plan's own list of references shows it. With the resource renamed by an
override file, whoever refers to it says the new name; a text that was copied keeps the old one.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

Json = Mapping[str, Any]

SUFFIX = "-otra"
_FILE = "zz_taller_override.tf.json"
"""Terraform merges override files in the order of their names: this one has the last word."""


def overrides(plan: Json, type_: str) -> dict[str, str]:
    """The files, path to text, that give every resource of a type another name.

    Args:
        plan: ``terraform show -json`` of a plan of the configuration.
        type_: such as ``docker_network``.
    """
    planned = (plan.get("planned_values") or {}).get("root_module") or {}
    names = dict(_names(planned, type_))
    root = (plan.get("configuration") or {}).get("root_module") or {}
    return {
        str(folder / _FILE): json.dumps({"resource": {type_: labels}})
        for folder, labels in _labels(root, PurePosixPath(), type_, names)
    }


def is_other(name: Any) -> bool:
    """Whether a planned attribute followed the resource: it has the new name, or none yet."""
    return name is None or str(name).endswith(SUFFIX)


def _labels(
    module: Json, folder: PurePosixPath, type_: str, names: Mapping[str, str]
) -> Iterator[tuple[PurePosixPath, dict[str, Json]]]:
    """Each module's folder, and the bodies that rename its resources of the type, by label."""
    found = (r for r in module.get("resources", []) if r["mode"] == "managed")
    labels = {resource["name"] for resource in found if resource["type"] == type_}
    own: dict[str, Json] = {
        label: {"name": names[label] + SUFFIX} for label in sorted(labels & names.keys())
    }
    if own:
        yield folder, own
    for call in module.get("module_calls", {}).values():
        yield from _labels(call.get("module") or {}, folder / call["source"], type_, names)


def _names(module: Json, type_: str) -> Iterator[tuple[str, str]]:
    """Label to a planned name of a resource of the type, in all modules."""
    for resource in module.get("resources", []):
        name = resource.get("values", {}).get("name")
        if resource["type"] == type_ and resource["mode"] == "managed" and name:
            yield resource["name"], str(name)
    for child in module.get("child_modules", []):
        yield from _names(child, type_)
