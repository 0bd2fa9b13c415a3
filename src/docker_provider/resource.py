"""What a resource type and a data source are, and what they are given to work with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from docker_provider.cancellation import Cancellation
from docker_provider.endpoint import ProviderConfig
from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker
from docker_provider.planning import Path, State
from docker_provider.schema import Schema, Value

Engine: TypeAlias = "Callable[[], docker.APIClient]"
"""Gives the engine's client; raises ProviderError where there is none."""


class InvalidArgumentError(ProviderError):
    """An argument's value cannot be used; `path` is where it stands in the block."""

    def __init__(self, path: Path, summary: str, detail: str) -> None:
        super().__init__(summary, detail)
        self.path = path


@dataclass
class Operation:
    """One request: the engine, a way to be interrupted, and what must not be forgotten."""

    client: docker.APIClient
    config: ProviderConfig
    cancellation: Cancellation
    kept: State | None = None
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, state: State) -> None:
        """Record `state` even if the rest of the request fails: the object exists already."""
        self.kept = state

    def forget(self) -> None:
        """Take back `keep`: the object is gone again."""
        self.kept = None

    def warn(self, summary: str, detail: str) -> None:
        """Show a warning beside the result."""
        self.warnings.append((summary, detail))


class Resource(ABC):
    """The life of one resource type. States are complete: every name of the schema is there."""

    name: str
    schema: Schema

    def validate(self, config: Mapping[str, Value]) -> Iterable[InvalidArgumentError]:
        """Yield what is wrong with a configuration; unknown values are still to come."""
        return ()

    def replacements(
        self, paths: list[Path], prior: State, planned: State, engine: Engine
    ) -> list[Path]:
        """Correct `paths`, the changes that by the schema only a new object can carry out."""
        return paths

    @abstractmethod
    def read(self, operation: Operation, state: State) -> State | None:
        """Return the state as it is in the engine now; None when the object is gone."""

    @abstractmethod
    def create(self, operation: Operation, planned: State) -> State:
        """Make the object; calls `operation.keep` as soon as it exists. Raises ProviderError."""

    @abstractmethod
    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Change the object in place. Raises ProviderError."""

    @abstractmethod
    def delete(self, operation: Operation, state: State) -> None:
        """Remove the object; one that is gone already is no error. Raises ProviderError."""

    def import_state(self, operation: Operation, identifier: str) -> State:
        """Return what `terraform import` starts from: `read` completes it. Raises ProviderError."""
        raise ProviderError(
            f"{self.name} cannot be imported",
            "As in kreuzwerker/docker, this resource has no import. Remove the import block, or "
            "let Terraform create the object.",
        )

    def upgrade(self, version: int, state: State) -> State:
        """Bring a state of an older schema version to this one's form."""
        return state


class DataSource(ABC):
    """One kind of object that is read, never made."""

    name: str
    schema: Schema

    @abstractmethod
    def read(self, operation: Operation, config: State) -> State:
        """Return the complete state for `config`. Raises ProviderError when nothing is found."""
