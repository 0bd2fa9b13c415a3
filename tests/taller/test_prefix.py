"""A student's prefix is chosen once, and then is the same in notebooks and on the terminal."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from taller import LabError, chosen_prefix
from taller.errors import TallerError
from taller.workspace import keep_prefix

NOTEBOOK = """\
from taller import ask_prefix
prefix = ask_prefix(prefix)
print("prefix:", prefix)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TALLER_PREFIX", raising=False)
    return tmp_path / "home"


def test_the_environment_wins_over_what_was_kept_and_that_over_dev(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen_prefix() == "dev"
    keep_prefix("ana-01")
    assert chosen_prefix() == "ana-01"
    monkeypatch.setenv("TALLER_PREFIX", "ci")
    assert chosen_prefix() == "ci"


def test_what_docker_would_refuse_is_neither_kept_nor_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TallerError, match="«José» no es válido"):
        keep_prefix("José")
    assert not (home / "prefix").exists()
    monkeypatch.setenv("TALLER_PREFIX", "Ana Uno")
    with pytest.raises(LabError, match="por ejemplo: dev, ana-01"):
        chosen_prefix()


def run(folder: Path, **parameters: str) -> str:
    """Run the first cells of a notebook headless, as papermill does; what it printed."""
    first = nbformat.v4.new_code_cell(
        "from taller import chosen_prefix\n\nprefix = chosen_prefix()",
        metadata={"tags": ["parameters"]},
    )
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(NOTEBOOK)])
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "in.ipynb")
    papermill.execute_notebook(
        folder / "in.ipynb", folder / "out.ipynb", parameters=parameters, progress_bar=False,
        kernel_name="python3",
    )  # fmt: skip
    cells = json.loads((folder / "out.ipynb").read_text("utf-8"))["cells"]
    return "".join(cells[-1]["outputs"][0]["text"])


def test_headless_nobody_is_waited_for_and_nothing_is_kept(home: Path, tmp_path: Path) -> None:
    assert run(tmp_path).strip() == "prefix: dev"
    assert run(tmp_path, prefix="ci").strip() == "prefix: ci"
    assert not (home / "prefix").exists()


def test_papermills_prefix_wins_over_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_prefix("ana")
    monkeypatch.setenv("TALLER_PREFIX", "clase")
    assert "prefix: ci" in run(tmp_path, prefix="ci")
    assert "prefix: clase" in run(tmp_path)


def ask(answers: str) -> str:
    """Answer the question in a terminal; what the program says."""
    main, other = pty.openpty()
    os.write(main, answers.encode())
    program = "from taller import ask_prefix; print('->', ask_prefix())"
    done = subprocess.run(
        [sys.executable, "-c", program], stdin=other, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    os.close(other)
    os.close(main)
    return done.stdout


def test_the_answer_is_kept_for_every_notebook_and_not_asked_again(home: Path) -> None:
    told = ask("Ana Uno\nana\n")
    assert "«Ana Uno» no es válido" in told
    assert told.endswith("-> ana\n")
    assert chosen_prefix() == "ana"
    assert "¿Con qué palabra" not in ask("")


def test_an_empty_answer_takes_what_is_proposed(home: Path) -> None:
    assert ask("\n").endswith("-> dev\n")
    assert (home / "prefix").read_text("utf-8") == "dev\n"
