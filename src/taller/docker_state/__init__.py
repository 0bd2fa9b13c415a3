"""What Docker says there is: typed reads of a real Docker Engine."""

from taller.docker_state.connection import EngineError, EngineVersion, connect, engine_address
from taller.docker_state.objects import Container, Image, Mount, Network, Port, Volume
from taller.docker_state.reads import LABELS, DockerState

__all__ = [
    "LABELS",
    "Container",
    "DockerState",
    "EngineError",
    "EngineVersion",
    "Image",
    "Mount",
    "Network",
    "Port",
    "Volume",
    "connect",
    "engine_address",
]
