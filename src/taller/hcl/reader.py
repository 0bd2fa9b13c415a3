"""HCL read without running it: one folder's configuration, with questions that checks ask.

Strings come without quotes and expressions as ``${…}``, as in Terraform's JSON syntax, so that
``.tf`` and ``.tf.json`` files look the same.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from taller.errors import TallerError
from taller.hcl.normal import BYTE_ORDER_MARK, normalised
from taller.hcl.references import references

_LABELS = {"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1}
_SHOWN = 120
"""How much of a faulty line an error shows, in characters."""
_META = ("__is_block__", "__comments__", "__inline_comments__")


class HclError(TallerError):
    """HCL that cannot be read; ``file``, ``line`` and ``column`` count from 1."""

    def __init__(self, file: str, line: int, column: int, problem: str, source: str) -> None:
        lines = source.splitlines()
        shown = lines[line - 1][:_SHOWN] if 0 < line <= len(lines) else ""
        marker = f"\n    {shown}\n    {' ' * (column - 1)}^" if column <= len(shown) + 1 else ""
        super().__init__(
            f"{file}, línea {line}, columna {column}: {problem}{marker}",
            "Corrige esa línea; a veces el descuido está al final de la anterior.",
        )
        self.file, self.line, self.column = file, line, column
        self._made_of = (file, line, column, problem, source)

    def __reduce__(self) -> "tuple[type[HclError], tuple[str, int, int, str, str]]":
        return HclError, self._made_of


@dataclass(frozen=True)
class Block:
    """One block: ``resource "docker_volume" "raw" { … }``.

    Attributes:
        kind: ``resource``, ``variable`` …, or the name of a nested block.
        labels: ``("docker_volume", "raw")``.
        body: attributes and nested blocks by name.
        file: where it is written.
    """

    kind: str
    labels: tuple[str, ...]
    body: Mapping[str, Any]
    file: str

    @property
    def address(self) -> str:
        """How Terraform calls it: ``docker_volume.raw``, ``var.prefix``, ``module.x``."""
        first = {"resource": (), "variable": ("var",)}.get(self.kind, (self.kind,))
        return ".".join((*first, *self.labels))

    def get(self, name: str) -> Any:
        """An attribute's value; expressions as ``${…}``; None when it is not set."""
        return self.body.get(name)

    def blocks(self, name: str) -> list["Block"]:
        """Nested blocks of this name, ``dynamic`` ones included as they are written."""
        found = [Block(name, (), body, self.file) for body in _bodies(self.body.get(name))]
        for dynamic in _bodies(self.body.get("dynamic")):
            for body in _bodies(dynamic.get(name)):
                found += [Block(name, (), inner, self.file) for inner in _bodies(body["content"])]
        return found

    def references(self, name: str | None = None) -> set[str]:
        """References in an attribute, or in the whole block: ``{"var.prefix"}``."""
        return references(self.body if name is None else self.body.get(name))


@dataclass(frozen=True)
class Hcl:
    """The configuration in one folder, override files already merged."""

    blocks: tuple[Block, ...]

    def all(self, kind: str) -> list[Block]:
        """Every block of a kind: ``resource``, ``locals``, ``moved``, ``terraform`` …"""
        return [block for block in self.blocks if block.kind == kind]

    def resources(self, type_: str | None = None) -> list[Block]:
        """Resources, of one type or of all."""
        return [b for b in self.all("resource") if type_ in (None, b.labels[0])]

    def resource(self, type_: str, name: str) -> Block:
        """One resource.

        Raises:
            AssertionError: there is none; Spanish, for the student.
        """
        return self._one("resource", type_, name)

    def data(self, type_: str, name: str) -> Block:
        """One data source. Raises AssertionError when there is none."""
        return self._one("data", type_, name)

    def variable(self, name: str) -> Block:
        """One variable. Raises AssertionError when there is none."""
        return self._one("variable", name)

    def output(self, name: str) -> Block:
        """One output. Raises AssertionError when there is none."""
        return self._one("output", name)

    def module(self, name: str) -> Block:
        """One module call. Raises AssertionError when there is none."""
        return self._one("module", name)

    def provider(self, name: str) -> Block:
        """One provider configuration. Raises AssertionError when there is none."""
        return self._one("provider", name)

    def required_providers(self) -> dict[str, Any]:
        """Local name to requirement (``{"source": …, "version": …}``)."""
        found: dict[str, Any] = {}
        for settings in self.all("terraform"):
            for block in settings.blocks("required_providers"):
                found |= block.body
        return found

    def backend(self) -> Block | None:
        """The backend block, its type as its only label."""
        for settings in self.all("terraform"):
            for body in _bodies(settings.body.get("backend")):
                for kind, inner in body.items():
                    return Block("backend", (kind,), next(_bodies(inner)), settings.file)
        return None

    def _one(self, kind: str, *labels: str) -> Block:
        for block in self.all(kind):
            if block.labels == labels:
                return block
        written = " ".join((kind, *(f'"{label}"' for label in labels)))
        others = ", ".join(block.address for block in self.all(kind)) or "ninguno"
        raise AssertionError(f"No encuentro «{written}» en tu configuración. Ahora hay: {others}.")


def read_folder(files: Mapping[str, str], folder: str = "") -> Hcl:
    """Read the configuration of one folder of a workspace.

    Args:
        files: path relative to the workspace, with ``/``, to text.
        folder: ``""`` for the root, ``"modules/data_layer"`` for a module.

    Raises:
        HclError: a file is not valid HCL or JSON.
    """
    own = {
        name: text
        for name, text in sorted(files.items())
        if str(PurePosixPath(name).parent) in (folder or ".",) and _is_configuration(name)
    }
    blocks: list[Block] = []
    for name, text in own.items():
        if not _is_override(name):
            blocks += parse(name, text)
    for name, text in own.items():
        if _is_override(name):
            blocks = _merge(blocks, parse(name, text))
    return Hcl(tuple(blocks))


@lru_cache(maxsize=256)
def parse(name: str, text: str) -> tuple[Block, ...]:
    """Read one ``.tf`` or ``.tf.json`` file into its top-level blocks.

    Raises:
        HclError: the text is not valid.
    """
    tree = _parse_json(name, text) if name.endswith(".json") else _parse_hcl(name, text)
    return tuple(_top_level(tree, name))


def _parse_hcl(name: str, text: str) -> dict[str, Any]:
    text = text.removeprefix(BYTE_ORDER_MARK)
    try:
        return _parse_native(name, text)
    except HclError:
        respelt, decoded = normalised(text)
        if respelt == text:
            raise
        with contextlib.suppress(HclError):  # the first one has the student's own words
            return dict(decoded(_parse_native(name, respelt)))
        raise


def _parse_native(name: str, text: str) -> dict[str, Any]:
    # Reading the grammar takes 0.1 s: only those who read HCL pay for it.
    import hcl2
    from lark.exceptions import LarkError, UnexpectedInput

    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    try:
        return dict(hcl2.loads(text, serialization_options=options))
    except UnexpectedInput as error:
        line, column = max(error.line, 1), max(error.column, 1)
        raise HclError(name, line, column, _problem(error, text), text) from error
    except RecursionError as error:
        raise HclError(name, 1, 1, "demasiados niveles de anidamiento.", text) from error
    except (LarkError, RuntimeError, ValueError) as error:  # odd heredocs
        raise HclError(name, 1, 1, f"no se puede leer: {error}", text) from error


def _problem(error: Exception, text: str) -> str:
    token = getattr(error, "token", None)
    if token is None:
        return "aquí hay un carácter que no se esperaba."
    if token.type == "$END" or error.line > len(text.splitlines()):  # type: ignore[attr-defined] # lark's UnexpectedToken has it
        return "el archivo termina antes de tiempo: falta cerrar una llave, un corchete o comillas."
    seen = str(token).split("\n", 1)[0].strip()
    return f"no se esperaba «{seen}»." if seen else "aquí falta algo: un valor o un cierre."


def _parse_json(name: str, text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        problem = f"JSON no válido: {error.msg}"
        raise HclError(name, error.lineno, error.colno, problem, text) from error
    except RecursionError as error:
        raise HclError(name, 1, 1, "demasiados niveles de anidamiento.", text) from error
    if not isinstance(tree, dict):
        raise HclError(name, 1, 1, "se esperaba un objeto JSON.", text)
    return tree


def _top_level(tree: Mapping[str, Any], file: str) -> Iterator[Block]:
    for kind, found in tree.items():
        for body in _bodies(found):
            yield from _labelled(kind, (), body, _LABELS.get(kind, 0), file)


def _labelled(
    kind: str, labels: tuple[str, ...], body: Mapping[str, Any], missing: int, file: str
) -> Iterator[Block]:
    if missing == 0:
        clean = {key: value for key, value in body.items() if key not in _META}
        yield Block(kind, labels, _without_meta(clean), file)
        return
    for label, inner in body.items():
        if label not in _META:
            for part in _bodies(inner):
                yield from _labelled(kind, (*labels, label), part, missing - 1, file)


def _without_meta(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_meta(v) for k, v in value.items() if k not in _META}
    return [_without_meta(part) for part in value] if isinstance(value, list) else value


def _bodies(value: Any) -> Iterator[Mapping[str, Any]]:
    """The bodies in a value: both syntaxes allow one object or a list of them."""
    for body in value if isinstance(value, list) else [value]:
        if isinstance(body, Mapping):
            yield body


def _is_configuration(name: str) -> bool:
    return name.endswith((".tf", ".tf.json"))


def _is_override(name: str) -> bool:
    stem = PurePosixPath(name).name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _merge(blocks: list[Block], overrides: tuple[Block, ...]) -> list[Block]:
    """Override files replace attributes and nested blocks of the block with the same address."""
    merged = list(blocks)
    for override in overrides:
        for index, block in enumerate(merged):
            if (block.kind, block.labels) == (override.kind, override.labels):
                body = {**block.body, **override.body}
                merged[index] = Block(block.kind, block.labels, body, block.file)
                break
        else:
            merged.append(override)
    return merged
