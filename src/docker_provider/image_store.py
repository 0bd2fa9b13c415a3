"""Images in the engine: find one, or pull it."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from docker_provider.errors import ProviderError
from docker_provider.image_name import split_reference
from docker_provider.on_demand import docker_errors
from docker_provider.registry_auth import credentials_for, registry_of
from docker_provider.resource import Operation


def find_image(operation: Operation, name: str) -> dict[str, Any] | None:
    """Inspect the image `name` (name, name:tag, name@digest or id); None when it is not here."""
    try:
        # types-docker leaves this one call untyped.
        inspect: Callable[[str], dict[str, Any]] = operation.client.inspect_image
        return inspect(name)
    except (docker_errors.ImageNotFound, docker_errors.NotFound):
        return None


def ensure_image(operation: Operation, name: str, platform: str | None = None) -> dict[str, Any]:
    """Return the image, pulled only when the engine has none of that name.

    Raises ProviderError when it can be neither found nor pulled.
    """
    found = find_image(operation, name)
    if found is None:
        _pull(operation, name, platform)
        found = find_image(operation, name)
    if found is None:
        raise ProviderError(
            f'The image "{name}" cannot be found',
            "It was pulled, but the engine does not list it under that name. Check the name.",
        )
    return found


def _pull(operation: Operation, name: str, platform: str | None) -> None:
    if name.startswith("sha256:"):
        raise ProviderError(
            f'The engine has no image "{name}"',
            "An image id cannot be pulled. Refer to the docker_image resource that makes it, or "
            "give a name.",
        )
    registry = registry_of(name)
    credentials = credentials_for(registry, operation.config.registry_auth)
    repository, tag = split_reference(name)
    try:
        events = operation.client.pull(
            repository,
            tag or "latest",
            stream=True,
            decode=True,
            auth_config=credentials.as_engine_auth(),
            platform=platform,
        )
        for event in events:
            operation.cancellation.check()
            if "error" in event:
                raise _pull_failed(name, registry, event["error"])
    except docker_errors.APIError as refusal:
        raise _pull_failed(name, registry, str(refusal.explanation or refusal)) from refusal


def _pull_failed(name: str, registry: str, reason: str) -> ProviderError:
    return ProviderError(
        f'The image "{name}" is not here and cannot be pulled',
        f"The registry {registry} or the way to it said: {reason}. Check the name and tag; build "
        "the image with a docker_image resource and a build block; or, if the registry asks for "
        "credentials, give them in the provider's registry_auth block.",
    )


def repo_digest(image: dict[str, Any], name: str) -> str:
    """The digest by which a registry knows the image, best under this name; "" when none does."""
    digests: list[str] = image.get("RepoDigests") or []
    repository, _ = split_reference(name)
    named = (digest for digest in digests if digest.split("@", 1)[0] == repository)
    return next(chain(named, digests), "")
