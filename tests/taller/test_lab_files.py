"""What a student writes is saved whole, inside the workspace, or not at all."""

import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from taller.lab.errors import LabError
from taller.lab.files import checked_name, configuration, remove, save

MAIN = PurePosixPath("main.tf")


@pytest.mark.parametrize(
    "name", ["../x.tf", "/tmp/x.tf", "modules/../../x.tf", "..\\x.tf", "C:/x.tf", "./../x.tf"]
)
def test_a_path_that_leaves_the_workspace_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="sale de la carpeta del ejercicio"):
        checked_name(name)


@pytest.mark.parametrize("name", ["main.py", "terraform.tfstate", "Dockerfile", "main.tf.bak"])
def test_a_file_that_terraform_would_not_read_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="Terraform no leería"):
        checked_name(name)


@pytest.mark.parametrize("name", ["", ".", "mi archivo.tf", "ñu.tf", ".taller/x.tf", "a//.tf"])
def test_a_name_that_is_not_a_file_name_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="no es un nombre de archivo válido"):
        checked_name(name)


@pytest.mark.parametrize(
    "name",
    ["main.tf", "modules/data_layer/volumes.tf", "x.tf.json", "a.tfvars", "tests/a.tftest.hcl"],
)
def test_what_terraform_reads_is_accepted_in_subfolders_too(name: str) -> None:
    assert str(checked_name(name)) == name


def test_a_link_that_leaves_the_workspace_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "fuera"
    outside.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "modules").symlink_to(outside)
    with pytest.raises(LabError, match="es un enlace que sale"):
        save(work, PurePosixPath("modules/x.tf"), "")
    assert list(outside.iterdir()) == []


def test_saving_over_another_text_keeps_a_copy_of_it(tmp_path: Path) -> None:
    assert save(tmp_path, MAIN, "uno\n") is None
    kept = save(tmp_path, MAIN, "dos\n")
    assert kept is not None
    assert (kept.read_text(), (tmp_path / "main.tf").read_text()) == ("uno\n", "dos\n")
    assert save(tmp_path, MAIN, "dos\n") is None


def test_the_twenty_newest_copies_are_kept(tmp_path: Path) -> None:
    for number in range(30):
        save(tmp_path, MAIN, f"{number}\n")
    copies = sorted((tmp_path / ".taller/previous").iterdir())
    assert [copy.read_text() for copy in copies] == [f"{n}\n" for n in range(9, 29)]


def test_a_removed_file_leaves_the_configuration_and_a_copy(tmp_path: Path) -> None:
    save(tmp_path, MAIN, "uno\n")
    save(tmp_path, PurePosixPath("modules/a/x.tf"), "dos\n")
    kept = remove(tmp_path, MAIN)
    assert kept.read_text() == "uno\n"
    assert [str(name) for name in configuration(tmp_path)] == ["modules/a/x.tf"]
    with pytest.raises(LabError, match=r"Los archivos son: modules/a/x\.tf"):
        remove(tmp_path, MAIN)


FULL_DISK = """
import sys
from pathlib import Path, PurePosixPath
from taller.lab.errors import LabError
from taller.lab.files import save

folder, name = Path(sys.argv[1]), PurePosixPath("main.tf")
save(folder, name, "antes\\n")
try:
    save(folder, name, "x" * 200_000)
except LabError as error:
    print(error)
print((folder / name).read_text(), [p.name for p in folder.iterdir() if p.name.startswith(".main")])
"""


def test_on_a_full_disk_the_previous_version_stays(tmp_path: Path) -> None:
    """In a mount namespace of its own, on a file system of 64 kB."""
    mount = (
        f'mount -t tmpfs -o size=64k tmpfs {tmp_path} && exec {sys.executable} -c "$0" {tmp_path}'
    )
    unshare = shutil.which("unshare")
    assert unshare, "util-linux is part of every Linux this runs on"
    done = subprocess.run(
        [unshare, "--user", "--map-root-user", "--mount", "sh", "-c", mount, FULL_DISK],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "No se ha podido guardar «main.tf»: No space left on device" in done.stdout
    assert "La versión anterior sigue intacta" in done.stdout
    assert done.stdout.endswith("antes\n []\n")
