"""A connection to the Docker Engine, or an error that says why there is none."""

import errno
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import docker
from docker.errors import DockerException

from taller.errors import TallerError

Reason = Literal["missing", "refused", "forbidden", "unreachable", "tls", "other"]

_TIMEOUT_SECONDS = 60
_OLDEST_API = "1.24"
_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


class EngineError(TallerError):
    """The Docker Engine does not answer.

    Attributes:
        address: the engine's socket or URL.
        reason: missing (no socket), refused (nobody listens), forbidden (no permission),
            unreachable (network), tls (certificates), other.
    """

    def __init__(self, address: str, reason: Reason, detail: str) -> None:
        message, suggestion = _WORDS[reason]
        super().__init__(message.format(address=address, detail=detail), suggestion)
        self.address = address
        self.reason = reason


_WORDS: dict[Reason, tuple[str, str]] = {
    "missing": (
        "No hay ningún Docker Engine en {address}: el socket no existe.",
        "Abre Docker Desktop o ejecuta «taller doctor --fix», que instala y arranca el engine "
        "en Debian y Ubuntu.",
    ),
    "refused": (
        "Nadie contesta en {address}: el Docker Engine está parado.",
        "Arráncalo (Docker Desktop, «systemctl start docker» o «taller doctor --fix»).",
    ),
    "forbidden": (
        "El Docker Engine de {address} no te deja entrar: tu usuario no tiene permiso.",
        "Únete al grupo docker con «sudo usermod -aG docker $USER», cierra la sesión y vuelve a "
        "entrar.",
    ),
    "unreachable": (
        "No se llega al Docker Engine de {address}: {detail}",
        "Revisa DOCKER_HOST y la red.",
    ),
    "tls": (
        "El certificado para el Docker Engine de {address} no sirve: {detail}",
        "Revisa DOCKER_CERT_PATH y DOCKER_TLS_VERIFY.",
    ),
    "other": (
        "El Docker Engine de {address} no contesta: {detail}",
        "Mira su estado con «docker info» y revisa DOCKER_HOST.",
    ),
}


@dataclass(frozen=True)
class EngineVersion:
    """An engine's version, the API's version, and the platform it runs on."""

    engine: str
    api: str
    platform: str


def engine_address() -> str:
    """Where the engine is: ``DOCKER_HOST``, else the current Docker context's."""
    asked = os.environ.get("DOCKER_HOST")
    if asked:
        return asked
    host = docker.ContextAPI.get_current_context().Host or _DEFAULT_ADDRESS
    return host.replace("http+unix://", "unix://")


def connect() -> docker.DockerClient:
    """Return a client of an engine that answers.

    Raises:
        EngineError: it does not; the error names the address and what to do.
    """
    address = engine_address()
    try:
        if os.environ.get("DOCKER_HOST"):
            client = _from_environment()
        else:
            client = docker.DockerClient(base_url=address, timeout=_TIMEOUT_SECONDS)
        client.ping()
    except (DockerException, OSError) as error:
        raise EngineError(address, _reason(error), str(error)) from error
    return client


def _from_environment() -> docker.DockerClient:
    """What DOCKER_HOST names; by TLS, with the authority of DOCKER_CERT_PATH and no other.

    REQUESTS_CA_BUNDLE, which many machines set, would otherwise take its place: so the client is
    told to leave the environment alone before its first call, which asks for the API's version.
    """
    if not os.environ.get("DOCKER_TLS_VERIFY"):
        return docker.from_env(timeout=_TIMEOUT_SECONDS)
    first = docker.from_env(timeout=_TIMEOUT_SECONDS, version=_OLDEST_API)
    first.api.trust_env = False
    version = first.api.version(api_version=False).get("ApiVersion") or _OLDEST_API
    first.close()
    client = docker.from_env(timeout=_TIMEOUT_SECONDS, version=version)
    client.api.trust_env = False
    return client


def read_version(client: docker.DockerClient) -> EngineVersion:
    """Ask an engine which it is."""
    raw = client.version()
    platform = "/".join(raw.get(part) or "?" for part in ("Os", "Arch"))
    return EngineVersion(raw.get("Version") or "?", raw.get("ApiVersion") or "?", platform)


def _reason(error: BaseException) -> Reason:
    """Find the operating system's error at the bottom of the libraries' wrappers."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return "tls"
        if isinstance(cause, OSError) and cause.errno is not None:
            return _REASONS.get(cause.errno, "unreachable")
    return "other"


_REASONS: dict[int, Reason] = {
    errno.ENOENT: "missing",
    errno.ECONNREFUSED: "refused",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what it carries in its arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.append(current)
        yield current
        carried = [a for a in current.args if isinstance(a, BaseException)]
        linked = [e for e in (current.__cause__, current.__context__) if e is not None]
        reason = getattr(current, "reason", None)
        waiting += carried + linked + ([reason] if isinstance(reason, BaseException) else [])
