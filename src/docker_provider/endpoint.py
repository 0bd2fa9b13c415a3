"""Which Docker Engine the provider's configuration means."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker_provider.docker_context import (
    DEFAULT_CONTEXT,
    current_context_name,
    load_context,
)
from docker_provider.errors import ConfigurationError
from docker_provider.registry_auth import RegistryAuth
from docker_provider.tls import TlsMaterial

PLATFORM_SOCKET = (
    "npipe:////./pipe/docker_engine" if sys.platform == "win32" else "unix:///var/run/docker.sock"
)
REPLACED_BY = "DOCKER_DEFAULT_SOCKET"
"""The variable with the address of what takes the platform's socket's place, where programs must
not reach the real one."""
_ENCRYPTABLE_SCHEMES = ("tcp", "http", "https")
_SCHEMES = ("unix", "npipe", "ssh", *_ENCRYPTABLE_SCHEMES)


@dataclass(frozen=True)
class ProviderConfig:
    """The provider block, as written: None means that an argument was left out."""

    host: str | None = None
    context: str | None = None
    cert_path: str | None = None
    ca_material: str | None = None
    cert_material: str | None = None
    key_material: str | None = None
    disable_docker_daemon_check: bool = False
    ssh_opts: tuple[str, ...] = ()
    registry_auth: tuple[RegistryAuth, ...] = ()

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "ProviderConfig":
        """Build from decoded block values: attribute name → value or None."""
        blocks: Sequence[Mapping[str, Any]] = values.get("registry_auth") or ()
        strings = ("host", "context", "cert_path", "ca_material", "cert_material", "key_material")
        return cls(
            **{name: values.get(name) or None for name in strings},
            disable_docker_daemon_check=bool(values.get("disable_docker_daemon_check")),
            ssh_opts=tuple(values.get("ssh_opts") or ()),
            registry_auth=tuple(RegistryAuth.from_values(block) for block in blocks),
        )


@dataclass(frozen=True)
class Endpoint:
    """An engine's address (``unix:///path``, ``tcp://host:port``), and who named it."""

    address: str
    named_by: str
    tls: TlsMaterial | None = None
    ssh_opts: tuple[str, ...] = ()

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket's path, or None for an engine over the network."""
        parts = urlsplit(self.address)
        if parts.scheme != "unix":
            return None
        return Path("/", parts.netloc, parts.path.lstrip("/"))

    def __str__(self) -> str:
        return f"{self.address} (from {self.named_by})"


def resolve_endpoint(config: ProviderConfig) -> Endpoint:
    """Find the engine: context, host, DOCKER_HOST, the current context, the platform's socket.

    A named context overrides `host`, as the documentation of kreuzwerker/docker says.
    Raises ConfigurationError when the address or the TLS material cannot be used.
    """
    context = config.context or os.environ.get("DOCKER_CONTEXT")
    if context and context != DEFAULT_CONTEXT:
        return _from_context(context, config)
    for address, named_by in (
        (_replaced(config.host), "the provider's `host`"),
        (os.environ.get("DOCKER_HOST"), "DOCKER_HOST"),
    ):
        if address:
            return _checked(Endpoint(address, named_by, _tls_of(address, config), config.ssh_opts))
    current = DEFAULT_CONTEXT if context else current_context_name()
    if current != DEFAULT_CONTEXT:
        return _from_context(current, config)
    return Endpoint(PLATFORM_SOCKET, "the platform's default")


def _replaced(address: str | None) -> str | None:
    """An address, or what takes its place."""
    return os.environ.get(REPLACED_BY, address) if address == PLATFORM_SOCKET else address


def _from_context(name: str, config: ProviderConfig) -> Endpoint:
    context = load_context(name)
    tls = _tls_of(context.host, config)
    if tls is None and context.tls_folder:
        tls = TlsMaterial.from_folder(context.tls_folder, verify=not context.skip_tls_verify)
    return _checked(Endpoint(context.host, f'the Docker context "{name}"', tls, config.ssh_opts))


def _tls_of(address: str, config: ProviderConfig) -> TlsMaterial | None:
    if urlsplit(address).scheme not in _ENCRYPTABLE_SCHEMES:
        return None
    environment = os.environ.get
    cert = config.cert_material or environment("DOCKER_CERT_MATERIAL")
    key = config.key_material or environment("DOCKER_KEY_MATERIAL")
    ca = config.ca_material or environment("DOCKER_CA_MATERIAL")
    if cert or key or ca:
        return _tls_from_material(config, cert, key, ca)
    folder = config.cert_path or environment("DOCKER_CERT_PATH")
    if folder:
        return TlsMaterial.from_folder(Path(folder).expanduser())
    return TlsMaterial.system_authorities() if address.startswith("https:") else None


def _tls_from_material(
    config: ProviderConfig, cert: str | None, key: str | None, ca: str | None
) -> TlsMaterial:
    if config.cert_path:
        raise ConfigurationError(
            "The TLS material is given twice",
            "Give either `cert_path` or `ca_material`, `cert_material` and `key_material`, "
            "not both.",
        )
    if bool(cert) != bool(key):
        missing = "key_material" if cert else "cert_material"
        raise ConfigurationError(
            f"`{missing}` is missing",
            "A client certificate needs both `cert_material` and `key_material`, in PEM.",
        )
    return TlsMaterial(ca=ca, certificate=cert, key=key, origin="the provider's *_material")


def _checked(endpoint: Endpoint) -> Endpoint:
    scheme = urlsplit(endpoint.address).scheme
    if scheme == "ssh" and not _has_ssh_host(endpoint.address):
        raise ConfigurationError(
            "The Docker Engine's address cannot be used",
            f"{endpoint}: write ssh://USER@HOST, with :PORT if it is not 22.",
        )
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            "The Docker Engine's address cannot be used",
            f"{endpoint}: write unix:///path/to/docker.sock, tcp://HOST:PORT or ssh://USER@HOST.",
        )
    if scheme in _ENCRYPTABLE_SCHEMES and not _has_host_and_port(endpoint.address):
        raise ConfigurationError(
            "The Docker Engine's address cannot be used",
            f"{endpoint}: a host and a port are required, as in tcp://192.0.2.7:2376.",
        )
    return endpoint


def _has_ssh_host(address: str) -> bool:
    """A host, and none that ssh would take for an option."""
    parts = urlsplit(address)
    try:
        known = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is not a number or out of range
        return False
    return known and not f"{parts.username or ''}{parts.hostname}".startswith("-")


def _has_host_and_port(address: str) -> bool:
    parts = urlsplit(address)
    try:
        return bool(parts.hostname and parts.port)
    except ValueError:  # the port is not a number or out of range
        return False
