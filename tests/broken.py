"""What stands in for a part of ours that fails; nothing of ours does so by itself."""

from typing import Any


class OursError(Exception):
    """What only a mistake of ours raises."""


def broken(*_: object, **__: object) -> Any:
    """Put in place of a part of ours."""
    raise OursError("ours")
