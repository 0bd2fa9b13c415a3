"""What a configuration may not contain, found by reading it, before Terraform does.

The sandbox and the guard hold whatever this lets through; what it finds gets a message of its own.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from docker_guard.refusal import Denial
from taller.hcl.reader import Block, HclError, parse

_SOURCES = ("kreuzwerker/docker", "registry.terraform.io/kreuzwerker/docker")
_PROVIDERS = ("docker", "terraform")
_CONFIGURATION = (".tf", ".tf.json")
_FILE_CALL = re.compile(
    r"(?<![\w.-])(?P<name>templatefile|file(?:set|exists|base64\w*|md5|sha\d+)?)"
    r'\s*(?:/\*.*?\*/\s*)*\(\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<other>path\.\w+\s*[,)])?)',
    re.DOTALL,
)
_OWN_FOLDER = re.compile(r"\$\{\s*path\.(module|root|cwd)\s*\}")
_LOOP_NAME = re.compile(r"\$\{\s*(\w+|each\.(key|value))\s*\}")
_SPLAT = "..."
_PROVISIONER = "los provisioners ejecutan programas; aquí no se admiten. Quita ese bloque."


def screen(files: Mapping[str, str], *, remote_state: bool = False) -> list[Denial]:
    """Find what a configuration may not contain; of files that are no HCL, what their text says.

    Args:
        files: path in the workspace to text, modules and override files included.
        remote_state: whether the state may be kept elsewhere.
    """
    found: list[Denial] = []
    for name, text in sorted(files.items()):
        if name.endswith(_CONFIGURATION):
            found += _of_file(name, text, remote_state)
    return list(dict.fromkeys(found))


def _of_file(name: str, text: str, remote_state: bool) -> Iterator[Denial]:
    try:
        blocks = parse(name, text)
    except HclError:
        # A wrong answer mostly, which the checks report; but Terraform may know syntax that our
        # reader does not, so the text itself must not hold what runs programs or reads files.
        whole = Block("", (), {}, name)
        if re.search(r"\bprovisioner\b", text):
            yield _deny(whole, "provisioner", _PROVISIONER)
        yield from _file_calls(whole, text)
        return
    for block in blocks:
        yield from _of_block(block, remote_state)


def _of_block(block: Block, remote_state: bool) -> Iterator[Denial]:
    yield from _of_kind(block, remote_state)
    if _has_key(block.body, "provisioner"):
        yield _deny(block, "provisioner", _PROVISIONER)
    for text in _expressions(block.body):
        yield from _file_calls(block, text)


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
            yield from (_unknown_provider(block, type_) for type_ in others)


def _module(block: Block) -> Iterator[Denial]:
    source = str(block.get("source") or "")
    leaves = posixpath.normpath(posixpath.join(posixpath.dirname(block.file), source))
    if source and (not source.startswith("./") or leaves.startswith("..")):
        message = f"el módulo viene de «{source}»; solo puede venir de tu carpeta («./…»)."
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
                yield _unknown_provider(block, str(source or name))


def _provider(block: Block) -> Iterator[Denial]:
    if block.labels[0] not in _PROVIDERS:
        yield _unknown_provider(block, block.labels[0])
    if _has_key(block.body, "ssh_opts"):
        yield _deny(block, "ssh_opts", "«ssh_opts» ejecuta ssh; aquí no se admite. Quítalo.")


def _resource(block: Block) -> Iterator[Denial]:
    if block.labels[0] == "docker_plugin":
        yield _deny(block, "docker_plugin", "«docker_plugin» instala código en el engine. Quítalo.")
    if block.labels[0].partition("_")[0] not in _PROVIDERS:
        yield _unknown_provider(block, block.labels[0])


def _data(block: Block, remote_state: bool) -> Iterator[Denial]:
    type_ = block.labels[0]
    if type_ in ("external", "http"):
        yield _deny(block, type_, f"data «{type_}» ejecuta programas o usa la red. Quítalo.")
    elif type_ == "terraform_remote_state" and not remote_state:
        message = "«terraform_remote_state» lee el state de otros; aquí no se admite. Quítalo."
        yield _deny(block, type_, message)
    elif type_.partition("_")[0] not in _PROVIDERS:
        yield _unknown_provider(block, type_)


def _check(block: Block, remote_state: bool) -> Iterator[Denial]:
    """A check block may hold a data source of its own."""
    for found in _under(block.body, "data"):
        for body in found if isinstance(found, list) else [found]:
            for type_ in body if isinstance(body, Mapping) else ():
                yield from _data(Block("data", (type_,), {}, block.file), remote_state)


def _unknown_provider(block: Block, name: str) -> Denial:
    message = f"«{name}» no es del provider kreuzwerker/docker, el único que hay aquí. Quítalo."
    return _deny(block, "provider", message)


def _file_calls(block: Block, text: str) -> Iterator[Denial]:
    for call in _FILE_CALL.finditer(text):
        if not call["other"] and not _is_inside(block.file, call["text"], text):
            message = (
                f"{call['name']}(…) solo puede leer de tu carpeta, con la ruta escrita: "
                f'{call["name"]}("${{path.module}}/…").'
            )
            yield _deny(block, "file_function", message)


def _is_inside(file: str, path: str | None, expression: str) -> bool:
    """Whether a path, as it is written, stays in the workspace; what is computed does not."""
    if path is None or "\\" in path:
        return False
    plain = _LOOP_NAME.sub("x", _OWN_FOLDER.sub(".", path))
    if plain != path and ".." in expression.replace(_SPLAT, "") and _LOOP_NAME.search(path):
        return False
    place = posixpath.normpath(posixpath.join(posixpath.dirname(file), plain))
    return "${" not in plain and "%{" not in plain and not place.startswith(("/", "..", "~"))


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
