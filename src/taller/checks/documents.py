"""Terraform's JSON documents (``terraform show -json``), with the questions that checks ask.

Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

MODULE_OUTPUT = "taller_outputs_of_"


@dataclass(frozen=True)
class Resource:
    """One managed resource: address, type, name, and its attribute values."""

    address: str
    type: str
    name: str
    values: Mapping[str, Any]

    @property
    def module(self) -> str:
        """``module.data_layer``, or an empty string in the root."""
        own = f"{self.type}.{self.name}"
        return self.address.rpartition(own)[0].rstrip(".")


@dataclass(frozen=True)
class _Document:
    """What plan and state have in common: a tree of modules with resources."""

    json: Mapping[str, Any]

    def _root(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def resources(self, type_: str | None = None) -> list[Resource]:
        """Managed resources in all modules, of one type or of all."""
        return [r for r in _resources(self._root()) if type_ in (None, r.type)]

    def resource(self, address: str) -> Resource:
        """The resource at an address such as ``module.data_layer.docker_volume.raw``.

        Raises:
            AssertionError: there is none; Spanish, for the student.
        """
        for resource in self.resources():
            if resource.address == address:
                return resource
        others = ", ".join(r.address for r in self.resources()) or "ninguno"
        raise AssertionError(f"No encuentro el recurso «{address}». Ahora hay: {others}.")


class State(_Document):
    """What Terraform has recorded."""

    def _root(self) -> Mapping[str, Any]:
        return (self.json.get("values") or {}).get("root_module") or {}


class Plan(_Document):
    """What Terraform would have after an apply, and what it would change to get there."""

    def _root(self) -> Mapping[str, Any]:
        return (self.json.get("planned_values") or {}).get("root_module") or {}

    def changes(self) -> dict[str, tuple[str, ...]]:
        """Address to actions (``("create",)``, ``("delete", "create")``), no-ops left out."""
        return {
            change["address"]: tuple(change["change"]["actions"])
            for change in self.json.get("resource_changes", [])
            if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
        }

    def variable(self, name: str) -> Any:
        """The value that a variable of the root was given; None when it is not declared."""
        return (self.json.get("variables") or {}).get(name, {}).get("value")

    def outputs(self) -> dict[str, Any]:
        """Output name to planned value; those not known before apply are left out.

        A volume's id is its name (kreuzwerker/docker, ``docker_volume``): it counts as known.
        """
        found = (self.json.get("planned_values") or {}).get("outputs") or {}
        known = {name: out["value"] for name, out in found.items() if "value" in out}
        return self._ids_of_volumes(self._configured(), "") | known

    def module_outputs(self, label: str) -> dict[str, Any]:
        """What a module called from the root gives back; only in the plans of ``replans``.

        A plan does not show a module's outputs, so those plans are made with an output more for
        each call: see ``module_outputs``.
        """
        change = (self.json.get("output_changes") or {}).get(f"{MODULE_OUTPUT}{label}") or {}
        found = change.get("after")
        call = (self._configured().get("module_calls") or {}).get(label) or {}
        ids = self._ids_of_volumes(call.get("module") or {}, f"module.{label}.")
        return ids | dict(found) if isinstance(found, Mapping) else ids

    def _configured(self) -> Mapping[str, Any]:
        return (self.json.get("configuration") or {}).get("root_module") or {}

    def _ids_of_volumes(self, module: Mapping[str, Any], within: str) -> dict[str, Any]:
        """Output to the volume's planned name, of those that are written as a volume's id."""
        names = {resource.address: resource.values.get("name") for resource in self.resources()}
        written = {
            name: ((output.get("expression") or {}).get("references") or [""])[0]
            for name, output in (module.get("outputs") or {}).items()
        }
        return {
            name: names[within + reference.removesuffix(".id")]
            for name, reference in written.items()
            if reference.startswith("docker_volume.")
            and reference.endswith(".id")
            and within + reference.removesuffix(".id") in names
        }


def module_outputs(plan: Json) -> dict[str, str]:
    """A file that asks what the modules give back which a plan's root calls, by its name."""
    root = (plan.get("configuration") or {}).get("root_module") or {}
    text = "".join(
        f'output "{MODULE_OUTPUT}{label}" {{\n'
        f"  value     = module.{label}\n  sensitive = true\n}}\n"
        for label in root.get("module_calls") or {}
    )
    return {"taller_module_outputs.tf": text} if text else {}


@dataclass(frozen=True)
class Repair:
    """The plan after an object was deleted by hand, and the plan after the next apply."""

    before: Plan
    after: Plan


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for found in module.get("resources", []):
        if found["mode"] == "managed":
            yield Resource(
                found["address"], found["type"], found["name"], found.get("values") or {}
            )
    for child in module.get("child_modules", []):
        yield from _resources(child)
