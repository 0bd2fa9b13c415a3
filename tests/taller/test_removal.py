"""Folders go to the last file, whatever a program has put into them."""

import os
from pathlib import Path

from taller.removal import remove_tree


def test_a_folder_deeper_than_paths_and_recursion_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    here = os.open(root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d" * 50, dir_fd=here)
        there = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)
    assert remove_tree(root)
    assert not root.exists()


def test_links_are_removed_and_what_they_name_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    root = tmp_path / "-rf"
    root.mkdir()
    (root / "link").symlink_to(kept)
    os.mkfifo(root / "pipe")
    (root / "hidden").mkdir(mode=0o000)
    assert remove_tree(root)
    assert (kept / "file").exists()


def test_what_is_not_there_needs_no_removal(tmp_path: Path) -> None:
    assert remove_tree(tmp_path / "nothing")
