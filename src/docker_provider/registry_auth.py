"""Who we are to a registry: the provider's `registry_auth` blocks, then Docker's own file."""

import ipaddress
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker_provider.docker_context import configuration_folder
from docker_provider.errors import ConfigurationError
from docker_provider.image_name import DOCKER_HUB, ImageName
from docker_provider.on_demand import docker_auth, docker_errors

_DOCKER_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True)
class RegistryAuth:
    """One `registry_auth` block, as written: None means that an argument was left out."""

    address: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    config_file: str | None = None
    config_file_content: str | None = field(default=None, repr=False)
    auth_disabled: bool = False

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "RegistryAuth":
        """Build from decoded block values: attribute name → value or None."""
        return cls(
            address=values["address"],
            username=values.get("username"),
            password=values.get("password"),
            config_file=values.get("config_file"),
            config_file_content=values.get("config_file_content"),
            auth_disabled=bool(values.get("auth_disabled")),
        )


@dataclass(frozen=True)
class Credentials:
    """What a registry is told: a name and password, or an identity token; both may be empty."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token)

    def as_engine_auth(self) -> dict[str, str]:
        """The `auth_config` argument of docker.APIClient.pull and push; {} is anonymous."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"username": self.username, "password": self.password} if self.username else {}


ANONYMOUS = Credentials()


def registry_of(image: str) -> str:
    """The registry's ``host[:port]`` in an image name; raises ConfigurationError."""
    return ImageName.parse(image).registry


def credentials_for(registry: str, blocks: Iterable[RegistryAuth]) -> Credentials:
    """Find the credentials for `registry` (``host[:port]``); ANONYMOUS when there are none.

    The `registry_auth` block of that address decides; without one, Docker's configuration file
    does, with its credential helpers. Raises ConfigurationError for an unreadable file.
    """
    wanted = _hostname(registry)
    for block in blocks:
        if _hostname(block.address) == wanted:
            return _from_block(block, wanted)
    default = configuration_folder() / "config.json"
    return _from_file(default, wanted) if default.is_file() else ANONYMOUS


def _from_block(block: RegistryAuth, registry: str) -> Credentials:
    if block.auth_disabled:
        return ANONYMOUS
    username = block.username or os.environ.get("DOCKER_REGISTRY_USER")
    if username:
        password = block.password or os.environ.get("DOCKER_REGISTRY_PASS") or ""
        return Credentials(username, password)
    if block.config_file_content:
        return _from_text(block.config_file_content, "`config_file_content`", registry)
    if block.config_file:
        return _from_file(Path(block.config_file).expanduser(), registry)
    return _from_file(configuration_folder() / "config.json", registry)


def _from_file(path: Path, registry: str) -> Credentials:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The credentials for the registry {registry} cannot be read",
            f"{path}: {error}. Run `docker login {registry}`, or set `username` and `password` "
            "in the provider's registry_auth block.",
        ) from error
    return _from_text(text, str(path), registry)


def _from_text(text: str, origin: str, registry: str) -> Credentials:
    try:
        entries = json.loads(text)
        found = (
            docker_auth.AuthConfig.load_config(None, entries)
            if entries
            else docker_auth.AuthConfig({})
        )
        entry = found.resolve_authconfig(None if registry == DOCKER_HUB else registry)
    except (ValueError, AttributeError, docker_errors.DockerException) as error:
        # AttributeError: JSON that is no object. DockerException: also a helper that fails.
        raise ConfigurationError(
            f"The credentials for the registry {registry} cannot be used",
            f"{origin}: {error}. It must be a Docker configuration file, as `docker login` "
            "writes it, and its credential helpers must be installed.",
        ) from error
    return _from_entry(entry or {})


def _from_entry(entry: Mapping[str, str]) -> Credentials:
    lower = {key.lower(): value for key, value in entry.items()}
    return Credentials(
        username=lower.get("username") or "",
        password=lower.get("password") or "",
        identity_token=lower.get("identitytoken") or "",
    )


def has_block(registry: str, blocks: Iterable[RegistryAuth]) -> bool:
    """Whether the provider has a `registry_auth` block for `registry`."""
    return any(_hostname(block.address) == _hostname(registry) for block in blocks)


def scheme_for(registry: str, addresses: Iterable[str]) -> str:
    """``http`` where an address of this registry says so, else ``https``, on the loopback too."""
    for address in addresses:
        if _hostname(address) == _hostname(registry) and "://" in address:
            return address.split("://", 1)[0]
    return "https"


def is_loopback(registry: str) -> bool:
    """Whether ``host[:port]`` is this machine."""
    host = urlsplit(f"//{registry}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _hostname(address: str) -> str:
    host = address.removeprefix("https://").removeprefix("http://").split("/", 1)[0]
    return DOCKER_HUB if host in _DOCKER_HUB_NAMES else host
