"""Rubric of exercise 3: a batch container that reads gold, trains, and leaves a model in models."""

import json
from typing import Any

from taller.checks import Facts, check, standard

EXPERIMENT = "ej03"
CONTAINER_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "container"
)


def train_name(facts: Facts) -> str:
    return f"{facts.prefix}_train_local1"


def mount(facts: Facts, target: str, layer: str) -> dict[str, Any]:
    """What is mounted at a path of the training container: it must be the layer's volume."""
    name = f"{facts.prefix}_{layer}"
    mounts = {m["Destination"]: m for m in facts.container(train_name(facts))["Mounts"]}
    assert target in mounts, (
        f"En {target} no hay nada montado. Ahora se monta: {', '.join(sorted(mounts)) or 'nada'}."
    )
    found: dict[str, Any] = mounts[target]
    assert found["Type"] == "volume", (
        f"En {target} has montado una ruta del equipo ({found['Source']}), no un volumen: en un "
        "Docker que no sea el tuyo esa ruta no existe. Usa volume_name."
    )
    assert found["Name"] == name, (
        f"En {target} debe ir el volumen «{name}» y va «{found['Name']}»."
    )
    return found


@check(
    "El contenedor de entrenamiento existe en Docker, creado por Terraform",
    points=1,
    hints=(
        "Mira qué nombres salen en lab.docker.containers() y compáralos con el enunciado.",
        "El nombre lleva prefix y run_id. Si apply dice que el contenedor no sigue en marcha, "
        "recuerda que este termina: must_run = false.",
        f"Curso, sección 1: «Ejecutar contenedor batch». {CONTAINER_DOCS}",
    ),
)
def container_exists(facts: Facts) -> None:
    name = train_name(facts)
    facts.container(name)
    recorded = {r.values["name"] for r in facts.applied().resources("docker_container")}
    assert name in recorded, (
        f"El contenedor «{name}» está en Docker, pero no en el state: no lo ha creado tu código."
    )


@check(
    "La imagen es la del pipeline, por referencia",
    points=1,
    hints=(
        "¿Cómo sabe Terraform que hay que construir la imagen antes que el contenedor?",
        "Usa un atributo de docker_image.titanic en lugar de escribir su nombre.",
        "docker_image.titanic.name (o .image_id). Documentación: "
        "developer.hashicorp.com/terraform/language/expressions/references",
    ),
)
def image_by_reference(facts: Facts) -> None:
    container = facts.hcl.resource("docker_container", "train")
    assert any(r.startswith("docker_image.titanic") for r in container.references("image")), (
        f"«{container.address}» usa la imagen {container.get('image') or '(ninguna)'}, no una "
        "referencia a docker_image.titanic."
    )


@check(
    "El contenedor ejecuta python -m titanic.cli train",
    points=1,
    hints=(
        "Compara tu command con el comando del enunciado, palabra por palabra.",
        "command es una lista: cada palabra, un elemento.",
        f"{CONTAINER_DOCS}#optional",
    ),
    depends_on=("container_exists",),
)
def command_is_train(facts: Facts) -> None:
    found = facts.container(train_name(facts))["Config"]["Cmd"] or []
    assert found == ["python", "-m", "titanic.cli", "train"], (
        f"El contenedor ejecuta: {' '.join(found) or 'nada'}."
    )


@check(
    "gold está montado en /app/data/features, de solo lectura",
    points=1,
    hints=(
        "¿Qué volumen lee el entrenamiento? ¿Necesita escribir en él?",
        "Un bloque volumes con volume_name, container_path y un booleano que impide escribir.",
        f"read_only = true. {CONTAINER_DOCS}#nestedblock--volumes",
    ),
    depends_on=("container_exists",),
)
def gold_read_only(facts: Facts) -> None:
    found = mount(facts, "/app/data/features", "gold")
    assert not found["RW"], "El entrenamiento puede escribir en gold: falta read_only = true."


@check(
    "models está montado en /app/models, y se puede escribir",
    points=1,
    hints=(
        "Lo que un contenedor no escribe en un volumen se pierde con él.",
        "Otro bloque volumes, con tu docker_volume.models.",
        f"{CONTAINER_DOCS}#nestedblock--volumes",
    ),
    depends_on=("container_exists",),
)
def models_mounted(facts: Facts) -> None:
    found = mount(facts, "/app/models", "models")
    assert found["RW"], "El entrenamiento no puede escribir en models: quita read_only."


@check(
    "Terraform ha esperado al entrenamiento, y ha terminado bien",
    points=1,
    hints=(
        "El código de salida está en lab.docker.containers(), y el porqué, en los logs.",
        "Si Terraform no lo conoce, es que no ha esperado: le falta attach = true.",
        f"{CONTAINER_DOCS}#read-only",
    ),
    depends_on=("container_exists",),
)
def train_succeeded(facts: Facts) -> None:
    for resource in facts.applied().resources("docker_container"):
        if resource.values["name"] == train_name(facts):
            code = resource.values.get("exit_code")
            assert code is not None, (
                "Terraform no sabe cómo acabó: siguió adelante sin esperar (attach = true)."
            )
            assert code == 0, f"El entrenamiento terminó con el código {code}: mira sus logs."


@check(
    "El modelo y sus métricas están en el volumen models",
    points=1,
    hints=(
        "¿Qué archivos deja train en /app/models? ¿Y a qué experimento dicen que pertenecen?",
        "Tienen que estar model.pkl y metrics.json; el experimento llega por env.",
        'env = ["EXPERIMENT_NAME=ej03", …]. Ayuda del programa: python -m titanic.cli --help',
    ),
    depends_on=("models_mounted", "train_succeeded"),
    needs=("artefacts",),
)
def model_saved(facts: Facts) -> None:
    volume = f"{facts.prefix}_models"
    assert facts.artefact(volume, "model.pkl")["size"] > 0, "model.pkl está vacío."
    metrics = json.loads(facts.artefact(volume, "metrics.json")["text"])
    assert metrics["experiment"] == EXPERIMENT, (
        f"Las métricas son del experimento «{metrics['experiment']}»; pásale "
        f"EXPERIMENT_NAME={EXPERIMENT} en env."
    )


@check(
    "Un segundo plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Algo en tu código vale distinto cada vez, o falta un último lab.apply().",
        "Documentación: developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("train_succeeded",),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Con otro prefijo y otro run_id, los nombres cambian",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código, o tú en otra ejecución?",
        "Ni el prefijo ni run_id van escritos a mano: ${var.prefix} y ${var.run_id}.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
    needs=("otra_ejecucion",),
)
def other_run(facts: Facts) -> None:
    planned = facts.replan("otra_ejecucion")
    names = {str(r.values.get("name")) for r in planned.resources()}
    missing = {"stg_models", "stg_train_r2"} - names
    assert not missing, f"Con prefix = stg y run_id = r2 no aparece {', '.join(sorted(missing))}."


destroy_leaves_nothing = standard.destroy_leaves_nothing(
    points=1, depends_on=("container_exists",)
)
