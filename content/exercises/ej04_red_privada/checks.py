"""Rubric of exercise 4: one internal network, and two containers that are on it and nowhere else."""

from taller.checks import Facts, check, standard

NETWORK_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "network"
)
CONTAINER_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "container#nestedblock--networks_advanced"
)


def network_name(facts: Facts) -> str:
    return f"{facts.prefix}_analytics"


def only_on_the_network(facts: Facts, name: str) -> None:
    """Fail unless the container is on the private network and on no other."""
    found = set(facts.container(name)["NetworkSettings"]["Networks"])
    expected = network_name(facts)
    assert expected in found, (
        f"El contenedor «{name}» debe estar en la red «{expected}» y está en: "
        f"{', '.join(sorted(found)) or 'ninguna'}."
    )
    assert found == {expected}, (
        f"El contenedor «{name}» está también en {', '.join(sorted(found - {expected}))}: por ahí "
        "se pierde el aislamiento."
    )


@check(
    "La red privada existe en Docker, creada por Terraform",
    points=1,
    hints=(
        "Mira qué redes salen en lab.docker.networks() y compáralas con el enunciado.",
        'Hace falta un resource "docker_network" "analytics" cuyo name empiece por ${var.prefix}.',
        f"Curso, sección 5: modules/data_layer/network.tf. {NETWORK_DOCS}",
    ),
)
def network_exists(facts: Facts) -> None:
    name = network_name(facts)
    facts.network(name)
    recorded = {resource.values["name"] for resource in facts.applied().resources("docker_network")}
    assert name in recorded, (
        f"La red «{name}» está en Docker, pero no en el state: no la ha creado tu código."
    )


@check(
    "La red es interna: no tiene salida a Internet",
    points=1,
    hints=(
        "¿Qué argumento de docker_network corta el camino hacia fuera?",
        "Es un booleano y, si no lo pones, vale false.",
        f"El argumento es «internal». {NETWORK_DOCS}",
    ),
    depends_on=("network_exists",),
)
def network_is_internal(facts: Facts) -> None:
    # Asked of the state: where students share an engine, Docker shows every network as internal.
    for resource in facts.applied().resources("docker_network"):
        if resource.values["name"] == network_name(facts):
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
    depends_on=("network_exists",),
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
    depends_on=("network_exists",),
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
)
def network_by_reference(facts: Facts) -> None:
    for name in ("etl", "train"):
        container = facts.hcl.resource("docker_container", name)
        blocks = container.blocks("networks_advanced")
        assert blocks, f"«{container.address}» no tiene ningún bloque networks_advanced."
        for block in blocks:
            assert any(r.startswith("docker_network.") for r in block.references("name")), (
                f"«{container.address}» nombra la red con un texto ({block.get('name')}), no con "
                "una referencia a tu docker_network."
            )


@check(
    "El entrenamiento encuentra al ETL por su alias",
    points=2,
    hints=(
        "Lee lab.docker.logs(…) del entrenamiento: dice a quién busca y qué encuentra.",
        "Busca a «etl». Dentro de una red, ese nombre corto es un alias del contenedor.",
        f'aliases = ["etl"], dentro del networks_advanced del ETL. {CONTAINER_DOCS}',
    ),
    depends_on=("etl_attached", "train_attached"),
    needs=("logs",),
)
def train_reaches_etl(facts: Facts) -> None:
    name = f"{facts.prefix}_train"
    log = facts.log(name).strip()
    code = facts.container(name)["State"]["ExitCode"]
    assert code == 0 and "El ETL publica: 1309 pasajeros" in log, (
        f"El entrenamiento terminó con código {code} y sus logs dicen: «{log or 'nada'}»."
    )


@check(
    "Un segundo plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Quizá falte un último lab.apply(), o un contenedor que debía seguir en marcha ha acabado.",
        "Documentación: developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("etl_attached", "train_attached"),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Con otro prefijo cambian la red y los contenedores",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código con su propio prefijo?",
        "Ningún nombre lleva dev escrito a mano: donde va el prefijo, va ${var.prefix}.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
    needs=("otro_prefix",),
)
def other_prefix(facts: Facts) -> None:
    names = {str(resource.values.get("name")) for resource in facts.replan("otro_prefix").resources()}
    expected = {"stg_analytics", "stg_etl", "stg_train"}
    assert names == expected, f'Con prefix = "stg", los nombres serían {sorted(names)}.'


destroy_leaves_nothing = standard.destroy_leaves_nothing(
    points=1, depends_on=("etl_attached", "train_attached")
)
