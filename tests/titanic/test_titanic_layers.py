"""Publication: the old layer or the new one, whatever happens in between."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from titanic import layers, manifest
from titanic.errors import TitanicError
from titanic.manifest import Manifest


def publish(folder: Path, content: bytes, *names: str) -> Manifest:
    files = dict.fromkeys(names or ("table",), content)
    return layers.publish(
        folder, files, layer="silver", stage="transform", rows=1, schema={}, inputs={}
    )


PUBLISH_FOREVER = """
import sys
from pathlib import Path
from titanic import layers
print("ready", flush=True)
number = 0
while True:
    number += 1
    files = {name: bytes([number % 251]) * 200_000 for name in ("a", "b", "c")}
    layers.publish(Path(sys.argv[1]), files, layer="silver", stage="transform",
                   rows=number, schema={}, inputs={})
"""


def test_a_publisher_killed_at_any_moment_leaves_a_whole_layer(tmp_path: Path) -> None:
    publish(tmp_path, b"0", "a", "b", "c")
    for attempt in range(8):
        _publish_until_killed(tmp_path, after_s=0.02 + attempt * 0.013)
        current = manifest.read(tmp_path)
        contents = {manifest.file_path(tmp_path, current, name).read_bytes() for name in "abc"}
        assert len(contents) == 1  # three files of one version
    publish(tmp_path, b"last", "a", "b", "c")
    assert not list(tmp_path.glob(f"{layers.TEMPORARY}*"))
    assert len(list(tmp_path.glob(f"{layers.VERSION}*"))) == 2  # this version and the one before


def _publish_until_killed(folder: Path, after_s: float) -> None:
    publisher = subprocess.Popen(
        [sys.executable, "-c", PUBLISH_FOREVER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert publisher.stdout
    assert publisher.stdout.readline() == "ready\n"
    time.sleep(after_s)
    publisher.kill()
    assert publisher.wait() == -signal.SIGKILL
    publisher.stdout.close()


def test_a_reader_keeps_the_version_it_opened_while_the_next_is_published(tmp_path: Path) -> None:
    old = publish(tmp_path, b"old")
    publish(tmp_path, b"new")
    assert manifest.file_path(tmp_path, old, "table").read_bytes() == b"old"


def test_publishing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, b"same")
    before = {path: path.stat().st_ino for path in tmp_path.rglob("table")}
    publish(tmp_path, b"same")
    assert {path: path.stat().st_ino for path in tmp_path.rglob("table")} == before


def test_a_damaged_version_is_healed_by_publishing_it_again(tmp_path: Path) -> None:
    first = publish(tmp_path, b"good")
    (tmp_path / first.files["table"].path).write_bytes(b"bad!")
    again = publish(tmp_path, b"good")
    assert manifest.file_path(tmp_path, again, "table").read_bytes() == b"good"
    assert (tmp_path / "table").read_bytes() == b"good"


def test_a_file_that_the_new_version_lacks_loses_its_plain_name(tmp_path: Path) -> None:
    publish(tmp_path, b"x", "table", "rejected")
    publish(tmp_path, b"x", "table")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "manifest.json",
        "table",
    ]


def test_a_disk_that_takes_no_more_leaves_the_old_layer_and_an_error(tmp_path: Path) -> None:
    publish(tmp_path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(TitanicError, match="No se puede escribir en") as caught:
            publish(tmp_path, b"new" * 50_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.exit_code == 1
    assert (tmp_path / "table").read_bytes() == b"old"
    assert not list(tmp_path.glob(f"{layers.TEMPORARY}*"))


def test_a_layer_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "silver").write_text("")
    with pytest.raises(TitanicError, match="silver"):
        publish(tmp_path / "silver", b"new")


def test_two_publishers_at_once_leave_one_whole_layer(tmp_path: Path) -> None:
    script = PUBLISH_FOREVER.replace("while True:", "while number < 40:")
    publishers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [publisher.wait(timeout=60) for publisher in publishers] == [0, 0]
    current = manifest.read(tmp_path)
    assert current.rows == 40
    assert all(manifest.file_path(tmp_path, current, name) for name in "abc")


def test_everyone_may_read_what_was_published(tmp_path: Path) -> None:
    published = publish(tmp_path, b"x")
    version = (tmp_path / published.files["table"].path).parent
    assert version.stat().st_mode & 0o777 == 0o755
    assert os.access(version / "table", os.R_OK)
