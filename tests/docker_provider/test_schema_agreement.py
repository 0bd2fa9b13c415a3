"""What is served agrees with kreuzwerker/docker 3.x, argument by argument.

The reference is the PyPI package cdktf-cdktf-provider-docker 12.0.3, generated from the real
provider's schema 3.6.2. Its sources are parsed, never imported: they would need node. They show
names, types, what is required, what only the provider sets, and which blocks are single.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from docker_provider.provider import DATA_SOURCES, RESOURCES, SCHEMA
from docker_provider.schema import Attribute, Block, Type

PACKAGE = "cdktf-cdktf-provider-docker"
VERSION = "12.0.3"


@dataclass(frozen=True)
class Argument:
    """`type`: string, number, bool, list (or set), map, block (one at most), blocks, object."""

    type: str
    need: str  # required, optional or computed


Arguments = dict[str, Argument]


# --- The real provider's, from the generated sources --------------------------------------------

_META = {"self", "scope", "id_", "alias", "connection", "count", "depends_on", "for_each"}
_META |= {"lifecycle", "provider", "provisioners", "terraform_attribute", "terraform_resource"}


@cache
def _sources() -> Path:
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.fail(
            f"This test parses {PACKAGE}: uv pip install --no-deps --require-hashes "
            "-r requirements-reference.lock"
        )
    assert distribution.version == VERSION
    return Path(str(distribution.locate_file(PACKAGE.replace("-", "_"))))


class Module:
    """One generated module: the classes of one resource, data source or the provider."""

    def __init__(self, name: str) -> None:
        tree = ast.parse((_sources() / name / "__init__.py").read_text(encoding="utf-8"))
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def arguments(self, class_name: str, prefix: str) -> Iterator[tuple[str, Argument]]:
        """Yield what the constructor of a configuration class takes, nested blocks included."""
        signature = _method(self.classes[class_name], "__init__").args
        for argument, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True):
            if argument.arg in _META or argument.annotation is None:
                continue
            annotation = ast.unparse(argument.annotation)
            # The generator adds this ending to a name that its own base class uses.
            path = f"{prefix}.{argument.arg.removesuffix('_attribute')}"
            need = "required" if default is None else "optional"
            nested = self._nested(argument.annotation)
            yield path, Argument(_type(annotation, nested), need)
            if nested:
                yield from self.arguments(nested, path)

    def computed(self, class_name: str, prefix: str) -> Iterator[tuple[str, Argument]]:
        """Yield what can only be read: the properties that have no `…_input` twin."""
        properties = {
            node.name: ast.unparse(node.returns)
            for node in self.classes[class_name].body
            if isinstance(node, ast.FunctionDef) and node.returns and _is_property(node)
        }
        for name, returns in properties.items():
            settable = name.endswith("_input") or f"{name}_input" in properties
            if settable or name == "internal_value":
                continue
            path, element = f"{prefix}.{name}", self._element(returns)
            yield path, Argument("object" if element else _type(returns), "computed")
            if element:
                yield from self.computed(f"{element}OutputReference", path)

    def _element(self, returns: str) -> str | None:
        """The class of an object list's elements, if `returns` is such a list."""
        name = returns.strip("'\"")
        element = name.removesuffix("List")
        return element if name != element and element in self.classes else None

    def _nested(self, annotation: ast.expr) -> str | None:
        # A class is written as a name, or as a string while it is still to be defined.
        names = (
            node.id if isinstance(node, ast.Name) else getattr(node, "value", None)
            for node in ast.walk(annotation)
        )
        return next((n for n in names if isinstance(n, str) and n in self.classes), None)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef:
    return next(f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == name)


def _is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(item) == "builtins.property" for item in node.decorator_list)


def _type(annotation: str, nested: str | None = None) -> str:
    several = "Sequence[" in annotation or "List[" in annotation
    if nested:
        return "blocks" if several else "block"
    if several:
        return "list"
    if "Mapping[" in annotation or "StringMap" in annotation:
        return "map"
    if "Number" in annotation:
        return "number"
    return "bool" if "bool" in annotation or "IResolvable" in annotation else "string"


def _real(module: str) -> Arguments:
    parsed = Module(module)
    name = "".join(part.title() for part in module.split("_")).replace("Provider", "DockerProvider")
    readable = dict(parsed.computed(name, module))
    return {**readable, **dict(parsed.arguments(f"{name}Config", module))}


# --- Ours ---------------------------------------------------------------------------------------


def _ours(block: Block, prefix: str) -> Arguments:
    found: Arguments = {}
    for attribute in block.attributes:
        path = f"{prefix}.{attribute.name}"
        found[path] = Argument(_kind(attribute.type), _need(attribute))
        if isinstance(attribute.type, list) and isinstance(attribute.type[1], list):
            parts = attribute.type[1][1].items()
            found |= {f"{path}.{name}": Argument(_kind(field), "computed") for name, field in parts}
    for nested in block.blocks:
        path = f"{prefix}.{nested.name}"
        single = nested.max_items == 1 or nested.nesting == "single"
        need = "required" if nested.min_items else "optional"
        found[path] = Argument("block" if single else "blocks", need)
        found |= _ours(nested.block, path)
    return found


def _kind(type_: Type) -> str:
    if isinstance(type_, str):
        return type_
    collection, element = type_
    if isinstance(element, list):
        return "object"
    return "list" if collection == "set" else str(collection)


def _need(attribute: Attribute) -> str:
    if attribute.required:
        return "required"
    return "optional" if attribute.optional else "computed"


SERVED: dict[str, Block] = {
    "provider": SCHEMA.block,
    **{name.removeprefix("docker_"): item.schema.block for name, item in RESOURCES.items()},
    **{f"data_{name}": item.schema.block for name, item in DATA_SOURCES.items()},
}

# What the real provider has and this one does not, with the reason.
LEFT_OUT_MODULES = {
    "buildx_builder": "builds go through the Engine API, which needs no buildx",
    "config": "Swarm",
    "data_docker_plugin": "engine plugins are outside the workshop",
    "data_docker_registry_image_manifests": "multi-platform images are outside the workshop",
    "plugin": "engine plugins are outside the workshop",
    "secret": "Swarm",
    "service": "Swarm",
}
_BUILDX = "needs buildx; builds go through the Engine API"
LEFT_OUT = {
    "provider.ssh_opts": "engines over SSH are refused with a clear error",
    "image.build.auth_config": "the engine gets the provider's registry_auth for base images",
    "image.build.build_id": "names a build for cancelling it; Terraform's own interrupt does that",
    "image.build.build_log_file": _BUILDX,
    "image.build.builder": _BUILDX,
    "image.build.isolation": "Windows containers",
    "image.build.remote_context": "a context fetched by the engine, unseen by the plan",
    "image.build.secrets": _BUILDX,
    "image.build.security_opt": "Windows containers",
    "image.build.session_id": _BUILDX,
    "image.build.squash": "experimental in the engine, and gone in newer ones",
    "image.build.suppress_output": "a failed step's output is part of the diagnostic",
    "image.build.ulimit": "not offered by the SDK's build call",
    "image.build.version": _BUILDX,
}

# What changes in place: every other argument forces replacement, as in the source of
# kreuzwerker/docker 3.x (ForceNew in internal/provider/resource_docker_*.go).
_RUNTIME = "attach logs must_run remove_volumes rm start wait wait_timeout destroy_grace_seconds"
_LIMITS = "cpu_period cpu_quota cpu_set cpu_shares memory memory_swap restart max_retry_count"
IN_PLACE = {
    "container": {
        *_RUNTIME.split(),
        *_LIMITS.split(),
        *("container_read_refresh_timeout_milliseconds", "healthcheck", "init", "tmpfs"),
    },
    "image": {
        *("force_remove", "keep_locally", "timeouts"),
        *(f"build.{name}" for name in ("force_remove", "label", "remove", "tag")),
    },
    "network": set[str](),
    "registry_image": {"auth_config", "insecure_skip_verify", "keep_remotely"},
    "tag": set[str](),
    "volume": set[str](),
}


def test_every_kind_of_object_is_served_or_left_out_on_purpose() -> None:
    modules = {path.parent.name for path in _sources().glob("*/__init__.py")} - {"_jsii"}
    assert set(SERVED) == modules - set(LEFT_OUT_MODULES)


@pytest.mark.parametrize("module", SERVED)
def test_names_types_and_necessity_agree(module: str) -> None:
    real, ours = _real(module), _ours(SERVED[module], module)
    assert len(real) > 2, "the reference was parsed"
    extra, lacking = set(ours) - set(real), set(real) - set(ours)
    assert not extra, "served, but the real provider has no such argument"
    left_out = {p for p in real if any(p == part or p.startswith(f"{part}.") for part in LEFT_OUT)}
    assert lacking == left_out
    assert ours == {path: item for path, item in real.items() if path in ours}


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_forces_replacement_agrees(resource: str) -> None:
    resource_block = RESOURCES[resource].schema.block
    assert set(_changing_in_place(resource_block)) == IN_PLACE[resource.removeprefix("docker_")]


def _changing_in_place(block: Block, prefix: str = "") -> Iterator[str]:
    """Arguments that can change in place; a block of which nothing forces counts as one."""
    for attribute in block.attributes:
        settable = attribute.required or attribute.optional
        if settable and not attribute.force_new and attribute.name != "id":
            yield f"{prefix}{attribute.name}"
    for nested in block.blocks:
        if nested.force_new:
            continue
        path = f"{prefix}{nested.name}"
        forcing = any(item.force_new for item in nested.block.attributes)
        yield from _changing_in_place(nested.block, f"{path}.") if forcing else [path]
