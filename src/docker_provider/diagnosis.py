"""Say which way a connection to the Docker Engine failed, and what to do about it."""

import http.client
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests
from docker.errors import APIError, DockerException

from docker_provider.endpoint import Endpoint, ProviderConfig, resolve_endpoint
from docker_provider.errors import ProviderError

_CANNOT_REACH = "Cannot reach the Docker Engine"

# Takes an error of its type and the endpoint; returns reason and advice, or None: not that one.
_Description = Callable[..., tuple[str, str] | None]

# OpenSSL's X509_V_ERR_* codes (x509_vfy.h).
_EXPIRED, _NOT_YET_VALID = 10, 9
_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64

# TLS alerts (RFC 8446, section 6) by which a server refuses the client's certificate.
_CLIENT_REFUSALS = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "ALERT_UNKNOWN_CA",
    "ALERT_DECRYPT_ERROR",
    "ALERT_ACCESS_DENIED",
    "ALERT_HANDSHAKE_FAILURE",
)


def explain(error: BaseException, config: ProviderConfig) -> tuple[str, str]:
    """Turn a failed connection into a diagnostic's summary and detail.

    The summary says which failure it was; the detail names the address, who gave it, and what
    to do. An error that is none of the known failures is shown as it is, with the address.
    """
    if isinstance(error, ProviderError):
        return error.summary, error.detail
    try:
        endpoint = resolve_endpoint(config)
    except ProviderError as unusable:
        return unusable.summary, unusable.detail
    if endpoint.address.startswith("ssh:"):
        return f"{_CANNOT_REACH}: ssh did not lead to one", _ssh_advice(endpoint)
    causes = [*_refusal(error, endpoint), *_causes(error)]
    for kind, description in _DESCRIPTIONS:
        for cause in causes:
            if isinstance(cause, kind) and (found := description(cause, endpoint)):
                reason, advice = found
                return f"{_CANNOT_REACH}: {reason}", f"{endpoint}: {advice}"
    return _CANNOT_REACH, f"{endpoint}: {error}"


def _ssh_advice(endpoint: Endpoint) -> str:
    parts = urlsplit(endpoint.address)
    user = f"{parts.username}@" if parts.username else ""
    port = f"-p {parts.port} " if parts.port else ""
    return (
        f"{endpoint}: try `ssh {port}{user}{parts.hostname} docker version` in a terminal. It must "
        "work without a question: a key in your agent, a known host, and Docker over there."
    )


def _refusal(error: BaseException, endpoint: Endpoint) -> list[BaseException]:
    """Ask a TLS listener that only hung up why it did."""
    hang_ups = (ConnectionError, ssl.SSLEOFError)
    hung_up = any(isinstance(cause, hang_ups) for cause in _causes(error))
    if endpoint.tls is None or not hung_up:
        return []
    parts = urlsplit(endpoint.address)
    refusal = endpoint.tls.refusal(parts.hostname or "", parts.port or 0)
    return [refusal] if refusal else []


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything it wraps: causes, contexts, arguments, urllib3's reasons."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        nested = (current.__cause__, current.__context__, getattr(current, "reason", None))
        pending += [e for e in (*nested, *current.args) if isinstance(e, BaseException)]


def _missing(_: BaseException, endpoint: Endpoint) -> tuple[str, str] | None:
    if endpoint.socket_path is None:
        return None
    return (
        "there is no socket",
        f"{endpoint.socket_path} does not exist, so the engine is not running or listens "
        f"elsewhere. {_start_advice(endpoint)}",
    )


def _permission_denied(_: BaseException, endpoint: Endpoint) -> tuple[str, str] | None:
    path = endpoint.socket_path
    if path is None:
        return None
    user = psutil.Process().username()
    return (
        "permission denied",
        f"the user {user} may not open {_ownership(path)}. Join the group that owns it "
        f"(`sudo usermod -aG docker {user}`, then log in again), or use rootless Docker and "
        "point DOCKER_HOST at its socket.",
    )


def _refused(_: BaseException, endpoint: Endpoint) -> tuple[str, str]:
    return "nothing listens there", f"the connection was refused. {_start_advice(endpoint)}"


def _untrusted_engine(
    error: ssl.SSLCertVerificationError, endpoint: Endpoint
) -> tuple[str, str] | None:
    if error.verify_code == _EXPIRED:
        return (
            "the engine's certificate has expired",
            "renew the certificate that dockerd uses (--tlscert), or correct this machine's clock.",
        )
    if error.verify_code == _NOT_YET_VALID:
        return (
            "the engine's certificate is not valid yet",
            "correct the clock of this machine or of the one that made the certificate.",
        )
    if error.verify_code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
        return (
            "the engine's certificate is for another host",
            f"{error.verify_message} Use a name that the certificate carries, or make one that "
            "carries this name (subjectAltName).",
        )
    return (
        "the engine's certificate is signed by an unknown CA",
        f"{error.verify_message}. Give the certificate of the authority that signed the "
        f"engine's, as ca.pem or `ca_material`; the one in use comes from {_origin(endpoint)}.",
    )


def _tls_failure(error: ssl.SSLError, endpoint: Endpoint) -> tuple[str, str] | None:
    reason = error.reason or str(error)
    if any(alert in reason for alert in _CLIENT_REFUSALS):
        return _client_refused(reason, endpoint)
    if "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER_FAILURE" in reason:
        return (
            "it does not speak TLS",
            "TLS material is given, but the listener answers in plain text. Check the port "
            "(2376 with TLS, 2375 without), or leave the TLS arguments out.",
        )
    if isinstance(error, ssl.SSLEOFError):
        return _closed(error, endpoint)
    return None


def _client_refused(reason: str, endpoint: Endpoint) -> tuple[str, str]:
    if endpoint.tls is None or not endpoint.tls.certificate:
        return (
            "the engine requires a client certificate",
            "give one with `cert_path`, or with `cert_material` and `key_material`.",
        )
    expired = endpoint.tls.expired()
    if expired:
        return (
            "the client certificate has expired",
            f"the certificate from {endpoint.tls.origin} was valid until "
            f"{expired:%Y-%m-%d %H:%M} UTC. Make or ask for a new one.",
        )
    return (
        "the engine refused the client certificate",
        f"the certificate from {endpoint.tls.origin} is not signed by an authority that the "
        f"engine trusts (dockerd's --tlscacert); it answered {reason}.",
    )


def _closed(_: BaseException, endpoint: Endpoint) -> tuple[str, str]:
    plain_tcp = endpoint.socket_path is None and endpoint.tls is None
    return (
        "the connection was closed",
        "the engine stopped while it was answering, or the listener is no Docker Engine"
        + (", or it requires TLS and no TLS material is given" if plain_tcp else "")
        + f". {_start_advice(endpoint)} Then apply again: what was made is in the state.",
    )


def _timed_out(_: BaseException, __: Endpoint) -> tuple[str, str]:
    return (
        "no answer in time",
        "check the address, the firewall and that the engine is not overloaded "
        "(`docker info` should answer at once).",
    )


def _unknown_host(_: BaseException, __: Endpoint) -> tuple[str, str]:
    return "the host name is unknown", "correct the name, or the machine's DNS settings."


def _other_system_error(error: OSError, _: Endpoint) -> tuple[str, str] | None:
    if error.strerror is None or isinstance(error, requests.RequestException):
        return None
    return error.strerror.lower(), "check the address and the network."


def _wants_tls(error: APIError, _: Endpoint) -> tuple[str, str] | None:
    if "HTTPS server" not in str(error):
        return None
    return (
        "the engine requires TLS",
        "it listens with TLS, but no TLS material is given: set `cert_path`, or "
        "`ca_material`, `cert_material` and `key_material`.",
    )


def _not_docker(error: BaseException, _: Endpoint) -> tuple[str, str] | None:
    response = error.response if isinstance(error, APIError) else None
    if response is not None and "json" in response.headers.get("Content-Type", ""):
        return None  # an engine's own words: shown as they are
    return (
        "what listens there is not a Docker Engine",
        "it did not answer GET /version as the Engine API does. Check the address and port.",
    )


def _start_advice(endpoint: Endpoint) -> str:
    if endpoint.socket_path is None:
        return "Check host and port, and that dockerd runs there with -H tcp://."
    return (
        "Start the engine (Docker Desktop, or `sudo systemctl start docker`), or set `host` or "
        "DOCKER_HOST to where it listens."
    )


def _ownership(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        return f"{path}, which belongs to {path.owner()}:{path.group()} with mode {mode:04o}"
    except (OSError, KeyError, NotImplementedError):
        # A folder that may not be entered, ids without a name, a platform without owners.
        return str(path)


def _origin(endpoint: Endpoint) -> str:
    return endpoint.tls.origin if endpoint.tls else "nowhere"


# The most telling first: a TLS error, for instance, is also an OSError.
_DESCRIPTIONS: tuple[tuple[type[BaseException], _Description], ...] = (
    (ssl.SSLCertVerificationError, _untrusted_engine),
    (ssl.SSLError, _tls_failure),
    (FileNotFoundError, _missing),
    (PermissionError, _permission_denied),
    (ConnectionRefusedError, _refused),
    (socket.gaierror, _unknown_host),
    (TimeoutError, _timed_out),
    (requests.Timeout, _timed_out),
    (BrokenPipeError, _closed),
    (ConnectionResetError, _closed),
    (APIError, _wants_tls),
    (http.client.HTTPException, _not_docker),
    (requests.JSONDecodeError, _not_docker),
    (DockerException, _not_docker),
    (OSError, _other_system_error),
)
