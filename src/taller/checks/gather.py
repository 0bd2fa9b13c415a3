"""Facts from a live workspace: its files, Terraform's plans and state, Docker's own word."""

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import docker

from taller.catalog import Exercise
from taller.checks import docker_facts
from taller.checks.documents import module_outputs
from taller.checks.facts import CODE, Facts
from taller.checks.refused import said
from taller.checks.renamed import overrides
from taller.checks.state_summary import summary
from taller.checks.workspace_facts import checked_values, text_files
from taller.docker_state import EngineError, connect, engine_address
from taller.hcl import HclError
from taller.provider import environment
from taller.result import REFUSED
from taller.terraform import StateLocked, Terraform, TerraformError, TerraformTimeout
from taller.terraform.command import exported
from taller.workspace import Workspace

Json = dict[str, Any]
Bind = Callable[[Path], Terraform]
Explain = Callable[[TerraformError], str]


def live(workspace: Workspace, exercise: Exercise) -> Bind:
    """The gateway of a workspace and of its copies, with the workspace's own provider process.

    The exercise's variables are in the environment, as the lab has them: the student's own files
    win over them.
    """
    return lambda folder: Terraform(
        folder, environment=lambda: environment(workspace) | exported(exercise.variables)
    )


def gather(
    exercise: Exercise,
    bind: Bind,
    folder: Path,
    prefix: str,
    needs: Collection[str] = (),
    *,
    variables: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | str | None = None,
    client: docker.DockerClient | None = None,
    explain: Explain | None = None,
    so_far: Callable[[Facts], object] = lambda _: None,
) -> Facts:
    """Gather what an exercise's checks may ask for.

    Args:
        exercise: says which extra plans and repairs there are, and the types of the values.
        bind: makes the Terraform gateway of a folder (a sandboxed one, for graders).
        folder: the workspace, initialised unless nothing was ever planned in it.
        prefix: of the run.
        needs: the costly facts wanted, as ``checks.needs`` names them. ``repair`` and ``destroy``
            change what exists.
        variables: given to configurations that declare them, besides the prefix; whatever the
            student's files say.
        values: what the notebook handed over, or why that cannot be read.
        client: the engine; the default one when left out.
        explain: turns what Terraform refuses into what the student reads; by default, at the file.
        so_far: called with the facts that there are, after each costly one.

    Raises:
        EngineError: the engine does not answer, now or after a Terraform error.
        StateLocked, TerraformTimeout: Terraform was not free, or not fast enough.
    """
    given = {**(variables or {}), "prefix": prefix}
    return _Gatherer(exercise, bind, folder, prefix, given, client or connect(), explain).facts(
        needs, values or {}, so_far
    )


class _Gatherer:
    def __init__(
        self,
        exercise: Exercise,
        bind: Bind,
        folder: Path,
        prefix: str,
        variables: Mapping[str, Any],
        client: docker.DockerClient,
        explain: Explain | None,
    ) -> None:
        self._exercise = exercise
        self._bind = bind
        self._terraform = bind(folder)
        self._folder = folder
        self._prefix = prefix
        self._variables = variables
        self._client = client
        self._files = text_files(folder)
        self._problems: dict[str, str] = {}
        self._explain = explain

    def facts(
        self,
        needs: Collection[str],
        values: Mapping[str, Any] | str,
        so_far: Callable[[Facts], object],
    ) -> Facts:
        """Cheap facts first; what destroys comes last."""
        recorded = _local_state(self._folder)
        state = self._attempt("state", lambda: dict(self._terraform.show_state().raw)) or {}
        own = self._attempt("docker", lambda: docker_facts.Own(self._prefix, state))
        found = self._inspect(own or docker_facts.Own(self._prefix, {}))
        good, problems = checked_values(self._exercise, values)
        self._problems |= problems
        facts = Facts(
            prefix=self._prefix, files=self._files, state=state, docker=found, values=good,
            problems=self._problems, local_state=recorded,
        )  # fmt: skip
        if needs:
            facts = replace(facts, replans=self._replans(needs))
            so_far(facts)
        for need, fact, get in self._costly(state, found):
            if need in needs:
                facts = replace(facts, **{fact: get()})
                so_far(facts)
        return facts

    def _costly(
        self, state: Json, found: Mapping[str, list[Json]]
    ) -> list[tuple[str, str, Callable[[], Any]]]:
        """What each costly fact is called in ``needs`` and in Facts, and how it is had."""
        attempt, client, volumes = self._attempt, self._client, found["volumes"]
        return [
            ("plan", "plan", lambda: attempt("plan", lambda: self._plan(self._terraform, {}))),
            ("logs", "logs",
             lambda: attempt("logs", lambda: docker_facts.logs(client, found["containers"]))),
            ("artefacts", "artefacts",
             lambda: attempt("artefacts", lambda: docker_facts.artefacts(client, volumes))),
            ("repair", "repair", lambda: attempt("repair", lambda: self._repair(state))),
            ("destroy", "destroy_leftovers",
             lambda: attempt("destroy", lambda: self._destroy(state))),
        ]  # fmt: skip

    def _plan(self, terraform: Terraform, others: Mapping[str, Any]) -> Json:
        return dict(terraform.plan({**self._variables, **others}).raw)

    def _replans(self, needs: Collection[str]) -> dict[str, Json]:
        """The plan from the code alone, and the extra plans.

        A variable without a value stops the first and not those that give it one.
        """
        code = self._elsewhere(CODE, {}, {}) if self._has_code() else None
        found = {} if code is None else {CODE: code}
        for name in sorted(set(needs) & self._extra):
            others = self._exercise.replans.get(name, {})
            type_ = self._exercise.renames.get(name)
            if code is None and not others:
                self._problems[name] = self._problems[CODE]
                continue
            known = code or {}
            more = module_outputs(known) | (overrides(known, type_) if type_ else {})
            plan = self._elsewhere(name, others, more)
            if plan is not None:
                found[name] = plan
        return found

    def _has_code(self) -> bool:
        """Whether there is anything for Terraform to read in the root."""
        found = any("/" not in name and name.endswith((".tf", ".tf.json")) for name in self._files)
        if not found:
            self._problems[CODE] = "todavía no hay ningún archivo .tf: ejecuta las celdas %%hcl."
        return found

    @property
    def _extra(self) -> set[str]:
        return {*self._exercise.replans, *self._exercise.renames}

    def _elsewhere(
        self, fact: str, others: Mapping[str, Any], files: Mapping[str, str]
    ) -> Json | None:
        """A plan in a copy without state, with other variables and some files more."""
        with _without_state(self._folder) as copy:
            for name, text in files.items():
                if (copy / name).parent.resolve().is_relative_to(copy.resolve()):
                    (copy / name).write_text(text, "utf-8")
            terraform = self._bind(copy)
            found: Json | None = self._attempt(fact, lambda: self._plan(terraform, others))
            return found

    def _repair(self, state: Json) -> Json | None:
        resource = _resource(state, str(self._exercise.repair))
        if resource is None:
            self._problems["repair"] = (
                f"No encuentro el recurso «{self._exercise.repair}» en el state."
            )
            return None
        try:
            docker_facts.delete(self._client, resource)
        except docker.errors.APIError as error:
            if not error.is_client_error():
                raise EngineError(engine_address(), "other", str(error)) from error
            if error.status_code != HTTPStatus.NOT_FOUND:  # gone already is as good as deleted
                self._problems["repair"] = (
                    f"Docker no deja borrar «{self._exercise.repair}»: {error.explanation}"
                )
                return None
        before = self._plan(self._terraform, {})
        self._terraform.apply(self._variables)
        return {"before": before, "after": self._plan(self._terraform, {})}

    def _destroy(self, state: Json) -> list[str]:
        self._terraform.destroy(self._variables)
        return docker_facts.names(self._inspect(docker_facts.Own(self._prefix, state)))

    def _inspect(self, own: docker_facts.Own) -> dict[str, Any]:
        """What the engine says of the run's objects: that it can be read is no answer's doing."""
        try:
            return docker_facts.inspect(self._client, own)
        except Exception as error:
            raise EngineError(engine_address(), "other", repr(error)) from error

    def _attempt(self, fact: str, get: Callable[[], Any]) -> Any:
        """Get a fact; when the answer itself makes that impossible, remember why.

        Raises:
            EngineError, StateLocked, TerraformTimeout: that is not the answer's fault.
        """
        try:
            return get()
        except (StateLocked, TerraformTimeout):
            raise
        except (TerraformError, HclError) as error:
            connect().close()  # raises when the engine is what failed
            self._problems[fact] = self._spoken(error)
            return None
        except EngineError:
            raise
        except Exception as error:  # noqa: BLE001 - a state, an artefact, a log: anybody made them
            connect().close()
            self._problems[fact] = f"No se puede leer lo que dejó tu notebook: {error!r:.300}"
            return None

    def _spoken(self, error: TerraformError | HclError) -> str:
        if isinstance(error, HclError):
            return error.message
        words = self._explain(error) if self._explain else said(error, self._files)
        return f"{REFUSED}:\n{words}"


def _local_state(folder: Path) -> Json | None:
    path = folder / "terraform.tfstate"
    return summary(path.read_text("utf-8", "replace")) if path.is_file() else None


def _resource(state: Json, address: str) -> Json | None:
    modules = [(state.get("values") or {}).get("root_module") or {}]
    for module in modules:
        for resource in module.get("resources", []):
            if resource["address"] == address:
                return dict(resource)
        modules += module.get("child_modules", [])
    return None


@contextmanager
def _without_state(folder: Path) -> Iterator[Path]:
    """A copy of a workspace without its state, sharing what ``terraform init`` fetched."""
    with tempfile.TemporaryDirectory(prefix="taller-replan-") as scratch:
        copy = Path(scratch) / "workspace"
        shutil.copytree(
            folder, copy, symlinks=True,
            ignore=shutil.ignore_patterns(".terraform", ".taller", "*.tfstate*", ".*.tfstate*"),
        )  # fmt: skip
        (copy / ".terraform").mkdir()
        for fetched in ("providers", "modules"):
            source = folder / ".terraform" / fetched
            if source.is_dir():
                (copy / ".terraform" / fetched).symlink_to(source.absolute())
        yield copy
