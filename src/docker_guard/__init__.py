"""An allow-list proxy of the Docker Engine API: the only way from a sandbox to Docker.

Nothing that a client sends reaches the engine as it came: requests are decoded, checked field by
field against what the exercises need, and written anew. What is not known is refused.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker_guard.policy import Policy, Tenant
    from docker_guard.refusal import Refusal
    from docker_guard.server import Guard

__all__ = ["Guard", "Policy", "Refusal", "Tenant"]

_MODULES = {"Guard": "server", "Policy": "policy", "Refusal": "refusal", "Tenant": "policy"}


def __getattr__(name: str) -> Any:
    """The public names, imported when used: who wants only the rules pays for no server."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
