"""What a grader refuses, said before the lab applies it: the same rules, in the same words."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docker_guard.dockerfile import rewrite
from docker_guard.plan_rules import screen_plan
from docker_guard.references import parse_reference
from docker_guard.refusal import Denial, Refused
from taller.catalog import Exercise
from taller.lab.cells import digest
from taller.lab.files import configuration
from taller.result import Result
from taller.terraform import Plan
from taller.workspace import repository

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """One thing that a grader does not let through.

    Attributes:
        denial: what, and what to write instead; its ``file`` is a file or a resource's address.
        voids: whether the whole answer gets no point; else only what needs it fails.
    """

    denial: Denial
    voids: bool


class Policy:
    """The rules for one exercise's workspace.

    Args:
        exercise: how many objects it may have, and where its state may be.
        folder: the workspace.
        is_own: whether an image of this name was built on this machine.
        bases: names of the images that anybody may build upon.
    """

    def __init__(
        self,
        exercise: Exercise,
        folder: Path,
        is_own: Callable[[str], bool],
        bases: Callable[[], Sequence[str]],
    ) -> None:
        self._exercise = exercise
        self._folder = folder
        self._is_own = is_own
        self._bases = bases
        self._last: tuple[str, list[Refusal]] = ("", [])

    def of_files(self) -> list[Refusal]:
        """What the files themselves say."""
        # Reading HCL takes a moment, and only exercises do it.
        from taller.checks.workspace_facts import text_files
        from taller.hcl.screen import screen

        found = screen(text_files(self._folder), remote_state=self._exercise.remote_state)
        return [Refusal(denial, voids=True) for denial in found]

    def while_planning(self, make: Callable[[], Plan]) -> tuple[Plan, list[Refusal]]:
        """Make a plan, and what files and plan say; the files are read while Terraform plans."""
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self.of_files)
            plan = make()
            found = list(dict.fromkeys([*reading.result(), *self.of_plan(plan.raw)]))
        self._last = (self._key(), found)
        return plan, found

    def of_all(self, plans: Iterable[Json]) -> list[Refusal]:
        """What files and plans say, the last plan too if the configuration is still the same."""
        key, last = self._last
        found = [*self.of_files(), *(each for plan in plans for each in self.of_plan(plan))]
        return list(dict.fromkeys([*found, *(last if key == self._key() else ())]))

    def _key(self) -> str:
        names = configuration(self._folder)
        return digest(repr([(name, (self._folder / name).read_bytes()) for name in names]))

    def of_plan(self, plan: Json) -> list[Refusal]:
        """What a plan says: its objects, and the images and Dockerfiles that it names."""
        from taller.hcl.configuration import screen_configuration

        limits = {"max_objects": self._exercise.max_objects}
        inside = screen_plan(plan, workspace=str(self._folder), **limits)
        beside = screen_plan(plan, workspace=str(repository()), **limits)
        denied = [denial for denial in inside if denial in beside]
        denied += screen_configuration(plan, remote_state=self._exercise.remote_state)
        denials = [Refusal(denial, voids=True) for denial in denied]
        return denials or [Refusal(denial, voids=False) for denial in self._of_images(plan)]

    def _of_images(self, plan: Json) -> Iterator[Denial]:
        changes = [
            (change["address"], change["type"], change["change"]["after"])
            for change in plan.get("resource_changes") or ()
            if change["mode"] == "managed" and isinstance(change["change"]["after"], Mapping)
        ]
        built = {_canonical(name) for _, type_, after in changes for name in _made(type_, after)}
        for address, type_, after in changes:
            if type_ == "docker_image" and after.get("build"):
                yield from self._of_build(address, after["build"], built)
            else:
                for name in _used(type_, after):
                    if not self._may_use(name, built):
                        yield Denial("image", address, self._foreign(name))

    def _of_build(self, address: str, builds: Any, built: set[str]) -> Iterator[Denial]:
        async def resolve(name: str) -> str:
            if not self._may_use(name, built):
                raise Refused(f"Dockerfile: «FROM {name}»: {self._foreign(name)}")
            return name

        for build in builds:
            source = _dockerfile(self._folder, build)
            if source is None:  # Terraform itself says that it is not there
                continue
            arguments = {k: v for k, v in (build.get("build_args") or {}).items() if v is not None}
            target = (build.get("target") or "").lower()
            try:
                _finish(rewrite(source, arguments, {}, resolve, target=target))
            except Refused as refused:
                yield Denial("dockerfile", address, refused.message)

    def _may_use(self, name: str, built: set[str]) -> bool:
        canonical = _canonical(name)
        bases = map(_canonical, self._bases())
        return not canonical or canonical in built or canonical in bases or self._is_own(name)

    def _foreign(self, name: str) -> str:
        return (
            f"Descargar «{name}» no está permitido. Usa una de estas imágenes: "
            f"{', '.join(self._bases())}."
        )


def _made(type_: str, after: Json) -> list[str]:
    """The names of the images that a resource makes."""
    if type_ == "docker_image" and after.get("build"):
        tags = [tag for build in after["build"] for tag in build.get("tag") or ()]
        return [name for name in (after.get("name"), *tags) if isinstance(name, str)]
    made = after.get("target_image") if type_ == "docker_tag" else None
    return [made] if isinstance(made, str) else []


def _used(type_: str, after: Json) -> list[str]:
    """The names of the images that a resource needs, as far as the plan knows them."""
    key = {"docker_image": "name", "docker_container": "image", "docker_tag": "source_image"}
    name = after.get(key.get(type_, ""))
    return [name] if isinstance(name, str) and not name.startswith("sha256:") else []


def _canonical(name: str) -> str:
    """A name in its full form; empty for what is an image's id, or no name at all."""
    return str(parse_reference(name) or "")


def _dockerfile(folder: Path, build: Json) -> bytes | None:
    context, name = build.get("context"), build.get("dockerfile") or "Dockerfile"
    if not isinstance(context, str) or not isinstance(name, str):
        return None
    try:
        return (folder / context / name).read_bytes()
    except OSError:
        return None


def _finish(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    """Run what waits for nothing: a notebook has an event loop already."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return bytes(ended.value)
    raise RuntimeError("reading a Dockerfile waits for nobody")


def exercise_policy(exercise: Exercise, folder: Path) -> Policy:
    """The rules of an exercise on this machine's engine."""

    def bases() -> Sequence[str]:
        from taller.doctor import debian_image, image

        return (image.OFFICIAL, debian_image.name())

    return Policy(exercise, folder, _was_built_here, bases)


def _was_built_here(name: str) -> bool:
    """Whether an image is on this machine without having come from a registry."""
    from docker.errors import APIError, ImageNotFound

    from taller.docker_state import connect

    client = connect()
    try:
        return not client.images.get(name).attrs.get("RepoDigests")
    except (ImageNotFound, APIError):  # not here, or no name at all
        return False
    finally:
        client.close()


def judged(result: Result, refusals: Sequence[Refusal]) -> Result:
    """A verdict that says what was refused, as the grader's does."""
    if not refusals:
        return result
    why = " ".join(dict.fromkeys(each.denial.text for each in refusals))
    if any(each.voids for each in refusals):
        checks = tuple(
            replace(check, passed=False, points=0, message=f"No se puntúa. {why}")
            for check in result.checks
        )
    else:
        checks = tuple(
            check if check.passed else replace(check, message=f"{check.message} {why}".strip())
            for check in result.checks
        )
    return replace(result, checks=checks, score=sum(check.points for check in checks))
