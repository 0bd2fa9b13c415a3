"""What beginners write, each with what they read and where, for real."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.taller.mistakes import MISTAKES, assert_explained, opened

from taller.lab import Lab

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from opened(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake["name"] for mistake in MISTAKES])
def test_a_beginners_mistake_is_explained_once_and_at_its_line(
    lab: Lab, mistake: dict[str, Any]
) -> None:
    assert_explained(lab, mistake)
