"""What Docker says about one run, as ``docker inspect`` prints it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import docker
from docker.errors import NotFound

from taller.docker_state import DockerState
from taller.docker_state.whole import whole

Json = dict[str, Any]

_LOG_LINES = 2000
_TEXT_BYTES = 256_000
_TEXT_SUFFIXES = frozenset({".json", ".csv", ".md", ".txt", ".toml"})


def inspect(client: docker.DockerClient, own: "Own") -> dict[str, Any]:
    """The run's objects."""
    api = client.api
    volumes = api.volumes().get("Volumes") or []
    found: dict[str, list[Json]] = {
        "volumes": [v for v in volumes if own.has([v["Name"]], v)],
        "networks": _each(
            api.inspect_network, [n["Id"] for n in api.networks() if own.has([n["Name"]], n)]
        ),
        "containers": _each(
            api.inspect_container,
            [c["Id"] for c in api.containers(all=True) if own.has(_names(c), c)],
        ),
        "images": [i for i in _each(api.inspect_image, _image_ids(api, own)) if own.keeps(i)],
    }
    return {kind: [whole(kind, each) for each in objects] for kind, objects in found.items()}


def names(found: Mapping[str, list[Json]]) -> list[str]:
    """The names in an inspection: volumes, networks, containers, image tags."""
    plain = [
        item["Name"].removeprefix("/") for kind in found for item in found[kind] if "Name" in item
    ]
    return plain + [tag for image in found["images"] for tag in image.get("RepoTags") or []]


def logs(client: docker.DockerClient, containers: Iterable[Json]) -> dict[str, str]:
    """Container name to the last lines of its output."""
    state = DockerState(client)
    return {
        name: state.logs(name, tail=_LOG_LINES)
        for name in (container["Name"].removeprefix("/") for container in containers)
    }


def artefacts(client: docker.DockerClient, volumes: Iterable[Json]) -> dict[str, dict[str, Json]]:
    """Volume name to path to size, SHA-256 and, for small texts, the text."""
    state = DockerState(client)
    if not state.images():  # reading a volume needs a container, and so some image
        return {volume["Name"]: {} for volume in volumes}
    return {
        volume["Name"]: {
            path: {"size": len(content), "text": _text(path, content), "sha256": _sha256(content)}
            for path, content in state.read_volume(volume["Name"], "").items()
        }
        for volume in volumes
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def delete(client: docker.DockerClient, resource: Mapping[str, Any]) -> None:
    """Delete the object behind a resource of the state, as somebody would by hand.

    Raises:
        ValueError: a resource type that is no Docker object.
    """
    values, api = resource["values"], client.api
    match resource["type"]:
        case "docker_volume":
            api.remove_volume(values["name"], force=True)
        case "docker_network":
            api.remove_network(values["id"])
        case "docker_container":
            api.remove_container(values["id"], force=True)
        case "docker_image":
            api.remove_image(values["image_id"], force=True)
        case other:
            raise ValueError(f"cannot delete a {other}: not an object of the engine")


class Own:
    """What belongs to a run: named or labelled with its prefix, or recorded in its state."""

    def __init__(self, prefix: str, state: Mapping[str, Any]) -> None:
        self._prefix = prefix
        # A longer prefix is another run's: t1 does not own t12_raw.
        self._name = re.compile(rf"{re.escape(prefix)}(?![A-Za-z0-9])")
        self._recorded = set(_recorded(state.get("values", {}).get("root_module", {})))

    def has(self, names: Iterable[str], raw: Json) -> bool:
        labels = raw.get("Labels") or {}
        return labels.get("taller.prefix") == self._prefix or any(
            self._name.match(name) or name in self._recorded for name in names
        )

    def keeps(self, image: Json) -> bool:
        """Leave an image only the run's own tags; false when it has none but others' tags.

        What is built alike has one id, so another run may have tagged the same image.
        """
        tags = image.get("RepoTags") or []
        labels = {"Labels": (image.get("Config") or {}).get("Labels")}
        image["RepoTags"] = [tag for tag in tags if self.has([tag], labels)]
        return bool(image["RepoTags"]) or not tags


def _image_ids(api: Any, own: Own) -> set[str]:
    return {i["Id"] for i in api.images() if own.has([i["Id"], *(i.get("RepoTags") or [])], i)}


def _recorded(module: Mapping[str, Any]) -> Iterable[str]:
    """Names and image ids that a state's resources have."""
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            values = resource.get("values") or {}
            yield from (values[key] for key in ("name", "image_id") if values.get(key))
    for child in module.get("child_modules", []):
        yield from _recorded(child)


def _names(container: Json) -> list[str]:
    return [name.removeprefix("/") for name in container.get("Names") or []]


def _each(inspect: Any, ids: Iterable[str]) -> list[Json]:
    """Inspect each object; one that is gone meanwhile is left out."""
    found = []
    for id_ in sorted(ids):
        try:
            found.append(inspect(id_))
        except NotFound:  # removed between the list and now
            continue
    return found


def _text(path: str, content: bytes) -> str | None:
    if len(content) > _TEXT_BYTES or PurePosixPath(path).suffix not in _TEXT_SUFFIXES:
        return None
    return content.decode("utf-8", "replace")
