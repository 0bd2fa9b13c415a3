"""The configuration in force and the engine client that belongs to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from docker_provider.codec import has_unknown
from docker_provider.endpoint import ProviderConfig
from docker_provider.errors import ConfigurationError, ProviderError
from docker_provider.on_demand import docker, docker_errors, requests
from docker_provider.schema import Value

_RUN_END_SECONDS = 0.5
"""How long the end of a run may take to show, when the next one comes right after it."""


class EngineSession:
    """Holds one configuration at a time: protocol 6 names none in the requests that follow it.

    The first configuration of a run is in force until the run is over (`release`); a different one
    before that can only be a provider alias, or a second Terraform, and is refused.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._claimed: ProviderConfig | None = None
        self._config = ProviderConfig()
        self._client: docker.APIClient | None = None

    @property
    def config(self) -> ProviderConfig:
        """The configuration in force."""
        return self._config

    def configure(self, values: Mapping[str, Value]) -> None:
        """Connect as the provider block says.

        A block with values that are not known yet leaves the provider without a client. Raises
        ProviderError when the engine is not there, ConfigurationError for a second configuration.
        """
        config = None if has_unknown(dict(values)) else ProviderConfig.from_values(values)
        with self._changed:
            free = self._changed.wait_for(
                lambda: self._claimed is None or self._claimed == config, _RUN_END_SECONDS
            )
            if not free:
                raise _second_configuration()
            self._claimed = config
        client = None if config is None else self._connect(config)
        self._replace(config or ProviderConfig(), client)

    def release(self) -> None:
        """The run is over: the next one may bring another configuration."""
        with self._changed:
            self._claimed = None
            self._changed.notify_all()

    def _connect(self, config: ProviderConfig) -> docker.APIClient:
        from docker_provider.connection import connect, explain

        try:
            return connect(config)
        except (docker_errors.DockerException, requests.RequestException, OSError) as failure:
            raise ProviderError(*explain(failure, config)) from failure

    def _replace(self, config: ProviderConfig, client: docker.APIClient | None) -> None:
        with self._changed:
            previous, self._client, self._config = self._client, client, config
        if previous is not None:
            previous.close()

    def client(self) -> docker.APIClient:
        """Return the engine's client; raises ProviderError before a usable configuration."""
        with self._changed:
            if self._client is not None:
                return self._client
        raise ProviderError(
            "The Docker provider is not configured yet",
            "The provider block depends on values that are only known after apply. Create what "
            "it depends on first (terraform apply -target=…), or write the value out.",
        )

    def explain(self, failure: Exception) -> ProviderError:
        """Describe a connection that failed in the middle of a request."""
        from docker_provider.connection import explain

        return ProviderError(*explain(failure, self._config))


def _second_configuration() -> ConfigurationError:
    return ConfigurationError(
        "The embedded Docker provider keeps one configuration at a time",
        "This run has configured it already, and now asks for another engine or other "
        "credentials: a provider block with an alias, a module with a provider block of its own, "
        "or a second Terraform that shares this server. Use one provider block for the whole "
        "configuration, or install the provider as a filesystem mirror (python -m "
        "docker_provider install MIRROR_DIR) or from the registry: then each block gets a "
        "process of its own.",
    )
