"""The rules of the screen on Terraform's own JSON of a configuration.

It is the ``configuration`` of a plan's JSON ("JSON Output Format" in Terraform's documentation):
what Terraform itself read, whatever the spelling. It has neither backends nor arguments of
functions; the sandbox, which has no network and no secrets, holds those.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from docker_guard.refusal import Denial
from taller.hcl.reader import Block
from taller.hcl.screen import PROVISIONER, of_block, unknown_provider

Json = Mapping[str, Any]

_OURS = ("/kreuzwerker/docker", "terraform.io/builtin/terraform")


def screen_configuration(plan: Json, *, remote_state: bool = False) -> list[Denial]:
    """Find what a configuration may not contain, in the words of ``screen``.

    Args:
        plan: ``terraform show -json`` of it.
        remote_state: whether the state may be kept elsewhere.
    """
    configuration = _dict(plan.get("configuration"))
    found = [*_of_providers(_dict(configuration.get("provider_config")))]
    waiting = [("", _dict(configuration.get("root_module")))]
    while waiting:
        folder, module = waiting.pop()
        found += _of_resources(folder, module, remote_state)
        for call in _dict(module.get("module_calls")).values():
            source = str(_dict(call).get("source") or "")
            block = Block("module", ("",), {"source": source}, f"{folder}main.tf")
            denials = list(of_block(block, remote_state))
            found += denials
            if not denials:
                inner = _dict(_dict(call).get("module"))
                waiting.append((f"{folder}{source.removeprefix('./')}/", inner))
    return list(dict.fromkeys(found))


def _of_providers(providers: Json) -> Iterator[Denial]:
    for provider in map(_dict, providers.values()):
        name = str(provider.get("name") or "")
        block = Block("provider", (name,), _dict(provider.get("expressions")), "main.tf")
        if not str(provider.get("full_name") or _OURS[0]).endswith(_OURS):
            yield unknown_provider(block, str(provider["full_name"]))
        yield from of_block(block, remote_state=False)


def _of_resources(folder: str, module: Json, remote_state: bool) -> Iterator[Denial]:
    for resource in map(_dict, _list(module.get("resources"))):
        kind = "data" if resource.get("mode") == "data" else "resource"
        labels = (str(resource.get("type")), str(resource.get("name")))
        block = Block(kind, labels, {}, f"{folder}main.tf")
        yield from of_block(block, remote_state)
        if resource.get("provisioners"):
            yield Denial("provisioner", block.file, PROVISIONER)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
