"""The configuration in force and the engine client that belongs to it."""

import threading
from collections.abc import Mapping

import docker
from docker.errors import DockerException
from requests import RequestException

from docker_provider.codec import has_unknown
from docker_provider.connection import ProviderConfig, connect, explain
from docker_provider.errors import ProviderError
from docker_provider.schema import Value


class EngineSession:
    """Holds one configuration at a time: protocol 6 names none in the requests that follow it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._config = ProviderConfig()
        self._client: docker.APIClient | None = None

    @property
    def config(self) -> ProviderConfig:
        """The configuration in force."""
        return self._config

    def configure(self, values: Mapping[str, Value]) -> None:
        """Connect as the provider block says. Raises ProviderError when the engine is not there.

        A block with values that are not known yet leaves the provider without a client.
        """
        if has_unknown(dict(values)):
            self._replace(ProviderConfig(), None)
            return
        config = ProviderConfig.from_values(values)
        try:
            client = connect(config)
        except (DockerException, RequestException, OSError) as failure:
            raise ProviderError(*explain(failure, config)) from failure
        self._replace(config, client)

    def _replace(self, config: ProviderConfig, client: docker.APIClient | None) -> None:
        with self._lock:
            previous, self._client, self._config = self._client, client, config
        if previous is not None:
            previous.close()

    def client(self) -> docker.APIClient:
        """Return the engine's client; raises ProviderError before a usable configuration."""
        with self._lock:
            if self._client is not None:
                return self._client
        raise ProviderError(
            "The Docker provider is not configured yet",
            "The provider block depends on values that are only known after apply. Create what "
            "it depends on first (terraform apply -target=…), or write the value out.",
        )

    def explain(self, failure: Exception) -> ProviderError:
        """Describe a connection that failed in the middle of a request."""
        return ProviderError(*explain(failure, self._config))
