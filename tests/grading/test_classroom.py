"""taller classroom: one engine, a socket for each student."""

import csv
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taller.errors import TallerError
from taller.grading.classroom import places, prefix_of, read_students

BASE = "taller/base:bookworm"
names = st.from_regex(r"[a-zA-Z0-9][\w.+-]{0,30}", fullmatch=True)


@given(st.sets(names, min_size=2, max_size=8))
def test_no_prefix_is_the_beginning_of_another(students: set[str]) -> None:
    prefixes = {prefix_of(student) for student in students}
    assert not any(a.startswith(b) for a, b in permutations(prefixes, 2))


def test_a_prefix_does_not_depend_on_who_else_is_there() -> None:
    assert prefix_of("Ángela.Núñez") == prefix_of("Ángela.Núñez")
    assert prefix_of("Ángela.Núñez").startswith("angelanunez-")


def test_a_list_may_have_comments_and_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("\ufeffana # la primera\n\n# nadie\nbea.ruiz@uni.es\n", encoding="utf-8")
    assert read_students(file) == ["ana", "bea.ruiz@uni.es"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ana\nana\n", "línea 2: «ana» está repetido"),
        ("ana\nbea ruiz\n", "línea 2: «bea ruiz» no es un nombre"),
        ("../ana\n", "línea 1"),
        ("...\n", "línea 1"),
        ("# nadie\n", "ningún estudiante"),
    ],
)
def test_a_bad_list_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "list.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TallerError, match=reason):
        read_students(file)


def test_two_students_with_one_prefix_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clash of digests cannot be waited for: here every student gets the same."""
    monkeypatch.setattr("taller.grading.classroom.prefix_of", lambda student: "same-0000")
    with pytest.raises(TallerError, match="el mismo prefijo"):
        places(["ana", "bea"], tmp_path)


def start(students: Path, sockets: Path) -> "subprocess.Popen[str]":
    """Start the command and wait until every socket listens."""
    server = subprocess.Popen(
        [sys.executable, "-m", "taller", "classroom", "--students", students,
         "--sockets", sockets, "--image", BASE],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    while "sockets listos" not in (line := server.stdout.readline()):
        assert line
    return server


@pytest.fixture
def classroom(tmp_path: Path, prefix: str, leftovers: None) -> Iterator[list[dict[str, str]]]:
    """A class of ten, as the instructor starts it."""
    (tmp_path / "list.txt").write_text("".join(f"{prefix}x{n}\n" for n in range(10)))
    server = start(tmp_path / "list.txt", tmp_path / "s")
    with (tmp_path / "s" / "classroom.csv").open(encoding="utf-8") as stream:
        yield list(csv.DictReader(stream))
    server.send_signal(signal.SIGTERM)
    assert server.wait(15) == 0
    assert list((tmp_path / "s").glob("*/docker.sock")) == []


def work(seat: dict[str, str]) -> list[str]:
    """What a student does; returns the names that the student sees at the end."""
    client = docker.DockerClient(seat["docker_host"], timeout=120)
    mine = seat["prefix"]
    for layer in ("raw", "silver", "gold"):
        client.volumes.create(f"{mine}_{layer}")
    client.networks.create(f"{mine}_net")
    box = client.containers.create(
        BASE, ["python3", "-c", "open('/d/x', 'w').write('1')"], name=f"{mine}_job",
        volumes=[f"{mine}_raw:/d"], network=f"{mine}_net",
    )  # fmt: skip
    box.start()
    assert box.wait()["StatusCode"] == 0
    client.volumes.create("shared")  # each has its own, under one name
    seen = [v.name for v in client.volumes.list()] + [n.name for n in client.networks.list()]
    seen += [c.name for c in client.containers.list(all=True)]
    client.close()
    return sorted(seen)


@pytest.mark.engine
def test_ten_students_work_at_once_and_each_sees_only_its_own(
    classroom: list[dict[str, str]],
) -> None:
    with ThreadPoolExecutor(10) as pool:
        seen = list(pool.map(work, classroom))
    for seat, names in zip(classroom, seen, strict=True):
        mine = seat["prefix"]
        own = [f"{mine}_{n}" for n in ("raw", "silver", "gold", "net", "job")]
        assert names == sorted([*own, "shared"])


@pytest.mark.engine
def test_what_students_made_is_there_after_a_restart(
    tmp_path: Path, prefix: str, leftovers: None
) -> None:
    file = tmp_path / "list.txt"
    file.write_text(f"{prefix}\n")
    for expected in ([], [f"{prefix_of(prefix)}_v"]):
        server = start(file, tmp_path)
        client = docker.DockerClient(f"unix://{tmp_path / prefix / 'docker.sock'}")
        assert [v.name for v in client.volumes.list()] == expected
        client.volumes.create(f"{prefix_of(prefix)}_v")
        client.close()
        server.kill()
        server.wait()
