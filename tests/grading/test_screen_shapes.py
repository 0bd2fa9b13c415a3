"""Configuration in JSON may have any shape: the screen reads it all and never fails."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taller.hcl.screen import screen

NAMES = st.sampled_from(
    ["resource", "data", "check", "ephemeral", "terraform", "provider", "module", "moved",
     "required_providers", "backend", "docker_volume", "external", "source", "x"]
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "./m", '${file("/x")}'])
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, ANYTHING, max_size=3))
def test_any_shape_is_read(configuration: dict[str, Any]) -> None:
    for denial in screen({"main.tf.json": json.dumps(configuration)}, remote_state=False):
        assert denial.message


@given(ANYTHING)
def test_a_provisioner_is_found_at_any_depth(other: Any) -> None:
    hidden = {"removed": [{"other": other, "deep": [{"provisioner": {"local-exec": {}}}]}]}
    found = screen({"main.tf.json": json.dumps(hidden)}, remote_state=False)
    assert "provisioner" in {denial.rule for denial in found}
