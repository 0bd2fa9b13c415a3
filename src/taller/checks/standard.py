"""What most rubrics ask: made by Terraform, an empty plan, other values, nothing after destroy.

A check of these is a line in a rubric (``plan_is_empty = standard.plan_is_empty(points=1)``), and
costs what it is worth: what another check takes points for is not charged here again.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from taller.checks.documents import Plan
from taller.checks.engine import Check, check
from taller.checks.facts import CODE, Facts, Unjudged

Json = dict[str, Any]

PLAN_DOCS = "Documentación: developer.hashicorp.com/terraform/cli/commands/plan"
_KINDS: dict[str, tuple[str, Callable[[Facts, str], Json], str]] = {
    "docker_volume": ("El volumen", Facts.volume, ""),
    "docker_network": ("La red", Facts.network, "id"),
    "docker_container": ("El contenedor", Facts.container, "id"),
    "docker_image": ("La imagen", Facts.image, "image_id"),
}
"""Resource type to how a student calls it, how Docker is asked, and where the state has its id."""


def created(facts: Facts, type_: str, name: str) -> Json:
    """What Docker says of an object that the code declares and Terraform made; needs ``code``.

    A state is a file that anybody can write, so the code's own plan is asked as well.

    Raises:
        AssertionError: it is not there, or something else made it; Spanish, for the student.
    """
    what, find, id_ = _KINDS[type_]
    found = find(facts, name)
    recorded = [r.values for r in facts.applied().resources(type_) if r.values.get("name") == name]
    assert recorded, (
        f"{what} «{name}» está en Docker, pero no en el state: no es obra de tu código."
    )
    assert name in names(facts.declared(), (type_,)).values(), (
        f"{what} «{name}» está en Docker y en el state, pero tu código no lo declara."
    )
    assert not id_ or found["Id"] in [values.get(id_) for values in recorded], (
        f"{what} «{name}» que hay en Docker no es lo que Terraform creó: alguien lo ha cambiado."
    )
    return found


def names(plan: Plan, types: Collection[str]) -> dict[str, str]:
    """Address to name of what a plan has of some types; names not known yet are left out."""
    return {
        resource.address: str(resource.values["name"])
        for resource in plan.resources()
        if resource.type in types and resource.values.get("name")
    }


def follows(
    facts: Facts, replan: str, given: str, wanted: Mapping[str, str], types: Collection[str]
) -> None:
    """Fail unless, with other values, what has a name of today's gets its name of then.

    What is not called as asked has its own check; here it only must not keep its name.

    Args:
        facts: with ``code`` and the replan.
        replan: of ``exercise.toml``.
        given: its values, as the student reads them: ``prefix = "stg"``.
        wanted: name now to name with the other values.
        types: of the resources looked at.
    """
    now = names(facts.declared(), types)
    assert now, "Tu código todavía no declara nada de lo que pide el enunciado."
    then = names(facts.replan(replan), types)
    would = f"Los nombres serían: {', '.join(sorted(then.values())) or 'ninguno'}."
    for name, other in wanted.items():
        assert name not in now.values() or other in then.values(), (
            f"Con {given}, «{name}» debería llamarse «{other}». {would}"
        )
    if not set(wanted) <= set(now.values()):
        kept = [n for address, n in now.items() if n not in wanted and then.get(address) == n]
        assert not kept, f"Con {given}, «{kept[0]}» se seguiría llamando igual. {would}"


def string_variable(facts: Facts, name: str) -> None:
    """Fail unless a variable of the root is declared ``type = string``.

    What Terraform can read and our reader cannot is taken for good where Terraform has made a plan.
    """
    try:
        variable = facts.hcl.variable(name)
    except Unjudged:
        declared = facts.configuration().get("variables", {})
        assert name in declared, f"No encuentro la variable «{name}» en tu configuración."
        return
    type_ = variable.get("type")
    assert type_ is not None, f"La variable «{name}» no dice su tipo: añade type = string."
    line = _quoted_type_line(facts, variable.file, name)
    assert not line, (
        f"{variable.file}, línea {line}: el tipo de «{name}» va sin comillas: type = string."
    )
    assert type_ in ("string", "${string}"), f"El tipo de «{name}» debe ser string y es {type_}."


def _quoted_type_line(facts: Facts, file: str, name: str) -> int:
    """The line of ``type = "…"`` where that is what Terraform refuses; otherwise 0."""
    if "quoted type constraint" not in facts.problems.get(CODE, ""):
        return 0
    text = facts.files[file]
    found = re.search(rf'variable\s+"{re.escape(name)}"\s*{{[^}}]*?\btype\s*=\s*"', text)
    return text.count("\n", 0, found.end()) + 1 if found else 0


def plan_is_empty(*, points: int, hint: str = "", depends_on: Iterable[str] = ()) -> Check:
    """A check that nothing is left to do; ``hint`` replaces the second one."""

    @check(
        "Un segundo plan no cambia nada",
        points=points,
        hints=(
            "Repite lab.plan(): ¿qué quiere cambiar todavía?",
            hint or "Algo en tu código vale distinto cada vez, o falta un último lab.apply().",
            PLAN_DOCS,
        ),
        depends_on=depends_on,
        needs=("plan",),
    )
    def body(facts: Facts) -> None:
        changes = facts.planned().changes()
        assert facts.applied().resources(), "En el state no hay nada: falta lab.apply()."
        assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."

    return body


def destroy_leaves_nothing(
    *,
    points: int,
    depends_on: Iterable[str] = (),
    given: Collection[str] = (),
    spared: tuple[str, ...] = (),
) -> Check:
    """A hidden check that destroy removes all.

    Args:
        points, depends_on: see ``Check``.
        given: addresses that the exercise gives; with nothing else in the state there is no answer.
        spared: endings of names that may stay.
    """

    @check(
        "destroy no deja nada",
        points=points,
        hidden=True,
        depends_on=depends_on,
        needs=("destroy",),
    )
    def body(facts: Facts) -> None:
        if all(resource.address in given for resource in facts.applied().resources()):
            raise Unjudged("en el state no había nada tuyo que destruir.")
        left = [name for name in facts.leftovers() if not name.endswith(spared or ("\0",))]
        assert not left, f"Después de destroy quedan: {', '.join(left)}."

    return body
