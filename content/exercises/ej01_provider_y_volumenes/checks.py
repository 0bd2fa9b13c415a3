"""Rubric of exercise 1: the docker provider, a prefix, three volumes and their names as outputs."""

from taller.checks import Check, Facts, check, standard
from taller.checks.documents import Plan
from taller.checks.facts import Unjudged
from taller.checks.versions import accepts

LAYERS = ("raw", "silver", "gold")
OTHER = "stg"
"""The prefix of ``[replans.otro_prefix]``."""
ACCEPTED = [(3, minor, patch) for minor in range(30) for patch in range(10)]
REFUSED = (4, 0, 0)


@check(
    "Pides el provider kreuzwerker/docker, en una versión 3",
    points=1,
    hints=(
        "Terraform busca en el bloque «terraform» qué providers necesita tu código.",
        "Dentro de «terraform» va «required_providers», con una entrada «docker» que tiene "
        "«source» y «version»; fuera, un bloque provider \"docker\".",
        "Curso, sección 1: «Ejemplo mínimo Provider Docker». Documentación: "
        "developer.hashicorp.com/terraform/language/providers/requirements",
    ),
    needs=("code",),
)
def required_provider(facts: Facts) -> None:
    source, version = facts.required_provider("docker")
    assert source == "kreuzwerker/docker", (
        "En terraform { required_providers { docker = { … } } }, el source debe ser "
        f"«kreuzwerker/docker» y es «{source or 'nada'}»."
    )
    assert version, (
        "Falta «version»: sin ella, un día llegará una versión nueva que rompa tu código."
    )
    try:
        right = any(accepts(version, one) for one in ACCEPTED) and not accepts(version, REFUSED)
    except ValueError:
        right = False
    assert right, f"version debe dejar entrar una 3.x y no la 4, y es «{version}»."
    try:
        facts.hcl.provider("docker")
    except Unjudged:
        facts.declared()  # Terraform can read what our reader cannot, and knows the provider


@check(
    "La variable prefix existe y es de tipo string",
    points=1,
    hints=(
        "Una variable se declara antes de usarla.",
        'Escribe un bloque variable "prefix" con «type».',
        "Documentación: developer.hashicorp.com/terraform/language/values/variables",
    ),
    needs=("code",),
)
def prefix_variable(facts: Facts) -> None:
    standard.string_variable(facts, "prefix")


def volume(layer: str) -> Check:
    """One volume is one point: a forgotten one does not take the others with it."""

    @check(
        f"El volumen {layer} existe en Docker, creado por Terraform",
        points=1,
        hints=(
            "Mira qué nombres salen en lab.docker.volumes() y compáralos con los del enunciado.",
            'Cada capa es un bloque resource "docker_volume"; su nombre se forma con '
            "${var.prefix}, un guion bajo y la capa. Después, lab.apply().",
            "Curso, sección 5: modules/data_layer/volumes.tf. Documentación: "
            "registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/volume",
        ),
        needs=("code",),
    )
    def body(facts: Facts) -> None:
        standard.created(facts, "docker_volume", f"{facts.prefix}_{layer}")

    return body


raw_volume_exists = volume("raw")
silver_volume_exists = volume("silver")
gold_volume_exists = volume("gold")


def expect_outputs(plan: Plan, prefix: str) -> None:
    """Fail unless each output is the name of its volume, or, where no volume is called as asked
    (which has its own check), of some volume that the code declares."""
    volumes = set(standard.names(plan, ("docker_volume",)).values())
    outputs = plan.outputs()
    for layer in LAYERS:
        name, expected = f"{layer}_volume", f"{prefix}_{layer}"
        assert name in outputs, f"Tu código no declara el output «{name}»."
        right = {expected} if expected in volumes else volumes
        assert outputs[name] in right, (
            f'Con prefix = "{prefix}", el output «{name}» debería valer «{expected}» y vale '
            f"«{outputs[name]}»."
        )


@check(
    "Los outputs dan el nombre de cada volumen",
    points=2,
    hints=(
        "Un output se lee de un atributo del recurso, no se copia a mano.",
        "El atributo con el nombre de un volumen es «name»: docker_volume.raw.name.",
        "Documentación: developer.hashicorp.com/terraform/language/values/outputs",
    ),
    needs=("code", "otro_prefix"),
)
def outputs_name_volumes(facts: Facts) -> None:
    plan = facts.declared()
    expect_outputs(plan, facts.prefix)
    expect_outputs(facts.replan("otro_prefix"), OTHER)
    for layer in LAYERS:
        said, declared = facts.output(f"{layer}_volume"), plan.outputs()[f"{layer}_volume"]
        assert said == declared, (
            f"El output «{layer}_volume» vale «{said}» en el state y tu código dice «{declared}»."
        )


plan_is_empty = standard.plan_is_empty(points=1)


@check(
    "Con otro prefijo, los tres nombres cambian",
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
    wanted = {f"{facts.prefix}_{layer}": f"{OTHER}_{layer}" for layer in LAYERS}
    standard.follows(facts, "otro_prefix", f'prefix = "{OTHER}"', wanted, ("docker_volume",))


destroy_leaves_nothing = standard.destroy_leaves_nothing(points=1)
