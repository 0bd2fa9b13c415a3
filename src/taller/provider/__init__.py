"""Which Docker provider Terraform gets, and the process that serves the embedded one."""

from taller.provider.choice import Choice, choose
from taller.provider.server import (
    ServerRecord,
    ensure_server,
    fork_server,
    running_server,
    stop_server,
)
from taller.provider.wiring import environment, terraform

__all__ = [
    "Choice",
    "ServerRecord",
    "choose",
    "ensure_server",
    "environment",
    "fork_server",
    "running_server",
    "stop_server",
    "terraform",
]
