"""A Dockerfile read instruction by instruction and written anew, one line each.

The engine sees only what was understood here. FROM and COPY --from name images that the tenant may
use; ADD downloads nothing; labels say whose each step is. A stage that begins as one of the known
recipes gets them at the first difference: what comes before is in the engine's cache for everybody.
(Syntax: the Dockerfile reference of Docker's classic builder.)
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docker_guard.refusal import Refused

Resolve = Callable[[str], Awaitable[str]]
"""Image name → name that the engine gets. Raises Refused when the tenant may not use it."""

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z]+)\s*=\s*(\S+)\s*")
_INSTRUCTION = re.compile(r"([A-Za-z]+)(?:\s+(.*))?", re.DOTALL)
_FROM = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+[aA][sS]\s+([a-zA-Z][\w.-]*))?", re.ASCII)
_COPY_FLAGS = re.compile(r"((?:--(?:from|chown|chmod)=[\w.:/@-]+\s++)*+)(?!--)(.*)", re.ASCII)
_COPY_FROM = re.compile(r"--from=(\S+)")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:[-+])([^}]{0,500}))?\})", re.ASCII)
_ARGUMENT = re.compile(r"([A-Za-z_]\w*)(?:=(.*))?", re.ASCII)
_PLAIN = frozenset(
    ("RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR", "ARG",
     "STOPSIGNAL", "SHELL", "HEALTHCHECK", "MAINTAINER")
)  # fmt: skip
_MOST_VOLUMES = 10
_MOST_BYTES = 64 * 1024
_MOST_STAGES = 50
_LONGEST_VALUE = 4096
"""Characters of an argument: one that holds two of the one before doubles with each line."""
_ADVICE = {
    "ONBUILD": " Escribe sus pasos en el Dockerfile que los usa.",
}


@dataclass
class _Writer:
    """The new Dockerfile, as far as it has been written.

    ``common`` holds the rest of the known recipes' stages that are, so far, like this one.
    """

    resolve: Resolve
    labels: Mapping[str, str]
    target: str
    recipes: Sequence[Sequence[Sequence[str]]]
    given: Mapping[str, str]
    arguments: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    common: list[Sequence[str]] = field(default_factory=list)
    volumes: int = 0

    async def line(self, line: str) -> None:
        match = _INSTRUCTION.fullmatch(line)
        if match is None:
            raise Refused(f"Dockerfile: «{line[:80]}» no es una instrucción.", 400)
        name, rest = match[1].upper(), (match[2] or "").strip()
        if name == "FROM":
            await self._from(rest)
            self.common = list(self._recipe_stages())
            self._compare(line, common_before=True)
            return
        self._compare(line, common_before=bool(self.common))
        await self._instruction(name, rest)
        if name == "LABEL" and not self.common:
            self.label()  # the last label of a name is the one that holds

    def _recipe_stages(self) -> Iterator[Sequence[str]]:
        """The recipes' stages with the number of the current one."""
        number = len(self.stages) - 1
        return (recipe[number] for recipe in self.recipes if number < len(recipe))

    def _compare(self, line: str, *, common_before: bool) -> None:
        """Take the recipes one line on; where the last of them parts, the stage is the tenant's."""
        self.common = [rest[1:] for rest in self.common if rest[:1] == [line]]
        if common_before and not self.common:
            self.label()

    async def _instruction(self, name: str, rest: str) -> None:
        if name in ("COPY", "ADD"):
            await self._copy(name, rest)
        elif name in _PLAIN:
            self._plain(name, rest)
        else:
            raise Refused(
                f"Dockerfile: la instrucción {name} no está permitida.{_ADVICE.get(name, '')}"
            )

    async def _from(self, rest: str) -> None:
        match = _FROM.fullmatch(_substitute(rest, self.arguments))
        if match is None or re.search(r"[\"'\\$]", match[1]):
            raise Refused(
                f"Dockerfile: «FROM {rest}» no se entiende. Escribe FROM imagen AS etapa."
            )
        if self.target and self.stages[-1:] == [self.target]:
            self.end()
        if len(self.stages) == _MOST_STAGES:
            raise Refused(f"Dockerfile: más de {_MOST_STAGES} etapas (FROM). Quita algunas.", 413)
        image, stage = match[1], (match[2] or "").lower()
        known = image == "scratch" or image.lower() in filter(None, self.stages)
        name = image if known else await self.resolve(image)
        self.stages.append(stage)
        self.lines.append(f"FROM {name}" + (f" AS {stage}" if stage else ""))

    async def _copy(self, name: str, rest: str) -> None:
        match = _COPY_FLAGS.fullmatch(rest)
        if match is None:
            raise Refused(f"Dockerfile: «{name} {rest}» lleva opciones que no están permitidas.")
        flags, files = match[1], match[2]
        if name == "ADD" and re.search(r"\$|\\|://|git@", files):
            raise Refused(
                "Dockerfile: ADD no descarga nada aquí. Usa COPY con ficheros del contexto."
            )
        source = _COPY_FROM.search(flags)
        if source and not self._is_stage(source[1]):
            image = await self.resolve(source[1])
            flags = flags.replace(source[0], f"--from={image}")
        self.lines.append(f"{name} {flags}{files}")

    def _is_stage(self, name: str) -> bool:
        if name.isdigit():
            return int(name) < len(self.stages) - 1
        return name.lower() in filter(None, self.stages[:-1])

    def _plain(self, name: str, rest: str) -> None:
        if name == "RUN" and rest.startswith("--"):
            raise Refused("Dockerfile: RUN con opciones (--mount, --network) necesita BuildKit.")
        if name == "ARG" and not self.stages:
            self._argument(rest)
        if name == "VOLUME":
            self.volumes += len(re.split(r"[\s,]+", rest))
        if self.volumes > _MOST_VOLUMES:
            raise Refused(f"Dockerfile: más de {_MOST_VOLUMES} rutas en VOLUME. Quita algunas.")
        self.lines.append(f"{name} {rest}")

    def _argument(self, rest: str) -> None:
        """An ARG before the first FROM may appear in FROM."""
        match = _ARGUMENT.fullmatch(rest.strip())
        if match is None:
            raise Refused(f"Dockerfile: «ARG {rest}» no se entiende. Escribe ARG NOMBRE=valor.")
        default = _substitute((match[2] or "").strip("\"'"), self.arguments)
        if len(default) > _LONGEST_VALUE:
            raise Refused(
                f"Dockerfile: ARG {match[1][:80]} vale más de {_LONGEST_VALUE} letras. Acórtalo.",
                413,
            )
        self.arguments[match[1]] = self.given.get(match[1], default)

    def end(self) -> None:
        """End the stage that the build is for: it is the tenant's even if all of it is known."""
        if self.common:
            self.label()

    def label(self) -> None:
        """Say whose the stage is."""
        pairs = " ".join(f'"{name}"="{value}"' for name, value in self.labels.items())
        self.lines.append(f"LABEL {pairs}")


async def rewrite(
    source: bytes,
    arguments: Mapping[str, str],
    labels: Mapping[str, str],
    resolve: Resolve,
    *,
    target: str = "",
    recipes: Sequence[bytes] = (),
) -> bytes:
    """Write a Dockerfile anew.

    Args:
        source: the tenant's.
        arguments: build arguments; those that an ARG before FROM declares may appear in FROM.
        labels: set on every stage; values without quotes.
        resolve: names of images.
        target: the stage that the build is for, in lower case; the last one by default.
        recipes: Dockerfiles whose steps are in the engine's cache for everybody.

    Raises:
        Refused: something that is not understood or not allowed.
    """
    if len(source) > _MOST_BYTES:
        raise Refused(
            f"El Dockerfile tiene {len(source) // 1024} kB y caben {_MOST_BYTES // 1024}. Copia "
            "los datos con COPY en lugar de escribirlos en él.",
            413,
        )
    try:
        text = source.decode()
    except UnicodeDecodeError:
        raise Refused("El Dockerfile no es UTF-8.", 400) from None
    known = [stages_of(recipe.decode()) for recipe in recipes]
    writer = _Writer(resolve, labels, target, known, arguments)
    for line in logical_lines(text):
        await writer.line(line)
    if not writer.stages:
        raise Refused("El Dockerfile no tiene FROM.", 400)
    if target and target not in writer.stages:
        raise Refused(f"El Dockerfile no tiene la etapa «{target}».", 400)
    writer.end()
    return "\n".join([*writer.lines, ""]).encode()


def stages_of(text: str) -> list[list[str]]:
    """The lines of each stage, its FROM first."""
    stages: list[list[str]] = []
    for line in logical_lines(text):
        if line.split()[0].upper() == "FROM":
            stages.append([])
        if stages:
            stages[-1].append(line)
    return stages


def logical_lines(text: str) -> list[str]:
    """Instructions as single lines: continuations joined, comments and empty lines left out.

    Raises:
        Refused: another escape character than the backslash, or a line that never ends.
    """
    lines: list[str] = []
    pending = ""
    for raw in re.split(r"\r\n|\n", text):
        line = raw.strip()
        if line.startswith("#") or not line:
            _check_directive(line)
            continue
        piece = raw if pending else raw.lstrip()
        joined = re.sub(r"\\[ \t]*$", "", piece)
        pending += joined
        if joined == piece:
            lines.append(pending.rstrip())
            pending = ""
    if pending or any("\r" in line or "\0" in line or line.endswith("\\") for line in lines):
        raise Refused("Dockerfile: una línea termina en «\\» y no continúa.", 400)
    return lines


def _check_directive(line: str) -> None:
    match = _DIRECTIVE.fullmatch(line)
    if match and match[1].lower() == "escape" and match[2] != "\\":
        raise Refused("Dockerfile: la directiva «escape» no está permitida. Usa «\\».")


def _substitute(text: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1] or match[2], "")
        if match[3] == ":-":
            return found or match[4]
        if match[3] == ":+":
            return match[4] if found else ""
        return found

    return _VARIABLE.sub(value, text)
