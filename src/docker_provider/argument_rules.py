"""What the schema alone says about a configuration: what is not served, and what excludes what."""

from collections.abc import Iterator, Mapping

from docker_provider.codec import UNKNOWN
from docker_provider.planning import Path
from docker_provider.resource import InvalidArgumentError
from docker_provider.schema import Block, Nested, Value


def problems(
    block: Block, config: Mapping[str, Value], path: Path = ()
) -> Iterator[InvalidArgumentError]:
    """Yield an error for every argument that cannot be given, or not beside the others."""
    for attribute in block.attributes:
        if attribute.unserved and _given(config.get(attribute.name)):
            yield _unserved((*path, attribute.name), attribute.unserved)
    for nested in block.blocks:
        elements = config.get(nested.name)
        if not _given(elements):
            continue
        yield from _conflicts(nested, config, path)
        if nested.unserved:
            yield _unserved((*path, nested.name), nested.unserved)
        elif elements is not UNKNOWN:
            for element in nested.elements(elements):
                yield from problems(nested.block, element, (*path, nested.name))


def _given(value: Value) -> bool:
    return value is UNKNOWN or bool(value)


def _unserved(path: Path, reason: str) -> InvalidArgumentError:
    """An argument that the real provider has and this one does not carry out."""
    dotted = ".".join(map(str, path))
    return InvalidArgumentError(
        path[:1],
        f"The embedded provider does not serve `{dotted}`",
        f"{reason} Leave it out, or use kreuzwerker/docker itself (TALLER_PROVIDER=registry).",
    )


def _conflicts(
    nested: Nested, config: Mapping[str, Value], path: Path
) -> Iterator[InvalidArgumentError]:
    for other in nested.conflicts:
        if _given(config.get(other)):
            yield InvalidArgumentError(
                (*path, other),
                f'Conflicting arguments "{nested.name}" and "{other}"',
                "They exclude each other: remove one of the two.",
            )
