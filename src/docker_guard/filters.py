"""The ``filters`` parameter of lists and events."""

import json

from docker_guard.model import decode
from docker_guard.policy import Tenant
from docker_guard.refusal import Refused


def own_filters(raw: str, tenant: Tenant, allowed: frozenset[str] = frozenset()) -> str:
    """The client's filters, plus the one that keeps to the tenant's own objects.

    All labels must match, so a client's own label filter can only narrow the list.

    Raises:
        Refused: filters that are malformed, or that the guard does not know.
    """
    filters = parse_filters(raw, allowed | {"label"})
    mine = f"taller.prefix={tenant.namespace}"
    return json.dumps({**filters, "label": [*filters.get("label", []), mine]})


def split_names(raw: str) -> tuple[list[str], str]:
    """The filter on names, which the guard applies itself, and the others.

    Raises:
        Refused: filters that are malformed.
    """
    filters = decode(raw.encode())
    names = parse_filters(json.dumps({"name": filters.pop("name", [])}), frozenset({"name"}))
    return names["name"], json.dumps(filters)


def parse_filters(raw: str, allowed: frozenset[str]) -> dict[str, list[str]]:
    """Decode filters in either of the API's two forms: lists, or objects of booleans.

    Raises:
        Refused: filters that are malformed or not among those allowed.
    """
    filters: dict[str, list[str]] = {}
    for name, value in decode(raw.encode()).items():
        values = [k for k, on in value.items() if on is True] if isinstance(value, dict) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise Refused(f"filters: «{name}» debe ser una lista de textos.", 400)
        if name not in allowed:
            raise Refused(f"El filtro «{name}» no está permitido.")
        filters[name] = values
    return filters
