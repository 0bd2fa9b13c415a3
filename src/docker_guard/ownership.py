"""Whose an object is, and what its owner sees of it.

The labels on an object say whose it is; they survive a restart of the guard. The label
``taller.guard`` keeps what the tenant asked for where the guard set something else, so that the
tenant reads back what it wrote: Terraform would otherwise plan to change it for ever.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from docker_guard.model import is_zero
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
    told = {"labels": asked, "imposed": dict(imposed or {}), **parts}
    return {**kept, **tenant.labels, _ECHO: json.dumps(told, separators=(",", ":"))}


def owned(labels: Mapping[str, str] | None, tenant: Tenant) -> bool:
    """Whether an object with these labels is the tenant's."""
    return (labels or {}).get("taller.prefix") == tenant.namespace


def asked_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels as the tenant wrote them."""
    kept = {k: v for k, v in (labels or {}).items() if not k.startswith(_RESERVED)}
    return {**kept, **echo(labels).get("labels", {})}


def show_asked(
    fields: dict[str, Any], labels: Mapping[str, str] | None, part: str = "imposed",
    changed: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Put back, in an object's fields, what the tenant asked for where the guard set the value.

    A value that has changed since in another way is shown as it is.

    Args:
        fields: of the object, as the engine tells them.
        labels: its labels.
        part: of the object, as stamped() got it.
        changed: what was asked for and set since, in the same form.
    """
    for name, (real, asked) in {**echo(labels).get(part, {}), **(changed or {})}.items():
        if _same(fields.get(name), real):
            fields[name] = asked


def _same(first: object, second: object) -> bool:
    """Whether two values are equal, or both say nothing."""
    return first == second or (is_zero(first) and is_zero(second))


def echo(labels: Mapping[str, str] | None) -> dict[str, Any]:
    """What stamped() kept of what the tenant asked for."""
    try:
        kept = json.loads((labels or {}).get(_ECHO, "{}"))
    except ValueError:
        return {}  # an image's label, which a Dockerfile may write: it has no say
    return kept if isinstance(kept, dict) else {}


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
