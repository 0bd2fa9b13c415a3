"""What a configuration may not contain, found by reading it, before Terraform does.

The sandbox and the guard hold whatever this lets through; what it finds gets a message of its own.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from docker_guard.refusal import Denial
from taller.hcl.file_calls import outside_calls
from taller.hcl.reader import Block, HclError, parse
from taller.hcl.tokens import tokens

_SOURCES = ("kreuzwerker/docker", "registry.terraform.io/kreuzwerker/docker")
_PROVIDERS = ("docker", "terraform")
_CONFIGURATION = (".tf", ".tf.json")
_SHOWN = 80
_NOWHERE = re.compile(r"[\w-]+(/[\w-]+)?", re.A)
"""A folder's path without its ``./``: Terraform takes it for no address at all, and says so."""
MAX_SIZE = 256 * 1024
"""Characters of all files; the longest answer to an exercise has 5,000."""
PROVISIONER = "los provisioners ejecutan programas; aquí no se admiten. Quita ese bloque."


def screen(files: Mapping[str, str], *, remote_state: bool = False) -> list[Denial]:
    """Find what a configuration may not contain; of files that are no HCL, what their text says.

    Args:
        files: path in the workspace to text, modules and override files included.
        remote_state: whether the state may be kept elsewhere.
    """
    size = sum(len(text) for name, text in files.items() if name.endswith(_CONFIGURATION))
    if size > MAX_SIZE:
        message = (
            f"tu configuración tiene {size // 1024} kB y aquí caben {MAX_SIZE // 1024}. Escribe "
            "solo los bloques que pide el ejercicio."
        )
        return [Denial("size", ".", message)]
    found: list[Denial] = []
    for name, text in sorted(files.items()):
        if name.endswith(_CONFIGURATION):
            found += _of_file(name, text, remote_state)
    return list(dict.fromkeys(found))


def _of_file(name: str, text: str, remote_state: bool) -> Iterator[Denial]:
    is_json = name.endswith(".json")
    if not is_json:
        yield from _file_calls(name, text)
    try:
        blocks = parse(name, text)
    except HclError:
        # A wrong answer mostly, which the checks report. What Terraform can read and our reader
        # cannot is judged by Terraform's own JSON of it (``screen_configuration``).
        if not is_json and _begins_provisioner(text):
            yield Denial("provisioner", name, PROVISIONER)
        return
    for block in blocks:
        yield from of_block(block, remote_state)
        for expression in _expressions(block.body) if is_json else ():
            yield from _file_calls(name, expression, template=True)


def _begins_provisioner(text: str) -> bool:
    """Whether a block of that name begins somewhere, in a text that may be no HCL."""
    found = tokens(text)
    return any(
        token.text == "provisioner" and token.kind == "name" and after.kind in ("quote", "name")
        for token, after in pairwise(found)
    )


def of_block(block: Block, remote_state: bool) -> Iterator[Denial]:
    """Find what one top-level block may not contain, but for calls of functions."""
    yield from _of_kind(block, remote_state)
    if _has_key(block.body, "provisioner"):
        yield _deny(block, "provisioner", PROVISIONER)


def _of_kind(block: Block, remote_state: bool) -> Iterator[Denial]:
    match block.kind:
        case "module":
            yield from _module(block)
        case "terraform":
            yield from _settings(block, remote_state)
        case "provider":
            yield from _provider(block)
        case "resource":
            yield from _resource(block)
        case "data":
            yield from _data(block, remote_state)
        case "check":
            yield from _check(block, remote_state)
        case "ephemeral":
            others = (t for t in block.body if t.partition("_")[0] not in _PROVIDERS)
            yield from (unknown_provider(block, type_) for type_ in others)


def _module(block: Block) -> Iterator[Denial]:
    source = str(block.get("source") or "")
    leaves = posixpath.normpath(posixpath.join(posixpath.dirname(block.file), source))
    if not source or _NOWHERE.fullmatch(source):
        return
    if not source.startswith(("./", "../")) or leaves.startswith(".."):
        message = (
            f"el módulo viene de «{source[:_SHOWN]}»; aquí solo puede venir de tu carpeta: "
            'source = "./modules/…".'
        )
        yield _deny(block, "module_source", message)


def _settings(block: Block, remote_state: bool) -> Iterator[Denial]:
    for kind in ("backend", "cloud"):
        if block.get(kind) is not None and not remote_state:
            message = f"el bloque «{kind}» guarda el state en otro sitio; aquí no. Quítalo."
            yield _deny(block, kind, message)
    for required in block.blocks("required_providers"):
        for name, wanted in required.body.items():
            source = wanted.get("source") if isinstance(wanted, Mapping) else None
            allowed = source in _SOURCES if source else name in _PROVIDERS
            if not allowed:
                yield unknown_provider(block, str(source or name))


def _provider(block: Block) -> Iterator[Denial]:
    if block.labels[0] not in _PROVIDERS:
        yield unknown_provider(block, block.labels[0])
    if _has_key(block.body, "ssh_opts"):
        yield _deny(block, "ssh_opts", "«ssh_opts» ejecuta ssh; aquí no se admite. Quítalo.")


def _resource(block: Block) -> Iterator[Denial]:
    if block.labels[0] == "docker_plugin":
        yield _deny(block, "docker_plugin", "«docker_plugin» instala código en el engine. Quítalo.")
    if block.labels[0].partition("_")[0] not in _PROVIDERS:
        yield unknown_provider(block, block.labels[0])


def _data(block: Block, remote_state: bool) -> Iterator[Denial]:
    type_ = block.labels[0]
    if type_ in ("external", "http"):
        yield _deny(block, type_, f"data «{type_}» ejecuta programas o usa la red. Quítalo.")
    elif type_ == "terraform_remote_state" and not remote_state:
        message = "«terraform_remote_state» lee el state de otros; aquí no se admite. Quítalo."
        yield _deny(block, type_, message)
    elif type_.partition("_")[0] not in _PROVIDERS:
        yield unknown_provider(block, type_)


def _check(block: Block, remote_state: bool) -> Iterator[Denial]:
    """A check block may hold a data source of its own."""
    for found in _under(block.body, "data"):
        for body in found if isinstance(found, list) else [found]:
            for type_ in body if isinstance(body, Mapping) else ():
                yield from _data(Block("data", (type_,), {}, block.file), remote_state)


def unknown_provider(block: Block, name: str) -> Denial:
    """The denial of another provider."""
    message = f"«{name}» no es del provider kreuzwerker/docker, el único que hay aquí. Quítalo."
    return _deny(block, "provider", message)


def _file_calls(file: str, text: str, *, template: bool = False) -> Iterator[Denial]:
    for call in outside_calls(file, text, template=template):
        message = (
            f"{call.function}(…) lee fuera de tu carpeta. Dentro de ella, escribe "
            f'{call.function}("${{path.module}}/…"); del proyecto del taller, '
            f'{call.function}("${{var.root_path}}/…").'
        )
        yield Denial("file_function", file, message)


def _has_key(value: Any, name: str) -> bool:
    return any(True for _ in _under(value, name))


def _under(value: Any, name: str) -> Iterator[Any]:
    """What is said under a name, at any depth."""
    parts = value if isinstance(value, list) else []
    if isinstance(value, Mapping):
        parts = list(value.values())
        if name in value:
            yield value[name]
    for part in parts:
        yield from _under(part, name)


def _expressions(value: Any) -> Iterator[str]:
    """Texts in which something is computed, keys of maps included."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _expressions(key)
            yield from _expressions(part)
    elif isinstance(value, list):
        for part in value:
            yield from _expressions(part)
    elif isinstance(value, str) and ("${" in value or "%{" in value):
        yield value


def _deny(block: Block, rule: str, message: str) -> Denial:
    return Denial(rule, block.file, message)
