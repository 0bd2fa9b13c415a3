"""Rubric of exercise 6: images named after their commit, several at once, and never ``latest``."""

from typing import Any

from taller.checks import Facts, check

VERSIONS = ("v1", "v2")
SHORT = range(7, 13)
"""Characters of a short commit: Git takes 7, and more where 7 are not enough."""
REVISION = "org.opencontainers.image.revision"
VARIABLE_DOCS = "Documentación: developer.hashicorp.com/terraform/language/values/variables"
IMAGE_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/image"
)


def images(facts: Facts) -> dict[str, Any]:
    """Tag to image, of the exercise's repository."""
    repository = f"{facts.prefix}-titanic:"
    return {
        name.removeprefix(repository): image
        for image in facts.images
        for name in image.get("RepoTags") or []
        if name.startswith(repository)
    }


def commit(facts: Facts, version: str) -> str:
    """The whole commit of a version of the exercise's own repository."""
    return facts.files.get(f"app/.git/refs/tags/{version}", "").strip()


def is_short(tag: str, whole: str) -> bool:
    return len(tag) in SHORT and whole.startswith(tag)


@check(
    "La variable image_tag existe, es un string y hay que darle valor",
    points=1,
    hints=(
        "Una variable sin «default» es obligatoria: Terraform no sigue sin ella.",
        'Escribe un bloque variable "image_tag" con type = string y sin default.',
        VARIABLE_DOCS,
    ),
)
def variable_declared(facts: Facts) -> None:
    variable = facts.hcl.variable("image_tag")
    type_ = variable.get("type")
    assert type_ in ("string", "${string}"), (
        f"El tipo de «image_tag» debe ser string y es {type_ or 'ninguno'}."
    )
    default = variable.get("default")
    assert default is None, (
        f"«image_tag» vale «{default}» si nadie dice nada: quítale el default, que sea obligatoria."
    )


@check(
    "«latest» no se acepta como etiqueta",
    points=2,
    hints=(
        'Prueba lab.plan(image_tag="latest"): debería quejarse la propia variable.',
        "Dentro de la variable, un bloque validation con condition y error_message.",
        f"{VARIABLE_DOCS}#custom-validation-rules",
    ),
    depends_on=("variable_declared",),
    needs=("con_latest",),
)
def latest_is_refused(facts: Facts) -> None:
    problem = facts.problems.get("con_latest", "")
    assert problem, 'Con image_tag = "latest", Terraform hace el plan sin rechistar.'
    assert "Invalid value for variable" in problem, (
        f'Con image_tag = "latest" el plan falla, pero no por la validation: {problem}'
    )


@check(
    "El nombre de la imagen se forma con prefix e image_tag",
    points=1,
    hints=(
        "¿Qué partes del nombre cambian de un ambiente a otro, y de una versión a otra?",
        'Son dos variables y un texto en medio: "${var.…}-titanic:${var.…}".',
        f"Curso, sección 5: modules/ml_training/image.tf. {IMAGE_DOCS}",
    ),
    needs=("otra_etiqueta",),
)
def name_from_variables(facts: Facts) -> None:
    """The form of the statement, or any other that follows both variables."""
    name = facts.hcl.resource("docker_image", "app").get("name")
    if name == "${var.prefix}-titanic:${var.image_tag}":
        return
    planned = facts.replan("otra_etiqueta").resources("docker_image")
    found = [resource.values.get("name") for resource in planned]
    assert found == ["stg-titanic:0a1b2c3"], (
        f"El nombre debe ser «${{var.prefix}}-titanic:${{var.image_tag}}» y es «{name or 'nada'}»."
    )


@check(
    "En Docker hay varias versiones de la imagen a la vez",
    points=2,
    hints=(
        "Mira lab.docker.images(): ¿cuántas hay que se llamen igual, con otra etiqueta?",
        "Si solo queda la última, Terraform borró la anterior al sustituirla: ¿falta keep_locally? "
        "Si solo queda la primera, el segundo apply no llegó a hacerse.",
        f"El argumento es keep_locally. {IMAGE_DOCS}#keep_locally",
    ),
)
def several_images(facts: Facts) -> None:
    found = images(facts)
    different = {image["Id"] for image in found.values()}
    assert len(different) >= len(VERSIONS), (
        f"Debería haber dos imágenes distintas de «{facts.prefix}-titanic» y hay {len(different)}: "
        f"{', '.join(sorted(found)) or 'ninguna'}."
    )


@check(
    "Cada versión está etiquetada con su commit corto",
    points=1,
    hints=(
        "Compara las etiquetas de lab.docker.images() con lo que imprime git log --oneline.",
        "etiqueta() tiene que preguntar a Git cada vez: rev-parse, con --short, de HEAD.",
        "Curso, sección 6, «Variables clave». Documentación: git-scm.com/docs/git-rev-parse",
    ),
)
def tags_are_commits(facts: Facts) -> None:
    tags = sorted(images(facts))
    for version in VERSIONS:
        whole = commit(facts, version)
        assert whole, f"El repositorio de app/ no tiene la versión {version}: ejecuta sus celdas."
        assert any(is_short(tag, whole) for tag in tags), (
            f"El commit de {version} es {whole[:7]} y ninguna imagen se llama así. Las etiquetas "
            f"que hay: {', '.join(tags) or 'ninguna'}."
        )


@check(
    "Cada imagen lleva dentro el commit del que salió",
    points=1,
    hints=(
        "Una label se pone al construir: va dentro del bloque build.",
        "labels = { … }, en plural, y el valor es la misma variable que la etiqueta, no un texto fijo.",
        f"La clave es {REVISION}. {IMAGE_DOCS}#nestedblock--build",
    ),
    depends_on=("several_images",),
)
def image_says_commit(facts: Facts) -> None:
    for tag, image in images(facts).items():
        found = (image["Config"].get("Labels") or {}).get(REVISION)
        advice = "" if found else only_label(facts)
        assert found == tag, (
            f"La imagen con la etiqueta «{tag}» dice en {REVISION}: «{found or 'nada'}».{advice}"
        )


def only_label(facts: Facts) -> str:
    """What to say when a build has the old argument, which the provider drops without a word."""
    builds = [
        block for image in facts.hcl.resources("docker_image") for block in image.blocks("build")
    ]
    if any(build.get("label") and not build.get("labels") for build in builds):
        return " Escribiste «label» en build: el proveedor lo descarta. Es «labels», en plural."
    return ""


@check(
    "La etiqueta de la segunda versión se exporta en TF_VAR_image_tag",
    points=1,
    hints=(
        "Terraform solo mira las variables de entorno cuyo nombre empieza por TF_VAR_.",
        'os.environ["TF_VAR_image_tag"] = … con lo que devuelve etiqueta() después del commit v2.',
        f"{VARIABLE_DOCS}#environment-variables",
    ),
)
def tag_is_exported(facts: Facts) -> None:
    found = str(facts.value("exportada"))
    whole = commit(facts, "v2")
    assert found, (
        "TF_VAR_image_tag no estaba en el entorno: o no la exportaste, o se llama de otra manera."
    )
    assert is_short(found, whole), (
        f"Exportaste «{found}», y el commit corto de la segunda versión es «{whole[:7]}»."
    )


@check(
    "Otra etiqueta y otro prefijo dan otra imagen",
    points=1,
    hints=(
        "¿Qué nombre tendría la imagen de tu vecina, o la del próximo commit?",
        "Ni el prefijo ni la etiqueta van escritos a mano: ${var.prefix} y ${var.image_tag}.",
        f"{VARIABLE_DOCS}",
    ),
    needs=("otra_etiqueta",),
)
def other_tag(facts: Facts) -> None:
    planned = facts.replan("otra_etiqueta").resources("docker_image")
    names = [resource.values.get("name") for resource in planned]
    assert names == ["stg-titanic:0a1b2c3"], (
        f"Con prefix = stg e image_tag = 0a1b2c3 la imagen se llamaría {names}."
    )
