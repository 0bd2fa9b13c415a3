"""JupyterLab on a copy of the workshop's folders, and Debian's chromium in front of it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, sync_playwright

from taller import provider
from taller.doctor import packages
from taller.progress import Progress
from taller.workspace import existing_workspaces, repository

_FLAGS = (
    "--no-sandbox",  # tests run as root in CI, where chromium has no sandbox
    "--disable-gpu",
    # What chromium itself would ask the network for.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A JupyterLab that listens on this machine alone."""

    folder: Path
    port: int
    token: str

    def url(self, path: str) -> str:
        """The address of a path of it, the token included."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"


@pytest.fixture
def prefix() -> str:
    """A name prefix that no other test uses, and that reads well in the screenshots."""
    return f"ana-{secrets.token_hex(3)}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's chromium; installed, and announced, where this may be done."""
    if not shutil.which("chromium") and packages.can_install():
        packages.install(Progress(), "chromium", "los tests del navegador")
    found = shutil.which("chromium")
    if not found:
        pytest.fail("These tests need chromium: apt-get install chromium (Debian), as root.")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def desk(tmp_path: Path, prefix: str) -> Path:
    """A copy of what a student opens, with the student's own prefix in the exercise."""
    for name in ("jupyter", "notebooks", "exercises"):
        shutil.copytree(repository() / name, tmp_path / "desk" / name)
    for exercise in (tmp_path / "desk" / "exercises").glob("*.ipynb"):
        text = exercise.read_text("utf-8")
        assert "prefix = chosen_prefix()" in text
        exercise.write_text(
            text.replace("prefix = chosen_prefix()", f'prefix = \\"{prefix}\\"'), "utf-8"
        )
    return tmp_path / "desk"


@pytest.fixture
def jupyterlab(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leftovers: None
) -> Iterator[Callable[[str], str]]:
    """JupyterLab with the project's settings and nobody else's; gives the URL of a path."""
    monkeypatch.setenv("TALLER_HOME", str(tmp_path / "home"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                 "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"):  # fmt: skip
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    made = Server(desk, _free_port(), secrets.token_hex(8))
    with (tmp_path / "jupyter.log").open("wb") as log:
        process = _start(made, log)
        try:
            _wait_until_it_answers(made, process, tmp_path / "jupyter.log")
            yield made.url
        finally:
            process.terminate()
            process.wait(30)
    for workspace in existing_workspaces():
        provider.stop_server(workspace)


def _start(server: Server, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--config=jupyter/jupyter_lab_config.py",
         "--no-browser", f"--port={server.port}",
         "--ServerApp.port_retries=0", f"--IdentityProvider.token={server.token}"],
        cwd=server.folder, stdout=log, stderr=log,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(server.url("api/status")).close()
        except URLError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        else:
            return
