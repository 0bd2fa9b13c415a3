"""The oldest and the newest Terraform say the same mistakes in other words; the lab does not."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.taller.mistakes import MISTAKES, assert_explained, opened
from tests.terraforms import LOCKS, install

from taller.lab import Lab
from taller.terraform import Terraform, TerraformError, locate

pytestmark = [pytest.mark.engine, pytest.mark.slow]

AFTER_WRITE = [each for each in MISTAKES if each["at"] == "plan"]
"""What Terraform says; the others the lab finds by itself, whatever Terraform there is."""


@pytest.fixture(scope="module", params=LOCKS)
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A Terraform of another version, first on the PATH."""
    found = install(request.param, tmp_path_factory.mktemp("terraform"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(found.parent), prepend=os.pathsep)
        assert locate() == str(found)
        yield found


@pytest.fixture(scope="module")
def lab(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from opened(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("mistake", AFTER_WRITE, ids=[each["name"] for each in AFTER_WRITE])
def test_a_mistake_is_explained_at_its_line_whatever_terraform_there_is(
    lab: Lab, mistake: dict[str, Any]
) -> None:
    assert_explained(lab, mistake)


@pytest.mark.parametrize("by_hand", [{}, {"migrate_state": True}], ids=["json", "words"])
def test_init_begins_with_what_is_wrong_and_where(
    program: Path, tmp_path: Path, by_hand: dict[str, bool]
) -> None:
    (tmp_path / "main.tf").write_text('\nresource "terraform_data" "x" {\n')
    with pytest.raises(TerraformError) as raised:
        Terraform(tmp_path, binary=str(program)).init(**by_hand)
    (only,) = raised.value.diagnostics
    assert (only.summary, only.file, only.line) == ("Unclosed configuration block", "main.tf", 2)
    assert only.snippet == 'resource "terraform_data" "x" {'
    assert only.detail.startswith("There is no closing brace for this block before the end of the")
    assert "\n" not in only.detail
