"""Fixtures of the workshop's platform: a home of its own, an image made from nothing."""

import io
import secrets
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A ``TALLER_HOME`` of this test's own; provider processes in it are stopped."""
    from taller import provider
    from taller.workspace import existing_workspaces

    folder = tmp_path / "home"
    monkeypatch.setenv("TALLER_HOME", str(folder))
    monkeypatch.delenv("TALLER_PROVIDER", raising=False)
    yield folder
    for workspace in existing_workspaces():
        provider.stop_server(workspace)


@pytest.fixture
def empty_image() -> bytes:
    """The tar of an image that holds one file of random content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = 32
        tar.addfile(member, io.BytesIO(secrets.token_bytes(32)))
    return buffer.getvalue()
