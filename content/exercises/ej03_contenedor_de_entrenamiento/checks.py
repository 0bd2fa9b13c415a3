"""Rubric of exercise 3: a batch container that reads gold, trains, and leaves a model in models."""

from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from taller.checks import Facts, check, standard
from taller.checks.documents import Plan, Resource
from taller.checks.renamed import is_other

Json = dict[str, Any]

EXPERIMENT = "ej03"
RUN = "local1"
GIVEN = ("docker_image.titanic", "docker_volume.raw", "docker_volume.silver", "docker_volume.gold",
         "docker_container.etl")  # fmt: skip
"""What the exercise gives: it is no answer."""
CODE_FOLDERS = ("/app/src", "/opt/venv")
"""Where the image has its program: what is mounted over it would be another program."""
TRAIN = ["-m", "titanic.cli", "train"]
FEATURES = "features.parquet"
CONTAINER_DOCS = (
    "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
    "container"
)


def train_name(facts: Facts) -> str:
    return f"{facts.prefix}_train_{RUN}"


def planned_trainer(facts: Facts, plan: Plan) -> Resource:
    """The training container in a plan: the one with its name or, if misnamed, the other one."""
    others = [r for r in plan.resources("docker_container") if r.address not in GIVEN]
    assert others, "Tu código no declara ningún contenedor de entrenamiento."
    named = [r for r in others if r.values.get("name") == train_name(facts)]
    labelled = [r for r in others if r.address == "docker_container.train"]
    return (named or labelled or others)[0]


def trainer(facts: Facts) -> Json | None:
    """The training container in Docker, also under a wrong name, which has its own check."""
    recorded = [r for r in facts.applied().resources("docker_container") if r.address not in GIVEN]
    ids = {resource.values.get("id") for resource in recorded}
    found = [container for container in facts.containers if container["Id"] in ids]
    named = [c for c in found if c["Name"].removeprefix("/") == train_name(facts)]
    return next(iter(named or found), None)


def command_line(facts: Facts) -> list[str]:
    """What the container runs, entrypoint included, however the two are split."""
    container = trainer(facts)
    if container is not None:
        words = [container["Path"], *container["Args"]]
    else:
        values = planned_trainer(facts, facts.declared()).values
        words = [*(values.get("entrypoint") or []), *(values.get("command") or [])]
    if len(words) == 3 and words[:2] in (["sh", "-c"], ["/bin/sh", "-c"]):
        words = words[2].removeprefix("exec ").split()
    return [str(word) for word in words]


def mounts(facts: Facts) -> dict[str, Json]:
    """Path in the container to what is mounted there: as Docker says or, before it is there,
    as the code says."""
    container = trainer(facts)
    if container is not None:
        return {normpath(m["Destination"]): m for m in container["Mounts"]}
    values = planned_trainer(facts, facts.declared()).values
    found = {
        normpath(v["container_path"]): {
            "Type": "bind" if v.get("host_path") else "volume",
            "Source": v.get("host_path"),
            "Name": v.get("volume_name"),
            "RW": not v.get("read_only"),
        }
        for v in values.get("volumes") or []
        if v.get("container_path")
    }
    for m in values.get("mounts") or []:
        own = {"Type": m["type"], "Source": m.get("source"), "Name": m.get("source")}
        found[normpath(m["target"])] = {**own, "RW": not m.get("read_only")}
    return found


def mount(facts: Facts, target: str, layer: str) -> Json:
    """What is mounted at a path of the training container: it must be the layer's volume."""
    name, found = f"{facts.prefix}_{layer}", mounts(facts)
    assert target in found, (
        f"En {target} no hay nada montado. Ahora se monta: {', '.join(sorted(found)) or 'nada'}."
    )
    own = found[target]
    assert own["Type"] == "volume", (
        f"En {target} has montado una ruta del equipo ({own['Source']}), no un volumen: en un "
        "Docker que no sea el tuyo esa ruta no existe. Usa volume_name."
    )
    assert own["Name"] == name, f"En {target} debe ir el volumen «{name}» y va «{own['Name']}»."
    return own


def is_the_programs_own(facts: Facts, container: Json) -> None:
    """Fail when the container could run something else under the program's name."""
    uploads = planned_trainer(facts, facts.declared()).values.get("upload")
    assert not uploads, "El contenedor no necesita upload: el programa ya está en la imagen."
    for target in mounts(facts):
        inside = any(PurePosixPath(folder).is_relative_to(target) for folder in CODE_FOLDERS)
        below = any(PurePosixPath(target).is_relative_to(folder) for folder in CODE_FOLDERS)
        assert not inside and not below, f"Lo que montas en {target} tapa el programa de la imagen."
    image = next((i for i in facts.images if i["Id"] == container["Image"]), None)
    title = ((image or {}).get("Config", {}).get("Labels") or {}).get(
        "org.opencontainers.image.title"
    )
    assert image is not None and title == "titanic-pipeline", (
        "El contenedor no usa la imagen del pipeline que construye tu código."
    )
    built = set(image["Config"]["Env"])
    for one in container["Config"]["Env"]:
        assert not one.startswith(("PATH=", "PYTHON", "LD_")) or one in built, (
            f"{one.partition('=')[0]} ya tiene en la imagen el valor que necesita: quítalo de env."
        )


@check(
    "El contenedor de entrenamiento existe en Docker, creado por Terraform",
    points=1,
    hints=(
        "Mira qué nombres salen en lab.docker.containers() y compáralos con el enunciado.",
        "El nombre lleva prefix y run_id. Si apply dice que el contenedor no sigue en marcha, "
        "recuerda que este termina: must_run = false.",
        f"Curso, sección 1: «Ejecutar contenedor batch». {CONTAINER_DOCS}",
    ),
    needs=("code",),
)
def container_exists(facts: Facts) -> None:
    standard.created(facts, "docker_container", train_name(facts))


@check(
    "La imagen es la del pipeline, por referencia",
    points=1,
    hints=(
        "¿Cómo sabe Terraform que hay que construir la imagen antes que el contenedor?",
        "Usa un atributo de docker_image.titanic en lugar de escribir su nombre.",
        "docker_image.titanic.name (o .image_id). Documentación: "
        "developer.hashicorp.com/terraform/language/expressions/references",
    ),
    needs=("code", "otra_imagen"),
)
def image_by_reference(facts: Facts) -> None:
    now = planned_trainer(facts, facts.declared())
    then = facts.replan("otra_imagen").resource(now.address)
    assert is_other(then.values.get("image")), (
        f"Si docker_image.titanic se llamara de otra manera, «{now.address}» seguiría usando "
        f"«{then.values.get('image')}»: es un texto copiado, no una referencia."
    )


@check(
    "El contenedor ejecuta python -m titanic.cli train",
    points=1,
    hints=(
        "Compara tu command con el comando del enunciado, palabra por palabra.",
        "command es una lista: cada palabra, un elemento.",
        f"{CONTAINER_DOCS}#optional",
    ),
    needs=("code",),
)
def command_is_train(facts: Facts) -> None:
    found = command_line(facts)
    right = found[1:] == TRAIN and PurePosixPath(found[0]).name in ("python", "python3")
    assert right, f"El contenedor ejecuta: {' '.join(found) or 'nada'}."


@check(
    "gold está montado en /app/data/features, de solo lectura",
    points=1,
    hints=(
        "¿Qué volumen lee el entrenamiento? ¿Necesita escribir en él?",
        "Un bloque volumes con volume_name, container_path y un booleano que impide escribir.",
        f"read_only = true. {CONTAINER_DOCS}#nestedblock--volumes",
    ),
    needs=("code",),
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
    needs=("code",),
)
def models_mounted(facts: Facts) -> None:
    found = mount(facts, "/app/models", "models")
    uploads = planned_trainer(facts, facts.declared()).values.get("upload") or []
    placed = [one["file"] for one in uploads if PurePosixPath(one["file"]).is_relative_to("/app/models")]
    assert not placed, f"Lo que hay en models lo deja train, y {', '.join(placed)} lo pone upload."
    assert found["RW"], "El entrenamiento no puede escribir en models: quita read_only."


@check(
    "Terraform ha esperado al entrenamiento, y ha terminado bien",
    points=1,
    hints=(
        "El código de salida está en lab.docker.containers(), y el porqué, en los logs.",
        "Si Terraform no lo conoce, es que no ha esperado: le falta attach = true.",
        f"{CONTAINER_DOCS}#read-only",
    ),
    needs=("code",),
)
def train_succeeded(facts: Facts) -> None:
    container = trainer(facts)
    if container is None:
        facts.container(train_name(facts))
        raise AssertionError("El contenedor de entrenamiento no es obra de tu código.")
    (recorded,) = [r.values for r in facts.applied().resources() if r.values.get("id") == container["Id"]]
    assert recorded.get("exit_code") is not None, (
        "Terraform no sabe cómo acabó: siguió adelante sin esperar (attach = true)."
    )
    ran = command_line(facts)
    assert ran[1:] == TRAIN, f"Lo que ha terminado no es el entrenamiento, sino «{' '.join(ran)}»."
    state = container["State"]
    assert state["Status"] == "exited" and state["ExitCode"] == recorded["exit_code"] == 0, (
        f"El entrenamiento terminó con el código {state['ExitCode']}: mira sus logs."
    )


@check(
    "El modelo y sus métricas están en el volumen models, y salen de gold",
    points=1,
    hints=(
        "¿Qué archivos deja train en /app/models? ¿Y a qué experimento dicen que pertenecen?",
        "Tienen que estar model.pkl y metrics.json; el experimento llega por env.",
        'env = ["EXPERIMENT_NAME=ej03", …]. Ayuda del programa: python -m titanic.cli --help',
    ),
    depends_on=("train_succeeded",),
    needs=("code", "artefacts"),
)
def model_saved(facts: Facts) -> None:
    volume = f"{facts.prefix}_models"
    metrics = facts.document(volume, "metrics.json")
    assert metrics.get("experiment") == EXPERIMENT, (
        f"Las métricas son del experimento «{metrics.get('experiment')}»; pásale "
        f"EXPERIMENT_NAME={EXPERIMENT} en env."
    )
    validation = metrics.get("cross_validation")
    repeats = validation.get("repeats") if isinstance(validation, dict) else None
    assert repeats == 1, (
        f"El modelo se ha validado {repeats} veces; pásale TITANIC_CV_REPEATS=1 en env."
    )
    comes_from_gold(facts, volume)
    container = trainer(facts)
    assert container is not None
    is_the_programs_own(facts, container)


def comes_from_gold(facts: Facts, volume: str) -> None:
    """Fail unless the checksums lead from the model back to the features in gold."""
    models = facts.document(volume, "manifest.json")
    gold = facts.document(f"{facts.prefix}_gold", "manifest.json")
    said, model = entry(gold, FEATURES), entry(models, "model.pkl")
    features = facts.artefact(f"{facts.prefix}_gold", FEATURES)
    trained = models.get("inputs")
    assert isinstance(trained, dict) and features["sha256"] == said.get("sha256") == trained.get(
        f"features/{FEATURES}"
    ), "El modelo no se ha entrenado con la tabla que hay en gold: sus sumas no coinciden."
    saved = facts.artefact(volume, "model.pkl")
    assert saved["sha256"] == model.get("sha256"), (
        "model.pkl no es el que train guardó: su suma no coincide con la de manifest.json."
    )


def entry(manifest: Json, name: str) -> Json:
    """What a layer's manifest says of one of its files."""
    files = manifest.get("files")
    found = files.get(name) if isinstance(files, dict) else None
    return found if isinstance(found, dict) else {}


plan_is_empty = standard.plan_is_empty(points=1, depends_on=("train_succeeded",))


@check(
    "Con otro prefijo y otro run_id, los nombres cambian",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código, o tú en otra ejecución?",
        "Ni el prefijo ni run_id van escritos a mano: ${var.prefix} y ${var.run_id}.",
        "Documentación: developer.hashicorp.com/terraform/language/expressions/strings"
        "#string-templates",
    ),
    needs=("code", "otra_ejecucion"),
)
def other_run(facts: Facts) -> None:
    planned_trainer(facts, facts.declared())
    wanted = {f"{facts.prefix}_models": "stg_models", train_name(facts): "stg_train_r2"}
    types = ("docker_volume", "docker_container")
    standard.follows(facts, "otra_ejecucion", 'prefix = "stg" y run_id = "r2"', wanted, types)


destroy_leaves_nothing = standard.destroy_leaves_nothing(points=1, given=GIVEN)
