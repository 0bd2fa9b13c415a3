"""What a configuration will become: the plan of one resource.

The rules are those of Terraform's plugin SDK 2, on which the real provider is built: a default
fills what was left out, a computed value stays as it was, null and the zero value of a type are
the same thing, and a change of an argument that forces replacement names its path.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from docker_provider.codec import UNKNOWN, has_unknown
from docker_provider.schema import Attribute, Block, Nested, Value

Path = tuple[str | int, ...]
State = dict[str, Value]


def plan(block: Block, prior: Mapping[str, Value] | None, config: Mapping[str, Value]) -> State:
    """Return the state that `config` will lead to, starting from `prior` (None: creation)."""
    planned = {item.name: _plan_attribute(item, prior, config) for item in block.attributes}
    for nested in block.blocks:
        planned[nested.name] = _plan_nested(nested, prior, config.get(nested.name))
    return planned


def _plan_attribute(
    attribute: Attribute, prior: Mapping[str, Value] | None, config: Mapping[str, Value]
) -> Value:
    configured = config.get(attribute.name)
    before = None if prior is None else prior.get(attribute.name)
    if attribute.sticky and prior is not None and configured in (None, ""):
        return before
    if configured is not None:
        return configured
    if attribute.default is not None:
        kept = prior is not None and same(before, attribute.default)
        return before if kept else attribute.default
    if attribute.computed:
        return UNKNOWN if prior is None else before
    return before if _is_zero(before) else None


def _plan_nested(nested: Nested, prior: Mapping[str, Value] | None, configured: Value) -> Value:
    if configured is UNKNOWN:
        return UNKNOWN
    if nested.computed and not configured:
        return UNKNOWN if prior is None else prior.get(nested.name)
    before = [] if prior is None else nested.elements(prior.get(nested.name))
    planned = [
        plan(nested.block, _counterpart(nested, before, index, element), element)
        for index, element in enumerate(nested.elements(configured))
    ]
    if nested.nesting == "single":
        return planned[0] if planned else None
    return planned


def _counterpart(
    nested: Nested, before: list[State], index: int, element: Mapping[str, Value]
) -> State | None:
    """The earlier element whose computed values `element` inherits, if there is one."""
    if nested.nesting != "set":
        return before[index] if index < len(before) else None
    given = {name: value for name, value in element.items() if value not in (None, [])}
    matches = (old for old in before if all(same(old.get(n), v) for n, v in given.items()))
    return next(matches, None)


def replacement_paths(
    block: Block, prior: Mapping[str, Value], planned: Mapping[str, Value]
) -> Iterator[Path]:
    """Yield the path of every change that only a new object can carry out."""
    for attribute in block.attributes:
        name = attribute.name
        if attribute.force_new and not same(prior.get(name), planned.get(name)):
            yield (name,)
    for nested in block.blocks:
        yield from _nested_paths(nested, prior.get(nested.name), planned.get(nested.name))


def _nested_paths(nested: Nested, before: Value, after: Value) -> Iterator[Path]:
    if same(before, after, ordered=nested.nesting != "set"):
        return
    if after is UNKNOWN or nested.nesting == "set" or _count(before) != _count(after):
        # A set's elements have no address of their own: the whole block is the path.
        if nested.force_new or _forces_replacement(nested, before, after):
            yield (nested.name,)
        return
    pairs = zip(nested.elements(before), nested.elements(after), strict=True)
    for index, (old, new) in enumerate(pairs):
        prefix: Path = (nested.name,) if nested.nesting == "single" else (nested.name, index)
        for path in replacement_paths(nested.block, old, new):
            yield (*prefix, *path)


def _count(value: Value) -> int:
    return len(value) if isinstance(value, list) else int(value is not None)


def _forces_replacement(nested: Nested, before: Value, after: Value) -> bool:
    """Whether a set block changed in an argument that forces replacement, or not only elsewhere."""
    if after is UNKNOWN:
        return any(item.force_new for item in nested.block.attributes)
    old, new = nested.elements(before), nested.elements(after)
    kept = [_forcing_part(nested.block, element) for element in old]
    return not same(kept, [_forcing_part(nested.block, element) for element in new], ordered=False)


def _forcing_part(block: Block, element: Mapping[str, Value]) -> State:
    part = {item.name: element.get(item.name) for item in block.attributes if item.force_new}
    for nested in block.blocks:
        inner = [
            _forcing_part(nested.block, item) for item in nested.elements(element[nested.name])
        ]
        part[nested.name] = [item for item in inner if item]
    return part


def same(left: Value, right: Value, *, ordered: bool = True) -> bool:
    """Compare as the plugin SDK does: null equals a type's zero value; unknown equals nothing."""
    if has_unknown(left) or has_unknown(right):
        return False
    a, b = _canonical(left), _canonical(right)
    if not ordered and isinstance(a, list) and isinstance(b, list):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return bool(a == b)


def _is_zero(value: Any) -> bool:
    return value is not UNKNOWN and value in ("", 0, False, [], {})


def _canonical(value: Value) -> Value:
    if isinstance(value, dict):
        parts = {name: _canonical(element) for name, element in sorted(value.items())}
        return {name: element for name, element in parts.items() if element is not None} or None
    if isinstance(value, list):
        return [_canonical(element) for element in value] or None
    return None if value is None or _is_zero(value) else value
