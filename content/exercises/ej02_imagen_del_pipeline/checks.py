"""Rubric of exercise 2: the pipeline's image, built by Terraform, with a tag that comes from outside."""

from taller.checks import Facts, check, standard

REPOSITORY = "titanic-pipeline"
IMAGE_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/image"
)


def image_name(facts: Facts) -> str:
    return f"{facts.prefix}-{REPOSITORY}:dev"


@check(
    "La variable image_tag existe, es de tipo string y no vale latest",
    points=1,
    hints=(
        "Una variable se declara antes de usarla.",
        'variable "image_tag" { … }, con «type»; «default» no hace falta.',
        "Curso, sección 6: «Variables clave». Documentación: "
        "developer.hashicorp.com/terraform/language/values/variables",
    ),
)
def image_tag_variable(facts: Facts) -> None:
    variable = facts.hcl.variable("image_tag")
    type_ = variable.get("type")
    assert type_ in ("string", "${string}"), (
        f"El tipo de «image_tag» debe ser string y es {type_ or 'ninguno'}."
    )
    assert variable.get("default") != "latest", (
        "El valor por defecto de «image_tag» es «latest», que no dice qué versión es."
    )


@check(
    "El nombre de la imagen sale de prefix e image_tag",
    points=1,
    hints=(
        "¿Qué pasaría si dos estudiantes, o dos versiones, usaran tu mismo texto?",
        "Mezcla texto y variables: ${var.prefix} al principio y ${var.image_tag} tras los dos puntos.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
)
def name_from_variables(facts: Facts) -> None:
    used = facts.hcl.resource("docker_image", "titanic").references("name")
    missing = {"var.prefix", "var.image_tag"} - used
    assert not missing, f"El nombre de la imagen no usa {' ni '.join(sorted(missing))}."


@check(
    "El bloque build usa el Dockerfile del repositorio",
    points=1,
    hints=(
        "Docker necesita saber dónde está la receta y qué carpeta acompaña.",
        "build { context = … dockerfile = … }: la carpeta la da una de las variables de base.tf.",
        f"context = var.root_path. {IMAGE_DOCS}#nestedblock--build",
    ),
)
def build_declared(facts: Facts) -> None:
    blocks = facts.hcl.resource("docker_image", "titanic").blocks("build")
    assert blocks, "«docker_image.titanic» no tiene ningún bloque build: Docker no la construiría."
    build = blocks[0]
    assert "var.root_path" in build.references("context"), (
        f"El contexto debe ser var.root_path y es {build.get('context') or 'nada'}."
    )
    dockerfile = build.get("dockerfile") or "Dockerfile"
    assert dockerfile == "Dockerfile", (
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
    depends_on=("build_declared",),
)
def base_image_passed(facts: Facts) -> None:
    build = facts.hcl.resource("docker_image", "titanic").blocks("build")[0]
    missing = {"var.base_image", "var.build_args"} - build.references("build_args")
    assert not missing, f"build_args no usa {' ni '.join(sorted(missing))}."


@check(
    "La imagen existe en Docker, construida por Terraform",
    points=2,
    hints=(
        "Mira qué sale en lab.docker.images() y compáralo con el nombre del enunciado.",
        "Si el apply ha fallado, su mensaje dice en qué paso del Dockerfile. Si no, revisa el name.",
        IMAGE_DOCS,
    ),
)
def image_exists(facts: Facts) -> None:
    name = image_name(facts)
    image = facts.image(name)
    recorded = {resource.values["name"] for resource in facts.applied().resources("docker_image")}
    assert name in recorded, (
        f"La imagen «{name}» está en Docker, pero no en el state: no la ha creado tu código."
    )
    title = (image["Config"].get("Labels") or {}).get("org.opencontainers.image.title")
    assert title == REPOSITORY, f"«{name}» no se ha construido con el Dockerfile del repositorio."


@check(
    "Los outputs dan el nombre y el identificador de la imagen",
    points=1,
    hints=(
        "Un output se lee de un atributo del recurso, no se copia a mano.",
        "Los atributos son «name» e «image_id».",
        f"{IMAGE_DOCS}#read-only",
    ),
    depends_on=("image_exists",),
)
def outputs_name_image(facts: Facts) -> None:
    name = image_name(facts)
    expected = {"image_name": name, "image_id": facts.image(name)["Id"]}
    for output, value in expected.items():
        found = facts.output(output)
        assert found == value, f"El output «{output}» debe valer «{value}» y vale «{found}»."


@check(
    "Un segundo plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Algo en tu código vale distinto cada vez, o falta un último lab.apply().",
        "Documentación: developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("image_exists",),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Con otro prefijo o con otra etiqueta, la imagen es otra",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina, o la versión de mañana, usara tu mismo código?",
        "Ni el prefijo ni la etiqueta van escritos a mano: ${var.prefix} y ${var.image_tag}.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
    needs=("otro_prefix", "otra_etiqueta"),
)
def other_values(facts: Facts) -> None:
    for replan, expected in (
        ("otro_prefix", f"stg-{REPOSITORY}:dev"),
        ("otra_etiqueta", f"{facts.prefix}-{REPOSITORY}:v9"),
    ):
        planned = facts.replan(replan).resources("docker_image")
        names = [resource.values.get("name") for resource in planned]
        assert names == [expected], f"En el plan «{replan}» la imagen se llamaría {names}."


destroy_leaves_nothing = standard.destroy_leaves_nothing(points=1)
