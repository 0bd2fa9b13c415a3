"""Docker contexts: named engine addresses in the Docker command line's configuration folder.

Layout, as the Docker command line writes it: ``contexts/meta/ID/meta.json`` and
``contexts/tls/ID/docker/{ca,cert,key}.pem``, where ID is the SHA-256 of the context's name.
The SDK's own reader is not used because it finds no context at all while ``config.json`` does
not exist, which is how ``docker context create`` leaves a new home folder.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker_provider.errors import ConfigurationError

DEFAULT_CONTEXT = "default"


@dataclass(frozen=True)
class DockerContext:
    """Where a context's engine listens: its address, and its TLS folder when it has one."""

    name: str
    host: str
    tls_folder: Path | None
    skip_tls_verify: bool


def configuration_folder() -> Path:
    """Return the Docker command line's folder: DOCKER_CONFIG, else ``~/.docker``."""
    configured = os.environ.get("DOCKER_CONFIG")
    return Path(configured) if configured else Path.home() / ".docker"


def current_context_name() -> str:
    """Return the name that ``docker context use`` chose; ``default`` when it chose none.

    Raises ConfigurationError when ``config.json`` cannot be read.
    """
    path = configuration_folder() / "config.json"
    if not path.exists():
        return DEFAULT_CONTEXT
    return str(_read_json(path).get("currentContext") or DEFAULT_CONTEXT)


def load_context(name: str) -> DockerContext:
    """Read the context `name`; raises ConfigurationError when it does not exist or is damaged."""
    identifier = hashlib.sha256(name.encode()).hexdigest()
    contexts = configuration_folder() / "contexts"
    meta_path = contexts / "meta" / identifier / "meta.json"
    if not meta_path.is_file():
        raise ConfigurationError(
            f'There is no Docker context "{name}"',
            f"{contexts} holds no context of that name. `docker context ls` shows those that "
            "exist; correct the provider's `context` argument or DOCKER_CONTEXT, or remove it.",
        )
    endpoint = _read_json(meta_path).get("Endpoints", {}).get("docker", {})
    if not endpoint.get("Host"):
        raise ConfigurationError(
            f'The Docker context "{name}" names no engine',
            f"{meta_path} has no Endpoints.docker.Host. Create the context again with "
            "`docker context create`.",
        )
    tls_folder = contexts / "tls" / identifier / "docker"
    return DockerContext(
        name=name,
        host=endpoint["Host"],
        tls_folder=tls_folder if tls_folder.is_dir() else None,
        skip_tls_verify=bool(endpoint.get("SkipTLSVerify", False)),
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "The Docker command line's configuration cannot be read",
            f"{path}: {error}. Correct the file or move it away.",
        ) from error
    if not isinstance(content, dict):
        raise ConfigurationError(
            "The Docker command line's configuration cannot be read",
            f"{path} holds no JSON object. Correct the file or move it away.",
        )
    return content
