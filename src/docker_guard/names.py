"""Two names for one object: the engine's, and the one that the tenant gave it.

The engine's is the tenant's namespace, which nobody else can guess, and the given name behind it:
two tenants may give the same name. What the engine answers goes back with the given names. A text
of the engine's holds one name at most, whose namespace comes first, so taking out the first one is
exact, whatever the tenant itself wrote; what is the tenant's own text is left as it is.
"""

import re
from collections.abc import Iterable
from typing import Any

from docker_guard.policy import Tenant
from docker_guard.refusal import Refused

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", re.ASCII)
_TENANTS_OWN = frozenset(
    ("Args", "Cmd", "Destination", "Entrypoint", "Env", "ExtraHosts", "Healthcheck", "Hostname",
     "Labels", "Log", "LogConfig", "Options", "Path", "Target", "Tmpfs", "User", "WorkingDir")
)  # fmt: skip
"""Fields in which the engine keeps what the tenant wrote, word for word."""


def real_name(asked: str, tenant: Tenant, what: str) -> str:
    """The engine's name of a new object.

    Args:
        asked: the name that the tenant gives it.
        what: the object's kind with its article, in Spanish.

    Raises:
        Refused: the engine itself would not take it.
    """
    if not asked:
        raise Refused(f"Ponle nombre a {what}.", 400)
    if not is_name(asked):
        raise Refused(
            f"«{asked}» no sirve como nombre para {what}: usa letras, cifras y «_ . -», y empieza "
            "por una letra o una cifra.",
            400,
        )
    return tenant.namespace + asked


def is_name(text: str) -> bool:
    """Whether the engine would take it as the name of an object."""
    return _NAME.fullmatch(text) is not None


def asked_name(real: str, tenant: Tenant) -> str:
    """The name that the tenant gave to what the engine calls so."""
    return real.replace(tenant.namespace, "", 1)


def shown(value: Any, tenant: Tenant) -> Any:
    """An answer of the engine's, with the tenant's names in it."""
    if isinstance(value, str):
        return asked_name(value, tenant)
    if isinstance(value, list):
        return [shown(item, tenant) for item in value]
    if isinstance(value, dict):
        return {
            asked_name(key, tenant): item if key in _TENANTS_OWN else shown(item, tenant)
            for key, item in value.items()
        }
    return value


def without_namespace(text: str, tenant: Tenant) -> str:
    """A message of the engine's, in which any number of names may be."""
    return text.replace(tenant.namespace, "")


def add_alias(endpoint: dict[str, Any], asked: str) -> dict[str, Any]:
    """A container's place on a network, where others find it by the name that they know."""
    return {**endpoint, "Aliases": [asked, *endpoint.get("Aliases", [])]}


def hide_alias(endpoint: dict[str, Any], asked: str) -> None:
    """Take out of an answer what add_alias() put in."""
    for field in ("Aliases", "DNSNames"):
        names = endpoint.get(field) or []
        if asked in names:
            names.remove(asked)
            endpoint[field] = names or None


def matches_any(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether a list's filter on names lets an object pass: part of a name, ``^``, ``$``."""
    return any(_matches(pattern, name) for pattern in patterns for name in names)


def _matches(pattern: str, name: str) -> bool:
    text = pattern.removeprefix("^").removeprefix("/").removesuffix("$")
    first, last = pattern.startswith("^"), pattern.endswith("$")
    if first and last:
        return name == text
    if first or last:
        return name.startswith(text) if first else name.endswith(text)
    return text in name
