"""What a plan may not contain, found in Terraform's JSON of it, before any point is given.

The format is "JSON Output Format" of Terraform's documentation: ``resource_changes`` has every
resource, of modules too, with what it will be (``after``) and which parts of that only the apply
will know (``after_unknown``). The arguments are those of kreuzwerker/docker 3.

The guard refuses all of this when it is applied; here the student learns what, where and why.
"""

import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from docker_guard.powers import adds_power
from docker_guard.refusal import Denial
from docker_guard.volume_options import binds

Json = Mapping[str, Any]

_SHOWN = 80
WORKSPACE = "/workspace"
"""Where a sandbox sees the student's folder."""
_FOREIGN = frozenset(
    ("docker_service", "docker_secret", "docker_config", "docker_plugin", "docker_buildx_builder")
)
MAX_OBJECTS = 30
"""How many objects a plan may hold where nothing else is said: twice what any exercise needs."""
_INDEX = re.compile(r'\[(\d+|"([^"\\]|\\.)*")\]')
_PRIVATE_IPC = ("private", "shareable", "none")
_SAFE_OPTIONS = ("no-new-privileges", "no-new-privileges:true")


@dataclass(frozen=True)
class _Rule:
    """One guarded argument.

    Attributes:
        name: of the rule, for programs.
        path: the argument, in its block.
        is_bad: whether a value that is set is not allowed.
        why: completes «argument = value» in Spanish, without a full stop.
        advice: what to write instead.
        late: whether it may be unknown until the apply, as names of new objects are.
    """

    name: str
    path: tuple[str, ...]
    is_bad: Callable[[Any], bool]
    why: str
    advice: str
    late: bool = False


def screen_plan(
    plan: Json, *, workspace: str = WORKSPACE, max_objects: int = MAX_OBJECTS
) -> list[Denial]:
    """Find what a plan may not contain; ``file`` of each denial is the resource's address.

    Args:
        plan: ``terraform show -json`` of it.
        workspace: the student's folder, as the plan's paths name it.
        max_objects: how many objects there may be once it is applied.
    """
    changes = [
        change
        for change in plan.get("resource_changes") or []
        if change["mode"] == "managed" and isinstance(change["change"]["after"], Mapping)
    ]
    if len(changes) > max_objects:
        return [_too_many(changes, max_objects)]
    foreign = (_foreign(change) for change in changes if change["type"] in _FOREIGN)
    found = [denial for change in changes for denial in _of_resource(plan, change, workspace)]
    found = [*foreign, *found]
    return list(dict.fromkeys(found))


def _foreign(change: Json) -> Denial:
    return Denial(
        "type",
        change["address"],
        f"un {change['type']} cambia el propio Docker Engine o necesita un enjambre de equipos. "
        "Quita ese bloque: ningún ejercicio lo necesita.",
    )


def _too_many(changes: list[Json], most: int) -> Denial:
    numbers = Counter(change["address"].partition("[")[0] for change in changes)
    address, number = numbers.most_common(1)[0]
    of_one = f", {number} de ellos de {address}" if number > 1 else ""
    return Denial(
        "objects",
        "plan",
        f"tendría {len(changes)} objetos{of_one}, y aquí caben {most}. Deja solo los que pide el "
        "ejercicio: mira count y for_each.",
    )


def _of_resource(plan: Json, change: Json, workspace: str) -> Iterator[Denial]:
    after, unknown = change["change"]["after"], change["change"].get("after_unknown")
    for rule in _rules(workspace).get(change["type"], ()):
        for value, is_late in _leaves(after, unknown, rule.path):
            message = _known(rule, value)
            if is_late and not rule.late and not _is_the_engines(plan, change, rule):
                message = _late(rule)
            if message:
                yield Denial(rule.name, change["address"], message)


def _leaves(value: Any, unknown: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """The values at a path, in each block of its kind, and whether only the apply knows them."""
    if unknown is True:
        yield None, True
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, _part(unknown, index), path)
    elif not path:
        yield value, _is_partly(unknown)
    elif isinstance(value, Mapping):
        yield from _leaves(value.get(path[0]), _part(unknown, path[0]), path[1:])


def _part(unknown: Any, key: str | int) -> Any:
    """What is unknown of a part; Terraform leaves out what is known."""
    if isinstance(unknown, Mapping):
        return unknown.get(str(key))
    known = not isinstance(unknown, list) or not isinstance(key, int) or key >= len(unknown)
    return None if known else unknown[key]


def _is_partly(unknown: Any) -> bool:
    return isinstance(unknown, Mapping) and any(unknown.values())


def _is_the_engines(plan: Json, change: Json, rule: _Rule) -> bool:
    """Whether an argument is unknown because nobody set it, or names what is to be made."""
    if len(rule.path) > 1:  # of the blocks' arguments, the engine fills in none that is guarded
        return False
    written = _expressions(plan, change).get(rule.path[0])
    references = (written or {}).get("references") or []
    of_network = (name.startswith(("docker_network.", "docker_container.")) for name in references)
    return written is None or (
        rule.path == ("network_mode",) and any(references) and all(of_network)
    )


def _expressions(plan: Json, change: Json) -> Json:
    """What the configuration says of a resource."""
    module = plan.get("configuration", {}).get("root_module", {})
    for name in _INDEX.sub("", change.get("module_address", "")).split(".")[1::2]:
        module = module.get("module_calls", {}).get(name, {}).get("module", {})
    wanted = f"{change['type']}.{change['name']}"
    for resource in module.get("resources", []):
        if resource["address"] == wanted:
            return dict(resource.get("expressions", {}))
    return {}


def _known(rule: _Rule, value: Any) -> str:
    if value in (None, "", {}, False) or not rule.is_bad(value):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"«{'.'.join(rule.path)} = {shown}» {rule.why}. {rule.advice}"


def _late(rule: _Rule) -> str:
    return (
        f"el plan aún no sabe qué valdrá «{'.'.join(rule.path)}», y aquí hay que poder leerlo "
        f"antes del apply. {rule.advice}"
    )


# --- what is bad --------------------------------------------------------------


def _anything(value: Any) -> bool:
    del value  # it is set, and that is enough
    return True


def _is_no_name(value: str) -> bool:
    """Whether it is a path rather than the name of a volume."""
    return not _is_socket(value) and not re.fullmatch(r"[\w.-]+", value, re.ASCII)


def _is_socket(value: str) -> bool:
    return "docker.sock" in value


def _is_host_path(value: str) -> bool:
    return not _is_socket(value)


def _leaves_workspace(workspace: str, value: str) -> bool:
    path = posixpath.normpath(value)
    root = workspace.rstrip("/")
    inside = f"{path}/".startswith(f"{root}/") if path.startswith("/") else True
    return not inside or path.split("/")[0] in ("..", "~")


# --- the guarded arguments ----------------------------------------------------

_DRIVER = "lleva tus datos o tu red fuera de Docker, a otros equipos"
_USE_VOLUME = (
    "Monta un volumen por su nombre: volume_name = docker_volume.….name, en lugar de su mountpoint."
)
_DROP_LINE = "Quita esa línea: ningún ejercicio la necesita."
_DROP_BLOCK = "Quita ese bloque: ningún ejercicio lo necesita."
_USE_NETWORK = "Quita esa línea; los contenedores se hablan por una docker_network."
_ON_HOST = "monta una ruta del equipo donde corre Docker, que en otro equipo no existe o no es tuya"
_SOCKET = "entrega el socket de Docker, y con él el equipo entero"
_DEVICE = "da al contenedor un dispositivo del equipo"
_SHARED = "comparte con el contenedor lo que es del equipo o de otro contenedor"
_BINDING = "monta con ese volumen algo de fuera de él: una carpeta del equipo o de la red"
_PLAIN_VOLUME = "Quita esas opciones: un docker_volume sin ellas guarda los datos."


def _mounted(path: tuple[str, ...], *, names: bool) -> tuple[_Rule, _Rule]:
    """The rules on what is mounted; names: whether it may be a volume's."""
    is_bad = _is_no_name if names else _is_host_path
    return (
        _Rule("docker_socket", path, _is_socket, _SOCKET, _DROP_BLOCK, late=True),
        _Rule("host_path", path, is_bad, _ON_HOST, _USE_VOLUME, late=names),
    )


def _only(name: str, path: tuple[str, ...], allowed: str, advice: str) -> _Rule:
    return _Rule(name, path, lambda v: v != allowed, _DRIVER, advice)


_CONTAINER = (
    _Rule("privileged", ("privileged",), _anything,
          "da al contenedor todos los poderes del equipo", _DROP_LINE),
    _Rule("namespace", ("network_mode",), lambda v: v == "host", _SHARED, _USE_NETWORK),
    _Rule("namespace", ("ipc_mode",), lambda v: v not in _PRIVATE_IPC, _SHARED, _DROP_LINE),
    _Rule("namespace", ("pid_mode",), _anything, _SHARED, _DROP_LINE),
    _Rule("namespace", ("userns_mode",), _anything, _SHARED, _DROP_LINE),
    _Rule("namespace", ("cgroupns_mode",), lambda v: v != "private", _SHARED, _DROP_LINE),
    _Rule("device", ("devices", "host_path"), _anything, _DEVICE, _DROP_BLOCK),
    _Rule("device", ("gpus",), _anything, _DEVICE, _DROP_LINE),
    _Rule("capability", ("capabilities", "add"), adds_power,
          "da al contenedor un permiso del núcleo que aquí nadie tiene", _DROP_BLOCK),
    _Rule("runtime", ("runtime",), lambda v: v != "runc",
          "ejecuta el contenedor con otro programa que el del taller", _DROP_LINE),
    _Rule("security_option", ("security_opts",), lambda v: v not in _SAFE_OPTIONS,
          "quita al contenedor una de sus protecciones", _DROP_LINE),
    *_mounted(("volumes", "host_path"), names=False),
    *_mounted(("volumes", "volume_name"), names=True),
    *_mounted(("mounts", "source"), names=True),
    _only("driver", ("mounts", "volume_options", "driver_name"), "local", _DROP_LINE),
    _Rule("host_path", ("mounts", "type"), lambda v: v not in ("volume", "tmpfs"), _ON_HOST,
          'Usa type = "volume" y source = docker_volume.….name.'),
    _Rule("driver_options", ("mounts", "volume_options", "driver_options"), binds, _BINDING,
          _PLAIN_VOLUME),
)  # fmt: skip


def _upload(workspace: str) -> _Rule:
    return _Rule(
        "upload",
        ("upload", "source"),
        partial(_leaves_workspace, workspace),
        "copia al contenedor un archivo que no es de tu carpeta",
        'Guárdalo en tu carpeta y escribe source = "${path.module}/…".',
    )


@cache
def _rules(workspace: str) -> Mapping[str, tuple[_Rule, ...]]:
    return {
        "docker_container": (*_CONTAINER, _upload(workspace)),
        "docker_volume": (
            _Rule("driver_options", ("driver_opts",), binds, _BINDING, _PLAIN_VOLUME),
            _only("driver", ("driver",), "local", _DROP_LINE),
        ),
        "docker_network": (
            _only("driver", ("driver",), "bridge", 'Quita esa línea, o escribe driver = "bridge".'),
            _only("driver", ("ipam_driver",), "default", _DROP_LINE),
            _Rule("swarm", ("ingress",), _anything, "necesita un enjambre de equipos", _DROP_LINE),
        ),
    }
