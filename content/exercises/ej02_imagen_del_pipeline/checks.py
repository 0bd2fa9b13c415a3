"""Rubric of exercise 2: the pipeline's image, built by Terraform, with a tag that comes from outside."""

from posixpath import normpath
from typing import Any

from taller.checks import Facts, check, standard
from taller.checks.documents import Plan
from taller.checks.facts import Unjudged

REPOSITORY = "titanic-pipeline"
IMAGE_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/image"
)
TEXT_DOCS = (
    "Documentación: developer.hashicorp.com/terraform/language/expressions/strings#string-templates"
)


def image_name(facts: Facts) -> str:
    return f"{facts.prefix}-{REPOSITORY}:dev"


def declared_images(plan: Plan) -> list[Any]:
    """The attributes of each image that the code declares."""
    found = [resource.values for resource in plan.resources("docker_image")]
    assert found, "Tu código no declara ningún docker_image."
    return found


def build(plan: Plan) -> dict[str, Any]:
    """The build block of the image, however it is written."""
    blocks = [block for image in declared_images(plan) for block in image.get("build") or []]
    assert blocks, "Tu docker_image no tiene ningún bloque build: Docker no la construiría."
    found: dict[str, Any] = blocks[0]
    return found


def built_images(facts: Facts) -> list[dict[str, Any]]:
    """The images in Docker that the state records, whatever their names."""
    recorded = {r.values.get("image_id") for r in facts.applied().resources("docker_image")}
    return [image for image in facts.images if image["Id"] in recorded]


@check(
    "La variable image_tag existe, es de tipo string y no vale latest",
    points=1,
    hints=(
        "Una variable se declara antes de usarla.",
        'variable "image_tag" { … }, con «type»; «default» no hace falta.',
        "Curso, sección 6: «Variables clave». Documentación: "
        "developer.hashicorp.com/terraform/language/values/variables",
    ),
    needs=("code",),
)
def image_tag_variable(facts: Facts) -> None:
    standard.string_variable(facts, "image_tag")
    try:
        default = facts.configuration().get("variables", {}).get("image_tag", {}).get("default")
    except Unjudged:
        default = facts.hcl.variable("image_tag").get("default")
    assert default != "latest", (
        "El valor por defecto de «image_tag» es «latest», que no dice qué versión es."
    )


@check(
    "La imagen se llama <prefix>-titanic-pipeline:<image_tag>",
    points=1,
    hints=(
        "Compara el nombre de lab.docker.images() con el del enunciado, letra a letra.",
        "Mezcla texto y variables: ${var.prefix} al principio y ${var.image_tag} tras los dos puntos.",
        TEXT_DOCS,
    ),
    needs=("code",),
)
def image_named(facts: Facts) -> None:
    found = [str(image.get("name")) for image in declared_images(facts.declared())]
    assert image_name(facts) in found, (
        f"La imagen debe llamarse «{image_name(facts)}» y se llama «{', '.join(found)}»."
    )


@check(
    "El bloque build usa el Dockerfile del repositorio",
    points=1,
    hints=(
        "Docker necesita saber dónde está la receta y qué carpeta acompaña.",
        "build { context = … dockerfile = … }: la carpeta la da una de las variables de base.tf.",
        f"context = var.root_path. {IMAGE_DOCS}#nestedblock--build",
    ),
    needs=("code",),
)
def build_declared(facts: Facts) -> None:
    plan = facts.declared()
    own, root = build(plan), str(plan.variable("root_path"))
    context = str(own.get("context") or "nada")
    assert normpath(context) == normpath(root), (
        f"El contexto debe ser var.root_path y es «{context}»."
    )
    dockerfile = str(own.get("dockerfile") or "Dockerfile")
    assert normpath(dockerfile.removeprefix(f"{context}/")) == "Dockerfile", (
        f"La receta del repositorio se llama «Dockerfile», y has puesto «{dockerfile}»."
    )


@check(
    "El build recibe la imagen base y los demás ajustes",
    points=1,
    hints=(
        "Mira las primeras líneas del Dockerfile: ¿qué ARG espera?",
        "build_args es un mapa: BASE_IMAGE y, además, lo que traiga var.build_args.",
        f"build_args = merge({{ BASE_IMAGE = var.base_image }}, var.build_args). {IMAGE_DOCS}",
    ),
    needs=("code", "otra_base"),
)
def base_image_passed(facts: Facts) -> None:
    for plan in (facts.declared(), facts.replan("otra_base")):
        given = build(plan).get("build_args") or {}
        expected = {"BASE_IMAGE": plan.variable("base_image"), **(plan.variable("build_args") or {})}
        for name, value in expected.items():
            assert given.get(name) == value, (
                f"En build_args, «{name}» debería valer «{value}» y vale "
                f"«{given.get(name, 'nada')}»: viene de una variable."
            )


@check(
    "La imagen existe en Docker, construida por Terraform con esa receta",
    points=1,
    hints=(
        "Mira qué sale en lab.docker.images(), y si el último apply terminó bien.",
        "Si el apply ha fallado, su mensaje dice en qué paso del Dockerfile.",
        IMAGE_DOCS,
    ),
    needs=("code",),
)
def image_exists(facts: Facts) -> None:
    declared_images(facts.declared())
    found = built_images(facts)
    assert found, "En Docker no hay ninguna imagen que Terraform haya construido: ¿y lab.apply()?"
    titles = [(i["Config"].get("Labels") or {}).get("org.opencontainers.image.title") for i in found]
    assert REPOSITORY in titles, "Tu imagen no se ha construido con el Dockerfile del repositorio."


@check(
    "Los outputs dan el nombre y el identificador de la imagen",
    points=1,
    hints=(
        "Un output se lee de un atributo del recurso, no se copia a mano.",
        "Los atributos son «name» e «image_id».",
        f"{IMAGE_DOCS}#read-only",
    ),
    needs=("code", "otro_prefix"),
)
def outputs_name_image(facts: Facts) -> None:
    for plan in (facts.declared(), facts.replan("otro_prefix")):
        names = [image.get("name") for image in declared_images(plan)]
        said = plan.outputs().get("image_name")
        assert said in names, (
            f"El output «image_name» debería valer «{names[0]}» y vale «{said or 'nada'}»."
        )
    declared = facts.configuration().get("outputs", {})
    assert "image_id" in declared, "Tu código no declara el output «image_id»."
    assert "image_id" not in facts.declared().outputs(), (
        "El identificador no se sabe hasta construir la imagen: no puede estar escrito a mano."
    )
    found = {image["Id"] for image in built_images(facts)}
    if not found:
        raise Unjudged("Terraform todavía no ha construido ninguna imagen.")
    said = facts.output("image_id")
    assert said in found, (
        f"El output «image_id» debe valer «{', '.join(found)}» y vale «{said}»."
    )


plan_is_empty = standard.plan_is_empty(points=1)


@check(
    "Con otro prefijo, la imagen es otra",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código con su propio prefijo?",
        "El principio del nombre no va escrito a mano: es ${var.prefix}.",
        TEXT_DOCS,
    ),
    needs=("code", "otro_prefix"),
)
def other_prefix(facts: Facts) -> None:
    wanted = {image_name(facts): f"stg-{REPOSITORY}:dev"}
    standard.follows(facts, "otro_prefix", 'prefix = "stg"', wanted, ("docker_image",))


@check(
    "Con otra etiqueta, la imagen es otra",
    points=1,
    hints=(
        "¿Cómo se llamaría la versión de mañana?",
        "Lo que va tras los dos puntos no se escribe a mano: es ${var.image_tag}.",
        TEXT_DOCS,
    ),
    needs=("code", "otra_etiqueta"),
)
def other_tag(facts: Facts) -> None:
    wanted = {image_name(facts): f"{facts.prefix}-{REPOSITORY}:v9"}
    standard.follows(facts, "otra_etiqueta", 'image_tag = "v9"', wanted, ("docker_image",))


destroy_leaves_nothing = standard.destroy_leaves_nothing(points=1)
