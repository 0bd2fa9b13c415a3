"""What checks know about an answer: gathered once, plain data, so it can cross processes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

from taller.checks.documents import Plan, Repair, State
from taller.hcl import Hcl, HclError, read_folder

Json = dict[str, Any]
T = TypeVar("T")

CODE = "code"
"""The plan made from the code alone: what a student declares, whatever the state says."""


class Unjudged(AssertionError):
    """Why a check cannot be judged: what it asks about could not be had because of the answer."""


class Missing(AssertionError):
    """Something that should be in Docker or in the state is not there."""


class FactMissing(LookupError):
    """A check reads a fact that was not gathered: its ``needs`` does not name it."""


@dataclass(frozen=True)
class Facts:
    """All that a check may know. The methods answer questions about it, and fail in Spanish.

    Attributes:
        prefix: with which every Docker name of the run begins.
        files: path in the workspace to text: HCL and other small text files.
        state: ``terraform show -json`` of the state; empty before the first apply.
        plan: ``terraform show -json`` of a plan made now.
        replans: name to the JSON of a plan made from no state: ``code``, with the same variables;
            others with other variables, or with other names.
        docker: ``volumes``, ``networks``, ``containers``, ``images``, as ``docker inspect`` says.
        values: what the notebook handed over with ``lab.values(…)``.
        logs: container name to its output.
        artefacts: volume name to path to ``size``, ``sha256`` and ``text`` (or None).
        repair: ``{"before": plan, "after": plan}``, see ``repaired``.
        history: what was created and removed, oldest first, each with ``at``, ``action``
            (``create``, ``remove``), ``kind``, ``name``, ``id`` and ``by`` (``terraform``,
            ``other``); a volume's id is its name and its ``CreatedAt``, with a space between.
        destroy_leftovers: names left in Docker after ``terraform destroy``.
        local_state: what the state file in the workspace says, see ``state_summary``; None
            without one.
        origin: when the run began, after what is given was applied, and its state file then:
            ``{"at": seconds, "state": summary}``.
        remote: what the servers of remote state saw, see ``remote_facts``.
        probe: what the answer's function said of each world: see ``probe``.
        problems: fact to why it could not be had because of the answer, in Spanish.
    """

    prefix: str
    files: Mapping[str, str] = field(default_factory=dict)
    state: Json = field(default_factory=dict)
    plan: Json | None = None
    replans: Mapping[str, Json] = field(default_factory=dict)
    docker: Mapping[str, list[Json]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, str] | None = None
    artefacts: Mapping[str, Mapping[str, Json]] | None = None
    repair: Mapping[str, Json] | None = None
    history: list[Json] = field(default_factory=list)
    destroy_leftovers: list[str] | None = None
    local_state: Json | None = None
    origin: Json | None = None
    remote: list[Json] | None = None
    probe: list[Json] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the facts as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read facts back.

        Raises:
            ValueError, TypeError: the text is not what ``to_json`` writes.
        """
        return cls(**json.loads(text))

    # --- configuration -------------------------------------------------------

    @property
    def hcl(self) -> Hcl:
        """The configuration in the root folder; a syntax error is a wrong answer."""
        return self.module("")

    def module(self, folder: str) -> Hcl:
        """The configuration in a folder such as ``modules/data_layer``."""
        try:
            found = read_folder(self.files, folder)
        except HclError as error:
            raise Unjudged(self.problems.get(CODE, error.message)) from error
        if folder and not found.blocks:
            raise AssertionError(f"No hay archivos .tf en la carpeta «{folder}».")
        return found

    # --- Terraform -----------------------------------------------------------

    def planned(self) -> Plan:
        """The plan as of now; needs ``plan``."""
        return Plan(self._costly("plan", self.plan))

    def replan(self, name: str) -> Plan:
        """The plan of ``[replans.name]``; needs that name."""
        return Plan(self._costly(name, self.replans.get(name)))

    def declared(self) -> Plan:
        """The plan from the code alone, as if nothing existed; needs ``code``."""
        return self.replan(CODE)

    def configuration(self) -> Json:
        """The root module as Terraform itself has read it; needs ``code``."""
        root: Json = self.declared().json.get("configuration", {}).get("root_module", {})
        return root

    def required_provider(self, name: str) -> tuple[str, str]:
        """Source and version constraint of a required provider; empty where not said.

        Terraform's own word where it accepts the code; otherwise what the files say.
        """
        if code := self.replans.get(CODE):
            known = code.get("configuration", {}).get("provider_config", {}).get(name, {})
            source = str(known.get("full_name", ""))
            version = known.get("version_constraint", "")
        else:
            required = self.hcl.required_providers().get(name)
            known = required if isinstance(required, dict) else {}
            source, version = str(known.get("source", "")), known.get("version", "")
        return source.removeprefix("registry.terraform.io/"), str(version)

    def applied(self) -> State:
        """The state; empty before the first apply."""
        return State(self.state)

    def repaired(self) -> Repair:
        """Plans before and after healing a deleted object; needs ``repair``."""
        found = self._costly("repair", self.repair)
        return Repair(Plan(found["before"]), Plan(found["after"]))

    def leftovers(self) -> list[str]:
        """Names left in Docker after destroy; needs ``destroy``."""
        return list(self._costly("destroy", self.destroy_leftovers))

    def output(self, name: str) -> Any:
        """The value of an output in the state."""
        outputs = (self.state.get("values") or {}).get("outputs") or {}
        return _named("en el state (¿has hecho apply?) el output", name, outputs)["value"]

    # --- Docker --------------------------------------------------------------

    @property
    def volumes(self) -> list[Json]:
        """Volumes of the run."""
        return self.docker.get("volumes", [])

    @property
    def networks(self) -> list[Json]:
        """Networks of the run."""
        return self.docker.get("networks", [])

    @property
    def containers(self) -> list[Json]:
        """Containers of the run, stopped ones included."""
        return self.docker.get("containers", [])

    @property
    def images(self) -> list[Json]:
        """Images of the run."""
        return self.docker.get("images", [])

    def volume(self, name: str) -> Json:
        """The volume with this name."""
        return _named("el volumen", name, {v["Name"]: v for v in self.volumes})

    def network(self, name: str) -> Json:
        """The network with this name."""
        return _named("la red", name, {n["Name"]: n for n in self.networks})

    def container(self, name: str) -> Json:
        """The container with this name, running or not."""
        known = {c["Name"].removeprefix("/"): c for c in self.containers}
        return _named("el contenedor", name, known)

    def image(self, tag: str) -> Json:
        """The image with this tag, ``name:tag``."""
        known = {tag: image for image in self.images for tag in image.get("RepoTags") or []}
        return _named("la imagen", tag, known)

    def log(self, container: str) -> str:
        """What a container printed; needs ``logs``."""
        logs: Mapping[str, str] = self._costly("logs", self.logs)
        return str(_named("el log del contenedor", container, logs))

    def artefact(self, volume: str, path: str) -> Json:
        """A file in a volume: ``size``, ``sha256`` and ``text`` or None; needs ``artefacts``."""
        volumes: Mapping[str, Mapping[str, Json]] = self._costly("artefacts", self.artefacts)
        files = _named("el volumen", volume, volumes)
        found: Json = _named(f"en el volumen «{volume}» el archivo", path, files)
        return found

    # --- what happened, as others saw it --------------------------------------

    def began(self) -> float:
        """When the run began; nothing that is given was applied before there was such a moment."""
        return float(self._origin()["at"])

    def first_state(self) -> Json:
        """The summary of the state file when the run began; fails when there was none."""
        state = self._origin()["state"]
        if state is None:
            raise AssertionError("Al empezar no había nada en el state: ejecuta antes el apply.")
        found: Json = state
        return found

    def _origin(self) -> Json:
        if self.origin is None:
            raise AssertionError(self.problems.get("origin", "nada se ha aplicado todavía."))
        return self.origin

    def happened(self, action: str, kind: str, name: str = "", by: str = "") -> list[Json]:
        """What was created or removed since the run began: of a kind, a name, by somebody."""
        began = self.began()
        return [
            event
            for event in self.history
            if event["at"] >= began
            and (event["action"], event["kind"]) == (action, kind)
            and name in ("", event["name"])
            and by in ("", event["by"])
        ]

    def seen_remotely(self) -> list[Json]:
        """What the servers of remote state saw since the run began; needs ``remote``."""
        seen: list[Json] = self._costly("remote", self.remote)
        began = self.began()
        return [event for event in seen if event["at"] >= began]

    def probed(self) -> list[Json]:
        """What the answer's function said of each world; needs ``probe``."""
        return list(self._costly("probe", self.probe))

    def document(self, volume: str, path: str) -> Json:
        """A JSON object in a volume; needs ``artefacts``. A container may leave anything there."""
        try:
            found = json.loads(self.artefact(volume, path)["text"] or "")
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        raise AssertionError(f"En el volumen «{volume}», {path} no es un documento JSON.")

    # --- the notebook --------------------------------------------------------

    def value(self, name: str) -> Any:
        """A value handed over with ``lab.values(…)``."""
        if f"values.{name}" in self.problems:
            raise AssertionError(self.problems[f"values.{name}"])
        if name not in self.values:
            raise AssertionError(
                f"Falta el valor «{name}»: entrégalo con lab.values({name}=…) en tu notebook."
            )
        return self.values[name]

    def _costly(self, name: str, found: Any) -> Any:
        """A fact that is only there when asked for.

        Raises:
            Unjudged: Terraform refuses the code, which is what the student has to mend first.
            AssertionError: the answer itself made it impossible.
            FactMissing: nobody gathered it.
        """
        if name in self.problems:
            if CODE in self.problems:
                raise Unjudged(self.problems[CODE])
            raise AssertionError(self.problems[name])
        if found is None:
            raise FactMissing(f"fact {name!r} was not gathered; add it to the check's needs=")
        return found


def _named(what: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        others = ", ".join(sorted(known)) or "nada"
        raise Missing(f"No encuentro {what} «{name}». Lo que hay ahora: {others}.")
    return known[name]
