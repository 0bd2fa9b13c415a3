"""Durations, as Go and so the real provider write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_provider.durations import go_text, nanoseconds, seconds

MILLISECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", 0), ("0", 0), ("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1.5h", 5400), (".5s", 0.5)],
)
def test_a_duration_is_read(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5", "5 s", "-5s", "1d", "s"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration"):
        nanoseconds(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [(0, "0s"), (30_000, "30s"), (90_000, "1m30s"), (3_600_000, "1h0m0s"), (250, "250ms")],
)
def test_a_duration_is_written_as_go_writes_it(duration, text):
    assert go_text(duration * MILLISECOND) == text


@given(st.integers(0, 10**9))
def test_what_was_written_reads_the_same(milliseconds):
    assert nanoseconds(go_text(milliseconds * MILLISECOND)) == milliseconds * MILLISECOND
