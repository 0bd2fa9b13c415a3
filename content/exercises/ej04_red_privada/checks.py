"""Rubric of exercise 4: one internal network, and two containers that are on it and nowhere else."""

import hashlib
from typing import Any

from taller.checks import Facts, check, standard
from taller.checks.documents import Plan, Resource
from taller.checks.renamed import is_other

Json = dict[str, Any]

SCRIPTS = {
    "etl": "110062efaed2a9c22df8b20edcfe804ee4fddc25f0e4bade8885c9be9b83b614",
    "train": "ea14444eb8931098f7728e8e5906675d8d4a60831d31122780dd5c2e7f3a40c9",
}
"""SHA-256 of what base.tf gives each container to run: who runs another thing shows nothing."""
REQUEST = '"GET /resumen.csv HTTP/1.1" 200'
ANSWER = "El ETL publica: 1309 pasajeros"
NETWORK_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "network"
)
CONTAINER_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "container#nestedblock--networks_advanced"
)


def network_name(facts: Facts) -> str:
    """The private network's name or, when it is called otherwise, which has its own check, that."""
    expected = f"{facts.prefix}_analytics"
    found = [str(r.values.get("name")) for r in facts.applied().resources("docker_network")]
    return expected if expected in found or not found else found[0]


def container(facts: Facts, role: str) -> Json:
    """The container with this role, also under a wrong name."""
    name = f"{facts.prefix}_{role}"
    recorded = facts.applied().resources("docker_container")
    ids = [r.values.get("id") for r in recorded if r.values.get("name") == name]
    ids += [r.values.get("id") for r in recorded if r.name == role]
    known = {one["Id"]: one for one in facts.containers}
    found = [known[id_] for id_ in ids if id_ in known]
    return found[0] if found else facts.container(name)


def planned(facts: Facts, plan: Plan, role: str) -> Resource:
    """The same in a plan."""
    found = plan.resources("docker_container")
    named = [r for r in found if r.values.get("name") == f"{facts.prefix}_{role}"]
    labelled = [r for r in found if r.name == role]
    assert named or labelled, f"Tu código no declara el contenedor «{facts.prefix}_{role}»."
    return (named or labelled)[0]


def only_on_the_network(facts: Facts, name: str) -> None:
    """Fail unless the container is on the private network and on no other."""
    found = set(standard.created(facts, "docker_container", name)["NetworkSettings"]["Networks"])
    expected = network_name(facts)
    assert expected in found, (
        f"El contenedor «{name}» debe estar en la red «{expected}» y está en: "
        f"{', '.join(sorted(found)) or 'ninguna'}."
    )
    assert found == {expected}, (
        f"El contenedor «{name}» está también en {', '.join(sorted(found - {expected}))}: por ahí "
        "se pierde el aislamiento."
    )


def runs_what_was_given(facts: Facts, role: str) -> None:
    """Fail when a container only pretends: with another command, image or program."""
    found = container(facts, role)
    words = [found["Path"], *found["Args"]]
    digest = hashlib.sha256(words[-1].encode()).hexdigest()
    assert digest == SCRIPTS[role], (
        f"El contenedor «{facts.prefix}_{role}» no ejecuta local.{role}_command."
    )
    plan = facts.declared()
    values = planned(facts, plan, role).values
    image = values.get("image")
    assert image in (None, plan.variable("base_image")), (
        f"La imagen de «{facts.prefix}_{role}» debe ser var.base_image y es «{image}»."
    )
    altered = [str(one).partition("=")[0] for one in values.get("env") or []]
    altered = [name for name in altered if name.startswith(("PATH", "PYTHON", "LD_"))]
    assert not altered and not values.get("upload"), (
        f"«{facts.prefix}_{role}» no necesita {' ni '.join(altered) or 'upload'}: quítalo."
    )


@check(
    "La red privada existe en Docker, creada por Terraform",
    points=1,
    hints=(
        "Mira qué redes salen en lab.docker.networks() y compáralas con el enunciado.",
        'Hace falta un resource "docker_network" "analytics" cuyo name empiece por ${var.prefix}.',
        f"Curso, sección 5: modules/data_layer/network.tf. {NETWORK_DOCS}",
    ),
    needs=("code",),
)
def network_exists(facts: Facts) -> None:
    standard.created(facts, "docker_network", f"{facts.prefix}_analytics")


@check(
    "La red es interna: no tiene salida a Internet",
    points=1,
    hints=(
        "¿Qué argumento de docker_network corta el camino hacia fuera?",
        "Es un booleano y, si no lo pones, vale false.",
        f"El argumento es «internal». {NETWORK_DOCS}",
    ),
    needs=("code",),
)
def network_is_internal(facts: Facts) -> None:
    # Asked of plan and state: where students share an engine, Docker shows all as internal.
    declared = facts.declared().resources("docker_network")
    assert declared, "Tu código no declara ninguna docker_network."
    for resource in (*declared, *facts.applied().resources("docker_network")):
        if resource.values.get("name") == network_name(facts):
            assert resource.values.get("internal") is True, (
                f"La red «{network_name(facts)}» deja salir a Internet: falta internal = true."
            )


@check(
    "El contenedor ETL está en la red privada, y solo en ella",
    points=1,
    hints=(
        "Mira en lab.docker.containers() en qué red está el ETL.",
        "Sin networks_advanced, Docker lo conecta a «bridge».",
        f'networks_advanced {{ name = … aliases = ["etl"] }}. {CONTAINER_DOCS}',
    ),
    needs=("code",),
)
def etl_attached(facts: Facts) -> None:
    name = f"{facts.prefix}_etl"
    only_on_the_network(facts, name)
    status = facts.container(name)["State"]["Status"]
    assert status == "running", (
        f"El ETL tiene que seguir en marcha para que le pregunten, y está «{status}»."
    )


@check(
    "El contenedor de entrenamiento está en la red privada, y solo en ella",
    points=1,
    hints=(
        "Mira en lab.docker.containers() en qué red está el entrenamiento.",
        "Necesita el mismo bloque networks_advanced que el ETL, con la misma red.",
        CONTAINER_DOCS,
    ),
    needs=("code",),
)
def train_attached(facts: Facts) -> None:
    only_on_the_network(facts, f"{facts.prefix}_train")


@check(
    "Los dos contenedores nombran la red por referencia",
    points=1,
    hints=(
        "Si el nombre de la red está copiado, Terraform no sabe que hay que crearla antes.",
        "Cambia el texto por el atributo «name» del recurso de la red.",
        "docker_network.analytics.name. Documentación: "
        "developer.hashicorp.com/terraform/language/expressions/references",
    ),
    needs=("code", "otra_red"),
)
def network_by_reference(facts: Facts) -> None:
    for role in ("etl", "train"):
        now = planned(facts, facts.declared(), role)
        then = facts.replan("otra_red").resource(now.address)
        names = [block.get("name") for block in then.values.get("networks_advanced") or []]
        assert names, f"«{now.address}» no tiene ningún bloque networks_advanced."
        assert any(map(is_other, names)), (
            f"Si la red se llamara de otra manera, «{now.address}» seguiría en "
            f"«{', '.join(map(str, names))}»: la nombra con un texto, no con una referencia."
        )


@check(
    "El entrenamiento encuentra al ETL por su alias",
    points=2,
    hints=(
        "Lee lab.docker.logs(…) del entrenamiento: dice a quién busca y qué encuentra.",
        "Busca a «etl». Dentro de una red, ese nombre corto es un alias del contenedor.",
        f'aliases = ["etl"], dentro del networks_advanced del ETL. {CONTAINER_DOCS}',
    ),
    needs=("code", "logs"),
)
def train_reaches_etl(facts: Facts) -> None:
    train, etl = container(facts, "train"), container(facts, "etl")
    log = facts.log(train["Name"].removeprefix("/")).strip()
    code = train["State"]["ExitCode"]
    assert code == 0 and ANSWER in log, (
        f"El entrenamiento terminó con código {code} y sus logs dicen: «{log or 'nada'}»."
    )
    assert REQUEST in facts.log(etl["Name"].removeprefix("/")), (
        "El ETL no ha recibido ninguna petición: lo que dice el entrenamiento no viene de él."
    )
    for role in SCRIPTS:
        runs_what_was_given(facts, role)


plan_is_empty = standard.plan_is_empty(
    points=1,
    hint="Quizá falte un último lab.apply(), o un contenedor que debía seguir en marcha ha acabado.",
)


@check(
    "Con otro prefijo cambian la red y los contenedores",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código con su propio prefijo?",
        "Ningún nombre lleva dev escrito a mano: donde va el prefijo, va ${var.prefix}.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
    needs=("code", "otro_prefix"),
)
def other_prefix(facts: Facts) -> None:
    wanted = {f"{facts.prefix}_{name}": f"stg_{name}" for name in ("analytics", "etl", "train")}
    types = ("docker_network", "docker_container")
    standard.follows(facts, "otro_prefix", 'prefix = "stg"', wanted, types)


destroy_leaves_nothing = standard.destroy_leaves_nothing(points=1)
