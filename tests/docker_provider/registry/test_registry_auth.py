"""Whose credentials a registry gets, and what an image's name says about its registry."""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from docker_provider.errors import ConfigurationError
from docker_provider.image_name import ImageName
from docker_provider.registry_auth import (
    ANONYMOUS,
    Credentials,
    RegistryAuth,
    credentials_for,
    registry_of,
    scheme_for,
)

REGISTRY = "registro.example:5000"


def docker_file(username: str) -> str:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{username}:x".encode()).decode()
    return json.dumps({"auths": {f"https://{REGISTRY}/v1/": {"auth": auth}}})


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Docker command line's folder, with a login of the user `own`."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(docker_file("own"))
    (tmp_path / "other.json").write_text(docker_file("file"))
    return tmp_path


def test_a_block_decides_by_itself_and_without_one_dockers_own_login_does(
    configuration: Path,
) -> None:
    def user(**arguments: Any) -> str:
        return credentials_for(REGISTRY, [RegistryAuth(REGISTRY, **arguments)]).username

    assert credentials_for(REGISTRY, []).username == "own"
    assert user() == "own"
    assert user(username="block", config_file_content=docker_file("content")) == "block"
    assert user(config_file_content=docker_file("content")) == "content"
    assert user(config_file=str(configuration / "other.json")) == "file"
    assert user(auth_disabled=True) == ""
    assert credentials_for("elsewhere.example", []) == ANONYMOUS


def test_a_credential_helper_is_asked(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = configuration / "docker-credential-caja"
    secret = json.dumps({"ServerURL": REGISTRY, "Username": "kept", "Secret": "x"})
    helper.write_text(f"#!/bin/sh\necho '{secret}'\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(configuration), prepend=os.pathsep)
    file = json.dumps({"credHelpers": {REGISTRY: "caja"}})
    (configuration / "config.json").write_text(file)
    assert credentials_for(REGISTRY, []) == Credentials("kept", "x")


@pytest.mark.filterwarnings("ignore:docker-credential-not-there")  # the error says it too
def test_a_credential_helper_that_is_not_installed_is_named(configuration: Path) -> None:
    file = json.dumps({"credHelpers": {REGISTRY: "not-there"}})
    (configuration / "config.json").write_text(file)
    with pytest.raises(ConfigurationError, match="docker-credential-not-there"):
        credentials_for(REGISTRY, [])


@pytest.mark.parametrize("text", ["{", "[1]", '{"auths": {"r": {"auth": "no-colon"}}}'])
def test_a_damaged_file_is_named(configuration: Path, text: str) -> None:
    (configuration / "config.json").write_text(text)
    with pytest.raises(ConfigurationError, match=str(configuration)):
        credentials_for(REGISTRY, [])


def test_a_file_that_is_not_there_is_named(configuration: Path) -> None:
    block = RegistryAuth(REGISTRY, config_file="/nowhere/config.json")
    with pytest.raises(ConfigurationError, match="/nowhere/"):
        credentials_for(REGISTRY, [block])


def test_a_password_is_not_part_of_what_is_printed() -> None:
    assert "secreto" not in repr(RegistryAuth(REGISTRY, "u", "secreto", None, "secreto"))
    assert "secreto" not in repr(Credentials("u", "secreto", "secreto"))


@pytest.mark.parametrize(
    ("name", "registry", "parsed"),
    [
        ("python", "docker.io", "docker.io/library/python:latest"),
        ("team/app:2", "docker.io", "docker.io/team/app:2"),
        ("localhost:5000/app", "localhost:5000", "localhost:5000/app:latest"),
        ("r.example/a/b@sha256:0f", "r.example", "r.example/a/b@sha256:0f"),
    ],
)
def test_an_image_name_is_read_as_docker_reads_it(name: str, registry: str, parsed: str) -> None:
    assert registry_of(name) == registry
    assert str(ImageName.parse(name)) == parsed


def test_a_name_that_names_no_image_is_shown() -> None:
    with pytest.raises(ConfigurationError, match="The image name"):
        registry_of("http://r.example/app")


def test_only_who_asks_for_it_gets_plain_http() -> None:
    for registry in ("127.0.0.1:5", "localhost:5", "[::1]:5", REGISTRY):
        assert scheme_for(registry, []) == "https"
        assert scheme_for(registry, [registry]) == "https"
        assert scheme_for(registry, [f"http://{registry}"]) == "http"
        assert scheme_for(registry, ["http://elsewhere.example"]) == "https"
