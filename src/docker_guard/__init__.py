"""An allow-list proxy of the Docker Engine API: the only way from a sandbox to Docker.

Nothing that a client sends reaches the engine as it came: requests are decoded, checked field by
field against what the exercises need, and written anew. What is not known is refused.
"""

from docker_guard.policy import Policy, Tenant
from docker_guard.refusal import Refusal
from docker_guard.server import Guard

__all__ = ["Guard", "Policy", "Refusal", "Tenant"]
