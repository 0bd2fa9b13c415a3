"""Worlds for a function of the answer: volumes that are away, or back, as nobody can foresee.

``[probe]`` in an ``exercise.toml`` names the function, the answer that defines it, and volumes (by
what follows the prefix) that hold nothing and that no container uses. They are removed and made
again through the engine, as somebody would by hand; the function is asked about each world.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import docker

ROUNDS = 6


def sequence(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Which volumes are away in each world: some and none, in an order that nobody knows."""
    away = [(name,) for name in names]
    if not away:
        return []
    worlds: list[tuple[str, ...]] = [(), (), secrets.choice(away), secrets.choice(away)]
    worlds += [secrets.choice([(), *away]) for _ in range(ROUNDS - len(worlds))]
    secrets.SystemRandom().shuffle(worlds)
    return worlds


class Worlds:
    """The worlds that can be made of some volumes.

    Attributes:
        labels: volume to its labels, of those that there were at first.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        names: Sequence[str],
        labels: Mapping[str, dict[str, str]] | None = None,
    ) -> None:
        """Look at what there is.

        Args:
            client: the engine, or a guard in front of it.
            names: of the volumes; those that are not there are left out.
            labels: what ``labels`` was, for who has looked before.
        """
        self._client = client
        there = self._there()
        found = {name: there[name].get("Labels") or {} for name in names if name in there}
        self.labels: dict[str, dict[str, str]] = found if labels is None else dict(labels)

    def make(self, away: Sequence[str]) -> None:
        """Remove these volumes, and make the others again.

        Raises:
            docker.errors.APIError: the engine refuses, as when a container uses one.
        """
        there = self._there()
        for name, labels in self.labels.items():
            if name in away and name in there:
                self._client.api.remove_volume(name)
            elif name not in away and name not in there:
                self._client.api.create_volume(name, labels=labels)

    def _there(self) -> dict[str, Any]:
        listed = self._client.api.volumes().get("Volumes") or []
        return {volume["Name"]: volume for volume in listed}
