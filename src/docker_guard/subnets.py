"""A small subnet for each isolated network.

An engine's own pools serve some thirty networks, less than a class needs. An isolated network has
no route to anywhere, so any range will do; this one is nobody's (RFC 2544, for benchmarks).
"""

import hashlib
import ipaddress
from collections.abc import Iterator

_POOL = ipaddress.IPv4Network("198.18.0.0/16")
_SIZE = 26
SHARED_SUBNET = "198.19.0.0/16"
"""The subnet of the guards' common network."""

_TRIES = 50


def candidates(name: str) -> Iterator[str]:
    """Subnets to try for a network, in an order that depends on its name."""
    count = 2 ** (_SIZE - _POOL.prefixlen)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    for number in range(_TRIES):
        offset = (first + number) % count << (32 - _SIZE)
        yield str(ipaddress.IPv4Network((int(_POOL.network_address) + offset, _SIZE)))
