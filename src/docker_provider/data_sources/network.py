"""docker_network, read: a network that exists already."""

from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import DataSource, Operation
from docker_provider.resources.network import observed
from docker_provider.schema import BOOL, STRING_MAP, Block, Schema, Type, computed, required

IPAM_CONFIG: Type = [
    "set",
    [
        "object",
        {
            "aux_address": ["map", "string"],
            "gateway": "string",
            "ip_range": "string",
            "subnet": "string",
        },
    ],
]
_SHOWN = ("id", "driver", "internal", "ipam_config", "options", "scope")


class NetworkData(DataSource):
    """A network by its name or id."""

    name = "docker_network"
    schema = Schema(
        Block(
            (
                computed("id"),
                required("name"),
                computed("driver"),
                computed("internal", BOOL),
                computed("ipam_config", IPAM_CONFIG),
                computed("options", STRING_MAP),
                computed("scope"),
            )
        )
    )

    def read(self, operation: Operation, config: State) -> State:
        """Look the network up."""
        try:
            found = observed(operation.client.inspect_network(config["name"]))
        except docker_errors.NotFound as absence:
            raise ProviderError(
                f'The engine has no network "{config["name"]}"',
                "Check the name (`docker network ls`), or make it with a docker_network resource.",
            ) from absence
        return {**config, **{name: found[name] for name in _SHOWN}}
