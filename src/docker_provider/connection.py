"""Connect to the Docker Engine that the provider's configuration names."""

import docker
import requests
from docker.errors import DockerException
from requests.adapters import HTTPAdapter

from docker_provider.context_adapter import ContextAdapter
from docker_provider.diagnosis import explain
from docker_provider.endpoint import Endpoint, ProviderConfig, resolve_endpoint
from docker_provider.ssh_adapter import SshAdapter, ssh_command

__all__ = ["ProviderConfig", "connect", "explain"]

POOL_SIZE = 64
"""Connections kept for reuse: Terraform's -parallelism is 10, and students raise it."""

NEGOTIATION_TIMEOUT = 10
"""Seconds the engine has to say which API version it speaks."""

OPERATION_TIMEOUT = 300
"""Seconds of silence the engine is allowed during an ordinary call."""

USER_AGENT = "terraform-provider-docker/3 (embedded)"
"""By this an engine, or a guard before it, tells Terraform from other clients."""

FALLBACK_API_VERSION = "1.41"
"""Spoken when the engine could not be asked (`disable_docker_daemon_check`): Docker 20.10."""


def connect(config: ProviderConfig) -> docker.APIClient:
    """Return a client of the engine, speaking the newest API version that both sides know.

    With `disable_docker_daemon_check` an engine that does not answer is no error yet.
    Raises ConfigurationError, or the connection's own error: `explain` describes both.
    """
    endpoint = resolve_endpoint(config)
    try:
        version = _negotiate(endpoint)
    except (requests.RequestException, DockerException):
        if not config.disable_docker_daemon_check:
            raise
        version = FALLBACK_API_VERSION
    return _client(endpoint, version, OPERATION_TIMEOUT)


def _negotiate(endpoint: Endpoint) -> str:
    probe = _client(endpoint, FALLBACK_API_VERSION, NEGOTIATION_TIMEOUT)
    try:
        answer = probe.version(api_version=False)
    finally:
        probe.close()
    if not isinstance(answer, dict) or "ApiVersion" not in answer:
        raise DockerException("The answer to GET /version has no ApiVersion")
    return str(answer["ApiVersion"])


def _client(endpoint: Endpoint, version: str, timeout: int) -> docker.APIClient:
    address = endpoint.address
    over_ssh = address.startswith("ssh:")
    if endpoint.tls:
        address = f"https://{address.split('://', 1)[1]}"
    elif over_ssh:
        address = "tcp://ssh:22"  # a name only: the adapter below knows the way
    # A given version keeps the constructor from calling the engine before the lines below.
    client = docker.APIClient(
        address, version, timeout, user_agent=USER_AGENT, max_pool_size=POOL_SIZE
    )
    # Otherwise requests would ask a proxy that the environment names for the web.
    client.trust_env = False
    if endpoint.tls:
        client.mount("https://", ContextAdapter(endpoint.tls.context(), POOL_SIZE))
    elif over_ssh:
        client.mount(
            "http://", SshAdapter(ssh_command(endpoint.address, endpoint.ssh_opts), POOL_SIZE)
        )
    elif endpoint.socket_path is None:
        client.mount("http://", HTTPAdapter(pool_maxsize=POOL_SIZE))
    return client
