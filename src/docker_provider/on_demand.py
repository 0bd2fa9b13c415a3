"""Packages that take a while to import: they come when they are first used.

A start, a schema and a validation need none of them, and Terraform starts a provider twice for
most of its commands. An `except` clause looks its class up only when something was raised.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["docker", "docker_auth", "docker_errors", "docker_utils", "requests"]

if TYPE_CHECKING:
    import docker
    import docker.auth as docker_auth
    import docker.errors as docker_errors
    import docker.utils as docker_utils
    import requests
else:

    class _OnDemand:
        """Stands for a module, and imports it at the first look into it."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(import_module(self._name), attribute)

    docker = _OnDemand("docker")
    docker_auth = _OnDemand("docker.auth")
    docker_errors = _OnDemand("docker.errors")
    docker_utils = _OnDemand("docker.utils")
    requests = _OnDemand("requests")
