"""Which kind of Docker Engine answers, and what follows from it for the workshop."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ARM = ("aarch64", "arm64")
_CONTAINERD = "io.containerd.snapshotter"
_PODMAN_ADVICE = "Instala Docker Engine o Docker Desktop, o elige su contexto: docker context use …"
_PLATFORMS = {"arm64": "arm64", "aarch64": "arm64", "x86_64": "amd64", "amd64": "amd64"}


@dataclass(frozen=True)
class Kind:
    """What an engine is.

    Attributes:
        names: in a few words each, such as ``Docker Desktop`` or ``cgroup v2``.
        notes: what follows, a sentence each (Spanish).
        unsupported: why the workshop does not work with it; empty when it does.
        advice: what to do about that.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unsupported: str = ""
    advice: str = ""


def kind_of(version: Mapping[str, Any], info: Mapping[str, Any], address: str) -> Kind:
    """Tell an engine's kind by its own words.

    Args:
        version, info: its answers to ``GET /version`` and ``GET /info``, from any version.
        address: where it was reached.
    """
    podman = _component(version, "podman")
    if podman:
        return Kind(
            (f"Podman {podman}",), unsupported=f"Podman {podman} no está soportado: contesta como "
            "Docker, pero sus redes, builds y contenedores no se comportan igual, y ejercicios "
            "correctos fallarían.", advice=_PODMAN_ADVICE,
        )  # fmt: skip
    parts = [
        _machine(info, address), *_security(info), _cgroup(info), _store(info), _processor(info),
    ]  # fmt: skip
    told = [part for part in parts if part]
    return Kind(tuple(name for name, _ in told if name), tuple(note for _, note in told if note))


_Part = tuple[str, str]
"""A name and a note; either may be empty."""


def _component(version: Mapping[str, Any], word: str) -> str:
    """The version of the component with that word in its name."""
    for component in version.get("Components") or []:
        if word in str(component.get("Name") or "").lower():
            return str(component.get("Version") or version.get("Version") or "?")
    return ""


def _machine(info: Mapping[str, Any], address: str) -> _Part | None:
    system, name = str(info.get("OperatingSystem") or ""), str(info.get("Name") or "")
    note = (
        "El engine vive en una máquina virtual: su disco no se ve desde aquí (se lo pregunta el "
        "taller a él), y de tus carpetas solo puede montar las que comparte; las de tu usuario sí."
    )
    if "docker desktop" in system.lower():
        return "Docker Desktop", note
    if "/.colima/" in address or name.startswith("colima"):
        return "colima", note + " Dale al menos 4 GB: colima start --memory 4."
    if "/.rd/" in address or "/.orbstack/" in address or "/.lima/" in address:
        return "máquina virtual", note
    return None


def _security(info: Mapping[str, Any]) -> list[_Part]:
    options = {
        pair.partition("=")[2]
        for option in info.get("SecurityOptions") or []
        for pair in str(option).split(",")
        if pair.startswith("name=")
    }
    found = []
    if "rootless" in options:
        ports = "Sin root: los puertos por debajo de 1024 no se pueden publicar."
        limits = (
            ""
            if info.get("MemoryLimit") and info.get("CgroupDriver") != "none"
            else " Y la memoria de los contenedores no se limita: hace falta cgroup v2 con systemd."
        )
        found.append(("rootless", ports + limits))
    elif info.get("MemoryLimit") is False:
        found.append(("", "Este engine no limita la memoria de los contenedores."))
    if "userns" in options:
        found.append(
            ("userns-remap", "Los usuarios de los contenedores son otros fuera: lo que escriban en "
             "una carpeta montada no será de tu usuario. Con volúmenes no se nota.")
        )  # fmt: skip
    return found


def _cgroup(info: Mapping[str, Any]) -> _Part | None:
    version = str(info.get("CgroupVersion") or "")
    if version == "1":
        return "cgroup v1", ""
    return (f"cgroup v{version}", "") if version else None


def _store(info: Mapping[str, Any]) -> _Part | None:
    pairs = [pair for pair in info.get("DriverStatus") or [] if len(pair) == 2]
    if any(str(value).startswith(_CONTAINERD) for _, value in pairs):
        return (
            "imágenes en containerd",
            "Con este almacén «docker image prune» se lleva también las capas que el taller "
            "construyó: si lo usas, ejecuta después «taller doctor --fix».",
        )
    return None


def _processor(info: Mapping[str, Any]) -> _Part | None:
    found = str(info.get("Architecture") or "")
    engine, here = _PLATFORMS.get(found, found), _PLATFORMS.get(platform.machine().lower(), "")
    if found and here and engine != here:
        return engine, f"El engine es {engine} y este equipo {here}: las imágenes serán {engine}."
    return ("arm64", "") if found in _ARM else None


def how_to_install() -> str:
    """The commands that bring an engine to this kind of machine."""
    if sys.platform == "darwin":
        return (
            "Con Homebrew: «brew install --cask docker» y abre Docker Desktop; o bien "
            "«brew install colima docker» y «colima start --memory 4». Después repite la orden."
        )
    if "microsoft" in platform.release().lower():
        return (
            "En Windows abre Docker Desktop, Settings → Resources → WSL integration, y activa esta "
            "distribución; o aquí mismo: «sudo apt-get install docker.io && sudo service docker "
            "start». Después repite la orden."
        )
    return (
        "Instala Docker Engine («sudo apt-get install docker.io» en Debian o Ubuntu, «sudo dnf "
        "install moby-engine» en Fedora) o Docker Desktop, ábrelo y repite la orden."
    )
