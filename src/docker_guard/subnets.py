"""A small subnet for each isolated network.

An engine's own pools serve some thirty networks, less than a class needs. An isolated network has
no route to anywhere, so any range will do; this one is nobody's (RFC 2544, for benchmarks).
"""

import hashlib
import ipaddress
from collections.abc import Iterator

_POOL = ipaddress.IPv4Network("198.18.0.0/16")
_SIZE = 26
ASKED_POOL = ipaddress.IPv4Network("10.0.0.0/8")
"""Where the subnets of those isolated networks lie that ask for one of their own: none has a route
on the machine, and the range holds many large ones."""

SHARED_SUBNET = "198.19.0.0/16"
"""The subnet of the guards' common network."""

_TRIES = 50


def candidates(name: str, pool: ipaddress.IPv4Network = _POOL, size: int = _SIZE) -> Iterator[str]:
    """Subnets to try for a network, in an order that depends on its name.

    Args:
        name: the engine's.
        pool: where to look.
        size: length of their prefix.
    """
    size = max(size, pool.prefixlen)
    count = 2 ** (size - pool.prefixlen)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    for number in range(_TRIES):
        offset = (first + number) % count << (32 - size)
        yield str(ipaddress.IPv4Network((int(pool.network_address) + offset, size)))
