"""The wire format: whatever Terraform sends comes back the same."""

import json

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tf.gen import tfplugin_pb2 as pb

from docker_provider.codec import UNKNOWN, conform, decode, encode, has_unknown, settle
from docker_provider.schema import STRING_LIST, Block, Nested, optional, required

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.just(UNKNOWN)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@settings(max_examples=50)
@given(values)
def test_every_value_survives_the_way_there_and_back(value):
    assert decode(encode(value)) == value


@settings(max_examples=50)
@given(values)
def test_a_settled_value_has_nothing_unknown(value):
    assert not has_unknown(settle(value))
    assert has_unknown(value) or settle(value) == value


def test_a_refined_unknown_is_unknown():
    refined = msgpack.ExtType(12, msgpack.packb({1: False, 2: "prefix-"}))
    sent = pb.DynamicValue(msgpack=msgpack.packb({"name": refined}))
    assert decode(sent) == {"name": UNKNOWN}


def test_a_foreign_extension_is_refused():
    sent = pb.DynamicValue(msgpack=msgpack.packb(msgpack.ExtType(5, b"x")))
    with pytest.raises(ValueError, match="extension 5"):
        decode(sent)


def test_json_is_read_too():
    assert decode(pb.DynamicValue(json=json.dumps({"a": [1]}).encode())) == {"a": [1]}


def test_an_empty_value_is_null():
    assert decode(pb.DynamicValue()) is None


def test_what_python_alone_knows_cannot_be_sent():
    with pytest.raises(TypeError, match="no type for"):
        encode({"x": object()})


def test_conforming_fills_in_what_is_missing_and_drops_what_is_foreign():
    inner = Block((required("label"), optional("value")))
    block = Block(
        (required("name"), optional("dns", STRING_LIST)),
        (Nested("labels", inner), Nested("timeouts", inner, "single")),
    )
    assert conform(block, {"name": "x", "gone": 1, "labels": [{"label": "a"}]}) == {
        "name": "x",
        "dns": None,
        "labels": [{"label": "a", "value": None}],
        "timeouts": None,
    }
