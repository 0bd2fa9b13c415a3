"""Terraform's dynamic values ↔ Python: MessagePack as plugin protocol 6 defines it.

An unknown value travels as MessagePack extension 0, or 12 when Terraform knows something about it
(a "refined" unknown, Terraform ≥ 1.6); both become UNKNOWN here.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgpack
from tf.gen import tfplugin_pb2 as pb

from docker_provider.schema import Block, Nested, Value


class _Unknown:
    """The one value that is not known until apply."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
_UNKNOWN_EXTENSIONS = (0, 12)


def decode(value: pb.DynamicValue) -> Value:
    """Return the Python value of a dynamic value; None when it carries nothing."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=_decode_extension, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def _decode_extension(code: int, data: bytes) -> Value:
    if code in _UNKNOWN_EXTENSIONS:
        return UNKNOWN
    raise ValueError(f"MessagePack extension {code} is not part of Terraform's protocol: {data!r}")


def encode(value: Value) -> pb.DynamicValue:
    """Return the dynamic value of a Python value (None becomes an explicit null)."""
    return pb.DynamicValue(msgpack=msgpack.packb(value, default=_encode_unknown))


def _encode_unknown(value: Any) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"Terraform has no type for {value!r} ({type(value).__name__})")


def conform(block: Block, value: Mapping[str, Value]) -> dict[str, Value]:
    """Give `value` exactly the names of `block`: what is missing is null, what is foreign goes."""
    conformed: dict[str, Value] = {item.name: value.get(item.name) for item in block.attributes}
    for nested in block.blocks:
        conformed[nested.name] = _conform_nested(nested, value.get(nested.name))
    return conformed


def _conform_nested(nested: Nested, value: Value) -> Value:
    if value is UNKNOWN:
        return UNKNOWN
    if nested.nesting == "single":
        return None if value is None else conform(nested.block, value)
    return [conform(nested.block, element) for element in value or []]


def settle(value: Value) -> Value:
    """Replace every unknown by null: after apply Terraform accepts none."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {name: settle(element) for name, element in value.items()}
    if isinstance(value, list):
        return [settle(element) for element in value]
    return value


def has_unknown(value: Value) -> bool:
    """Tell whether anything inside `value` is unknown."""
    if isinstance(value, dict):
        return any(has_unknown(element) for element in value.values())
    if isinstance(value, list):
        return any(has_unknown(element) for element in value)
    return value is UNKNOWN
