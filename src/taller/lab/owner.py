"""Whose a name is that Docker has already: the notebook that made it, or nobody of the workshop."""

import re
from pathlib import Path

from taller.catalog import load_catalog
from taller.errors import TallerError
from taller.terraform import Diagnostic
from taller.workspace import Workspace, chosen_prefix, existing_workspaces

_NAMED = (
    re.compile(r'There is a (?P<kind>container|volume|network) named "(?P<name>[^"]+)" already'),
    re.compile(r'The (?P<kind>container) name "/?(?P<name>[^"]+)" is already in use'),
    re.compile(r"(?P<kind>network) with name (?P<name>\S+) already exists"),
    re.compile(r"(?P<kind>volume) (?:with name )?(?P<name>\S+) already exists"),
)
_REMOVE = {
    "container": "docker rm -f",
    "volume": "docker volume rm",
    "network": "docker network rm",
}
_LESSON = re.compile(r"leccion-(\d\d)")


def owner_of_taken(diagnostic: Diagnostic, folder: Path) -> str:
    """Who has the name that a diagnostic says is taken, and how to free it; else empty.

    Args:
        diagnostic: of an apply.
        folder: the workspace that wanted the name.
    """
    text = f"{diagnostic.summary}\n{diagnostic.detail}"
    found = next((match for match in (p.search(text) for p in _NAMED) if match), None)
    if found is None:
        return ""
    kind, name = found["kind"], found["name"]
    try:
        ids, labels = _asked(kind, name)
    except TallerError:  # the engine has gone meanwhile: Terraform's own words stand
        return ""
    for place in existing_workspaces():
        if place.folder.resolve() != folder.resolve() and _records(place, ids):
            return f"«{name}» es {_title(place)}: {_ending(place)}"
    command = f"«{_REMOVE[kind]} {name}» en una terminal"
    maker = labels.get("taller.exercise")
    if maker:
        return (
            f"«{name}» quedó de una ejecución de {maker} que ya no está. Para quitarlo: {command}."
        )
    return (
        f"«{name}» ya existe y no es de ningún cuaderno de este taller. Si es tuyo y no lo "
        f"necesitas: {command}; si no, elige otro nombre u otro prefijo."
    )


def _asked(kind: str, name: str) -> tuple[set[str], dict[str, str]]:
    """What a state may record of an object, and its labels."""
    from taller.docker_state import DockerState

    engine = DockerState()
    found = {
        "container": lambda: [(c.id, c.name, c.labels) for c in engine.containers()],
        "network": lambda: [(n.id, n.name, n.labels) for n in engine.networks()],
        "volume": lambda: [(v.name, v.name, v.labels) for v in engine.volumes()],
    }[kind]()
    same = [(id, dict(labels)) for id, known, labels in found if known == name]
    return {id for id, _ in same}, same[0][1] if same else {}


def _records(place: Workspace, ids: set[str]) -> bool:
    from taller.clean.recorded import Recorded, read_recorded
    from taller.clean.report import Report

    recorded = Recorded()
    read_recorded(place, recorded, Report())  # what cannot be read is nobody's proof
    return bool(ids & {*recorded.containers, *recorded.networks, *recorded.volumes})


def _title(place: Workspace) -> str:
    """What made a workspace, as the student knows it."""
    catalog = load_catalog()
    for exercise in catalog.exercises:
        if exercise.id == place.name:
            return f"del ejercicio {int(exercise.id[2:])} (cuaderno {exercise.name})"
    number = _LESSON.match(place.name)
    for lesson in catalog.lessons if number else ():
        if number and lesson.id == number[1]:
            return f"de la lección {int(lesson.id)} (cuaderno {lesson.name})"
    return "de «taller demo»" if place.name == "demo" else f"del lab «{place.name}»"


def _ending(place: Workspace) -> str:
    if place.name == "demo":
        return f"recógela con «taller clean --prefix {place.prefix}» en una terminal."
    prefix = "" if place.prefix == _own_prefix() else f', prefix="{place.prefix}"'
    return (
        "está en su state. Ejecuta la última celda de ese cuaderno, o aquí mismo: "
        f'Lab("{place.name}"{prefix}).teardown(); lab.use()'
    )


def _own_prefix() -> str:
    try:
        return chosen_prefix()
    except TallerError:  # one that Docker would refuse: then every prefix is said
        return ""
