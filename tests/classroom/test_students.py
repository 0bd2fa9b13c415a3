"""The list of students, and what follows from a name in it."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taller.classroom.certificates import Authority
from taller.classroom.seats import (
    CERTIFICATES,
    PRIVATE,
    give,
    open_folder,
    seat_of,
    take,
    write_roster,
)  # fmt: skip
from taller.classroom.students import read_students
from taller.errors import TallerError

names = st.from_regex(r"[a-zA-Z0-9][\w.+-]{0,30}", fullmatch=True)
SECRET = b"s" * 32


@given(st.sets(names, min_size=2, max_size=8))
def test_no_namespace_is_the_beginning_of_another(students: set[str]) -> None:
    spaces = {seat_of(student, Path("/x"), SECRET).namespace for student in students}
    assert len(spaces) == len(students)
    assert len({len(space) for space in spaces}) == 1


def test_a_namespace_does_not_follow_from_the_name_alone(tmp_path: Path) -> None:
    secrets = [open_folder(tmp_path / name) for name in ("a", "b", "a")]
    spaces = [seat_of("ana", tmp_path, secret).namespace for secret in secrets]
    assert spaces[0] == spaces[2] != spaces[1]
    assert not any("ana" in space for space in spaces)


def test_a_list_may_have_comments_and_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("\ufeffana # la primera\n\n# nadie\nbea.ruiz@uni.es\nÑ\n", encoding="utf-8")
    assert read_students(file) == ["ana", "bea.ruiz@uni.es", "Ñ"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ana\nana\n", "línea 2: «ana» está repetido"),
        ("Jose\u0301\nJosé\n", "línea 2: «José» está repetido"),
        ("ana\nbea ruiz\n", "línea 2: «bea ruiz» no es un nombre"),
        ("../ana\n", "línea 1"),
        ("...\n", "línea 1"),
        (".private\n", "línea 1"),
        ("classroom.csv\n", "línea 1"),
        ("# nadie\n", "ningún estudiante"),
    ],
)
def test_a_bad_list_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "list.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TallerError, match=reason):
        read_students(file)


def modes(folder: Path) -> dict[str, str]:
    """What others may do to each file and folder below a folder."""
    return {
        path.relative_to(folder).as_posix(): oct(stat.S_IMODE(path.lstat().st_mode))[2:]
        for path in [folder, *folder.rglob("*")]
    }


def test_nothing_is_there_for_others_but_the_way_through(tmp_path: Path) -> None:
    room = tmp_path / "room"
    seat = seat_of("nobody-here", room, open_folder(room))
    take(seat)
    Authority(room).equip(seat)
    give(seat)
    write_roster([seat], room, "localhost:1")
    found = modes(room)
    assert found.pop(".") == "711"
    assert found.pop(PRIVATE) == "700"
    assert found.pop("nobody-here") == "700"
    assert set(found.values()) == {"600"}


def test_certificates_that_were_handed_out_go_on(tmp_path: Path) -> None:
    seat = seat_of("ana", tmp_path, open_folder(tmp_path))
    take(seat)

    def content() -> list[bytes]:
        Authority(tmp_path).equip(seat)
        return [(seat.folder / name).read_bytes() for name in CERTIFICATES]

    first = content()
    assert content() == first
    (seat.folder / "cert.pem").write_text("broken")
    assert content() != first


@pytest.mark.parametrize("trap", ["link", "hard link", "folder", "pipe"])
def test_what_a_student_put_in_our_way_harms_nothing(tmp_path: Path, trap: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    victim.chmod(0o640)
    seat = seat_of("ana", tmp_path / "room", open_folder(tmp_path / "room"))
    take(seat)
    for name in ("docker.sock", *CERTIFICATES):
        path = seat.folder / name
        if trap == "link":
            path.symlink_to(victim)
        elif trap == "hard link":
            path.hardlink_to(victim)
        elif trap == "folder":
            (path / "full").mkdir(parents=True)
        else:
            os.mkfifo(path)
    take(seat)
    Authority(tmp_path / "room").equip(seat)
    give(seat)
    assert victim.read_text() == "kept"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o640
    assert all((seat.folder / name).is_file() for name in CERTIFICATES)
