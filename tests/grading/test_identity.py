"""Whose a grader is: one name and one secret for each OUT, which a copy of OUT does not share."""

import shutil
from pathlib import Path

import pytest

from taller.grading.identity import folder_of, identity_of

FILE = ".run.json"


def test_an_out_has_one_identity_that_others_cannot_read(tmp_path: Path) -> None:
    first = identity_of(tmp_path / "out")
    assert identity_of(tmp_path / "out") == first
    assert (tmp_path / "out" / FILE).stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [FILE]


def test_two_outs_share_nothing(tmp_path: Path) -> None:
    one, other = identity_of(tmp_path / "one"), identity_of(tmp_path / "other")
    assert one.run != other.run
    assert one.namespace("ana", "ej01") != other.namespace("ana", "ej01")


def test_a_moved_out_keeps_its_identity_and_a_copy_gets_another(tmp_path: Path) -> None:
    first = identity_of(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "moved")
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    assert identity_of(tmp_path / "moved") == first
    assert identity_of(tmp_path / "copy").run != first.run


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"place": 1}'])
def test_a_damaged_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert identity_of(tmp_path) == identity_of(tmp_path)


def test_namespaces_differ_and_none_begins_another(tmp_path: Path) -> None:
    identity = identity_of(tmp_path)
    asked = [(student, f"ej{n:02}") for student in ("ana", "ana1", "an") for n in range(1, 9)]
    made = {identity.namespace(*one) for one in asked}
    assert len(made) == len(asked)
    assert len({len(name) for name in made}) == 1


def test_a_folder_tells_no_namespace(tmp_path: Path) -> None:
    identity = identity_of(tmp_path)
    namespace = identity.namespace("ana", "ej01")
    assert namespace[1:] not in str(folder_of(identity.run, namespace))
