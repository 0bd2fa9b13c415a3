"""Whose an object is, and what its owner sees of it.

The labels on an object say whose it is; they survive a restart of the guard. The label
``taller.guard`` keeps what the tenant asked for where the guard set something else, so that the
tenant reads back what it wrote: Terraform would otherwise plan to change it for ever.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from docker_guard.policy import Tenant
from docker_guard.refusal import Refused

_ECHO = "taller.guard"
_RESERVED = "taller."
_ID = re.compile(r"[0-9a-f]{1,64}", re.ASCII)


def stamped(
    labels: Mapping[str, str], tenant: Tenant, imposed: Mapping[str, Any] | None = None,
    **parts: Mapping[str, Any],
) -> dict[str, str]:  # fmt: skip
    """The labels that an object gets: the tenant's own, and those that say whose it is.

    Args:
        labels: what the tenant asked for; keys that begin with ``taller.`` are overwritten.
        imposed: field → [value that the guard set, value that the tenant asked for].
        parts: the same of other parts of the object, by their name.
    """
    asked = {k: v for k, v in labels.items() if k.startswith(_RESERVED)}
    kept = {k: v for k, v in labels.items() if not k.startswith(_RESERVED)}
    echo = {"labels": asked, "imposed": dict(imposed or {}), **parts}
    return {**kept, **tenant.labels, _ECHO: json.dumps(echo, separators=(",", ":"))}


def owned(labels: Mapping[str, str] | None, tenant: Tenant) -> bool:
    """Whether an object with these labels is the tenant's."""
    return (labels or {}).get("taller.prefix") == tenant.namespace


def asked_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels as the tenant wrote them."""
    kept = {k: v for k, v in (labels or {}).items() if not k.startswith(_RESERVED)}
    return {**kept, **_echo(labels).get("labels", {})}


def show_asked(
    fields: dict[str, Any], labels: Mapping[str, str] | None, part: str = "imposed"
) -> None:
    """Put back, in an object's fields, what the tenant asked for where the guard set the value.

    A value that has changed since (``docker update``) is shown as it is.
    """
    for name, (real, asked) in _echo(labels).get(part, {}).items():
        if fields.get(name) == real:
            fields[name] = asked


def _echo(labels: Mapping[str, str] | None) -> dict[str, Any]:
    try:
        echo = json.loads((labels or {}).get(_ECHO, "{}"))
    except ValueError:
        return {}  # an image's label, which a Dockerfile may write: it has no say
    return echo if isinstance(echo, dict) else {}


def pick(
    ref: str, objects: Iterable[Any], names: Callable[[Any], list[str]], what: str
) -> dict[str, Any]:
    """The one of the tenant's objects that a name, an id or the beginning of an id means.

    Only the tenant's own are looked at: another's id is as unknown as one that does not exist.

    Raises:
        Refused: none, or more than one; in the engine's words.
    """
    objects = list(objects)
    ranks = (
        [o for o in objects if o["Id"] == ref],
        [o for o in objects if ref in names(o)],
        [o for o in objects if _ID.fullmatch(ref) and o["Id"].startswith(ref)],
    )
    found = next(filter(None, ranks), [])
    if len(found) > 1:
        raise Refused(f"multiple IDs found with provided prefix: {ref}", 400)
    if not found:
        raise Refused(f"No such {what}: {ref}", 404)
    return dict(found[0])
