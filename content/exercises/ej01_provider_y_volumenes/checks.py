"""Rubric of exercise 1: the docker provider, a prefix, three volumes and their names as outputs."""

from taller.checks import Facts, check

LAYERS = ("raw", "silver", "gold")


@check(
    "Pides el provider kreuzwerker/docker y dices qué versiones aceptas",
    points=1,
    hints=(
        "Terraform busca en el bloque «terraform» qué providers necesita tu código.",
        "Dentro de «terraform» va «required_providers», con una entrada «docker» que tiene "
        "«source» y «version»; fuera, un bloque provider \"docker\".",
        "Curso, sección 1: «Ejemplo mínimo Provider Docker». Documentación: "
        "developer.hashicorp.com/terraform/language/providers/requirements",
    ),
)
def required_provider(facts: Facts) -> None:
    required = facts.hcl.required_providers().get("docker")
    assert isinstance(required, dict), (
        "No encuentro «docker» dentro de terraform { required_providers { … } }."
    )
    source = str(required.get("source", "")).removeprefix("registry.terraform.io/")
    assert source == "kreuzwerker/docker", (
        f"El source debe ser «kreuzwerker/docker» y es «{source or 'nada'}»."
    )
    assert required.get("version"), (
        "Falta «version»: sin ella, un día llegará una versión nueva que rompa tu código."
    )
    facts.hcl.provider("docker")


@check(
    "La variable prefix existe y es de tipo string",
    points=1,
    hints=(
        "Una variable se declara antes de usarla.",
        'Escribe un bloque variable "prefix" con «type».',
        "Documentación: developer.hashicorp.com/terraform/language/values/variables",
    ),
)
def prefix_variable(facts: Facts) -> None:
    type_ = facts.hcl.variable("prefix").get("type")
    assert type_ is not None, "La variable «prefix» no dice su tipo: añade type = string."
    assert type_ in ("string", "${string}"), f"El tipo de «prefix» debe ser string y es {type_}."


@check(
    "Los tres volúmenes existen en Docker, creados por Terraform",
    points=3,
    hints=(
        "Mira qué nombres salen en lab.docker.volumes() y compáralos con los del enunciado.",
        'Hacen falta tres bloques resource "docker_volume"; el nombre se forma con '
        "${var.prefix}, un guion bajo y la capa. Después, lab.apply().",
        "Curso, sección 5: modules/data_layer/volumes.tf. Documentación: "
        "registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/volume",
    ),
)
def volumes_exist(facts: Facts) -> None:
    recorded = {resource.values["name"] for resource in facts.applied().resources("docker_volume")}
    for layer in LAYERS:
        name = f"{facts.prefix}_{layer}"
        facts.volume(name)
        assert name in recorded, (
            f"El volumen «{name}» está en Docker, pero no en el state: no lo ha creado tu código."
        )


@check(
    "Los outputs dan el nombre de cada volumen",
    points=2,
    hints=(
        "Un output se lee de un atributo del recurso, no se copia a mano.",
        "El atributo con el nombre de un volumen es «name»: docker_volume.raw.name.",
        "Documentación: developer.hashicorp.com/terraform/language/values/outputs",
    ),
)
def outputs_name_volumes(facts: Facts) -> None:
    for layer in LAYERS:
        found = facts.output(f"{layer}_volume")
        expected = f"{facts.prefix}_{layer}"
        assert found == expected, (
            f"El output «{layer}_volume» debe valer «{expected}» y vale «{found}»."
        )


@check(
    "Un segundo plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Algo en tu código vale distinto cada vez, o falta un último lab.apply().",
        "Curso, sección 9: «Validación de drift». Documentación: "
        "developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("volumes_exist",),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Con otro prefijo, los tres nombres cambian",
    points=1,
    hidden=True,
    needs=("otro_prefix",),
)
def other_prefix(facts: Facts) -> None:
    planned = facts.replan("otro_prefix").resources("docker_volume")
    names = {resource.values.get("name") for resource in planned}
    assert names == {f"stg_{layer}" for layer in LAYERS}, (
        f"Con prefix = stg, los volúmenes se llamarían {sorted(map(str, names))}."
    )


@check(
    "destroy no deja nada",
    points=1,
    hidden=True,
    depends_on=("volumes_exist",),
    needs=("destroy",),
)
def destroy_leaves_nothing(facts: Facts) -> None:
    assert not facts.leftovers(), f"Después de destroy quedan: {', '.join(facts.leftovers())}."
