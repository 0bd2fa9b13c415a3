"""Schemas as plain data, and their translation to plugin protocol 6.

Types are written as Terraform itself writes them in JSON: ``"string"``, ``["list", "string"]``,
``["list", ["object", {"name": "string"}]]``.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from tf.gen import tfplugin_pb2 as pb

Type = str | list[Any]
Value = Any
"""A decoded value: None, bool, int, float, str, list, dict, or codec.UNKNOWN inside any of them."""

STRING: Type = "string"
NUMBER: Type = "number"
BOOL: Type = "bool"
STRING_LIST: Type = ["list", "string"]
STRING_SET: Type = ["set", "string"]
STRING_MAP: Type = ["map", "string"]


@dataclass(frozen=True)
class Attribute:
    """One argument or computed value. `default` applies when the argument is left out.

    `sticky`: left out or empty, what is there stays, and is no difference. `unserved`: why this
    provider does not carry it out; giving it a value is an error.
    """

    name: str
    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    force_new: bool = False
    default: Value = None
    deprecated: bool = False
    sticky: bool = False
    unserved: str = ""

    def to_protocol(self) -> pb.Schema.Attribute:
        """Translate to the protocol's message, which knows neither defaults nor replacement."""
        return pb.Schema.Attribute(
            name=self.name,
            type=json.dumps(self.type).encode(),
            required=self.required,
            optional=self.optional,
            computed=self.computed,
            sensitive=self.sensitive,
            deprecated=self.deprecated,
        )


@dataclass(frozen=True)
class Block:
    """Attributes and nested blocks, in no order that matters."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple["Nested", ...] = ()

    def to_protocol(self) -> pb.Schema.Block:
        """Translate to the protocol's message."""
        return pb.Schema.Block(
            attributes=[attribute.to_protocol() for attribute in self.attributes],
            block_types=[nested.to_protocol() for nested in self.blocks],
        )


Nesting = Literal["set", "list", "single"]
_NESTING = {
    "set": pb.Schema.NestedBlock.SET,
    "list": pb.Schema.NestedBlock.LIST,
    "single": pb.Schema.NestedBlock.SINGLE,
}


@dataclass(frozen=True)
class Nested:
    """A nested block. `computed`: left out, the engine's own value is kept in state.

    `conflicts`: attributes beside it that must be left out. `unserved`: as an attribute's.
    """

    name: str
    block: Block
    nesting: Nesting = "set"
    min_items: int = 0
    max_items: int = 0
    computed: bool = False
    force_new: bool = False
    conflicts: tuple[str, ...] = ()
    unserved: str = ""

    def to_protocol(self) -> pb.Schema.NestedBlock:
        """Translate to the protocol's message."""
        return pb.Schema.NestedBlock(
            type_name=self.name,
            block=self.block.to_protocol(),
            nesting=_NESTING[self.nesting],
            min_items=self.min_items,
            max_items=self.max_items,
        )

    def elements(self, value: Value) -> list[dict[str, Value]]:
        """The block's elements, however many its nesting mode allows."""
        if self.nesting == "single":
            return [] if value is None else [value]
        return list(value or [])


@dataclass(frozen=True)
class Schema:
    """A resource's, a data source's or the provider's schema."""

    block: Block
    version: int = 0
    description: str = ""

    def to_protocol(self) -> pb.Schema:
        """Translate to the protocol's message."""
        block = self.block.to_protocol()
        block.description = self.description
        return pb.Schema(version=self.version, block=block)


def required(name: str, type_: Type = STRING, *, force_new: bool = False) -> Attribute:
    """An argument that must be given."""
    return Attribute(name, type_, required=True, force_new=force_new)


def optional(
    name: str,
    type_: Type = STRING,
    *,
    force_new: bool = False,
    computed: bool = False,
    sensitive: bool = False,
    default: Value = None,
    unserved: str = "",
) -> Attribute:
    """An argument that may be left out: then its default, or with `computed` the engine's value."""
    return Attribute(
        name,
        type_,
        optional=True,
        computed=computed,
        sensitive=sensitive,
        force_new=force_new,
        default=default,
        unserved=unserved,
    )


def computed(name: str, type_: Type = STRING) -> Attribute:
    """A value that only the provider sets."""
    return Attribute(name, type_, computed=True)


IDENTIFIER = optional("id", computed=True)
"""What the plugin SDK of the real provider adds to every resource."""


TIMEOUTS = Nested(
    "timeouts",
    Block((optional("create"), optional("update"), optional("delete"))),
    nesting="single",
)
"""How long creating, changing and removing an object may take."""


def labels(*, force_new: bool = True, computed: bool = False) -> Nested:
    """The `labels` block that volumes, networks and containers share."""
    return Nested(
        "labels",
        Block((required("label", force_new=force_new), required("value", force_new=force_new))),
        computed=computed,
        force_new=force_new,
    )
