"""The doctor says which engine there is and what follows from it."""

import platform
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from tests.recorded_engine import SHAPES, recorded

from taller.doctor.engine_kind import how_to_install, kind_of

LOCAL = "unix:///var/run/docker.sock"

ENGINES: dict[str, tuple[str, Mapping[str, Any], str, str]] = {
    "Docker Desktop": (LOCAL, {"OperatingSystem": "Docker Desktop"}, "Docker Desktop", "virtual"),
    "colima": ("unix:///Users/ana/.colima/default/docker.sock", {"Name": "colima"}, "colima",
               "--memory 4"),
    "rootless": ("unix:///run/user/1000/docker.sock",
                 {"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
                  "MemoryLimit": True, "CgroupDriver": "systemd", "CgroupVersion": "2"},
                 "rootless", "1024"),
    "rootless without limits": ("unix:///run/user/1000/docker.sock",
                                {"SecurityOptions": ["name=rootless"], "CgroupDriver": "none"},
                                "rootless", "no se limita"),
    "userns-remap": (LOCAL, {"SecurityOptions": ["name=userns"]}, "userns-remap", "volúmenes"),
    "cgroup v2": (LOCAL, {"CgroupVersion": "2"}, "cgroup v2", ""),
    "cgroup v1": (LOCAL, {"CgroupVersion": "1"}, "cgroup v1", ""),
    "no memory limit": (LOCAL, {"MemoryLimit": False}, "", "no limita la memoria"),
}  # fmt: skip
"""Where it is, what differs in its /info, a name that it gets, and a word of what follows. Written
after the engines' documentation: none of these runs on the machines of the tests."""


@pytest.mark.parametrize("kind", ENGINES)
def test_each_kind_is_named_and_explained(kind: str) -> None:
    address, info, name, word = ENGINES[kind]
    found = kind_of({"Version": "28.0.0"}, info, address)
    assert not found.unsupported
    assert not name or name in found.names
    assert word in " ".join(found.notes)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_recorded_engines_are_known(shape: str) -> None:
    said = recorded(shape)
    found = kind_of(said["version"], said["info"], LOCAL)
    assert not found.unsupported
    assert "cgroup v1" in found.names
    assert ("imágenes en containerd" in found.names) == (said["info"]["Driver"] == "overlayfs")
    assert ("docker image prune" in " ".join(found.notes)) == (
        said["info"]["Driver"] == "overlayfs"
    )


def test_podman_is_not_supported_and_says_so() -> None:
    version = {"Version": "5.8.6", "Components": [{"Name": "Podman Engine", "Version": "5.8.6"}]}
    found = kind_of(version, {}, "unix:///run/podman/podman.sock")
    assert "Podman 5.8.6 no está soportado" in found.unsupported
    assert "docker context use" in found.advice


def test_another_processor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert "arm64" in " ".join(kind_of({}, {"Architecture": "aarch64"}, LOCAL).notes)
    assert kind_of({}, {"Architecture": "x86_64"}, LOCAL).names == ()
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    found = kind_of({}, {"Architecture": "aarch64"}, LOCAL)
    assert (found.names, found.notes) == (("arm64",), ())


@pytest.mark.parametrize(
    ("system", "release", "commands"),
    [
        ("darwin", "23.1.0", ("brew install --cask docker", "colima start")),
        ("linux", "5.15.153.1-microsoft-standard-WSL2", ("WSL integration", "service docker")),
        ("linux", "6.1.0-13-amd64", ("apt-get install docker.io", "dnf install")),
    ],
)
def test_each_system_gets_its_own_commands(
    system: str, release: str, commands: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "release", lambda: release)
    assert all(command in how_to_install() for command in commands)
