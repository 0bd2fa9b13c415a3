"""Rubric of exercise 5: volumes and network move into a module, and nothing is destroyed."""

from collections.abc import Mapping
from typing import Any

from taller.checks import Facts, check, standard
from taller.hcl import Block

LAYERS = ("raw", "silver", "gold")
FOLDER = "modules/data_layer"
NAME = "data_layer"
PUBLISHED = {
    "raw_volume": "raw",
    "silver_volume": "silver",
    "gold_volume": "gold",
    "network_name": "analytics",
}
KINDS = {"docker_volume": "volume", "docker_network": "network"}
MODULE_DOCS = "developer.hashicorp.com/terraform/language/modules"


def names(prefix: str) -> set[str]:
    return {f"{prefix}_{name}" for name in (*LAYERS, "analytics")}


def calls(facts: Facts) -> list[Block]:
    """The calls of the module, whatever they are called."""
    found = facts.hcl.all("module")
    sources = {block.labels[0]: str(block.get("source") or "") for block in found}
    assert found, "En main.tf no hay ningún bloque module: nadie llama al módulo."
    own = [
        b for b in found if sources[b.labels[0]].replace("/./", "/").rstrip("/") == f"./{FOLDER}"
    ]
    assert own, f"El source del módulo debe ser «./{FOLDER}» y es «{min(sources.values())}»."
    return own


def is_within(address: str, label: str) -> bool:
    return address.startswith((f"module.{label}.", f"module.{label}["))


def planned(facts: Facts) -> dict[str, Any]:
    """Name to values of what the module would make in a fresh environment."""
    labels = [call.labels[0] for call in calls(facts)]
    return {
        str(resource.values.get("name")): resource.values
        for resource in facts.replan("otro_prefix").resources()
        if resource.type in KINDS and any(is_within(resource.address, one) for one in labels)
    }


def published(facts: Facts) -> Mapping[str, Any]:
    """What the module gives back in a fresh environment: output to value."""
    label = calls(facts)[0].labels[0]
    return facts.replan("otro_prefix").module_outputs(label)


def reached(facts: Facts, block: Block) -> set[str]:
    """The references in a block, and in the locals that it uses."""
    found, waiting = set(), block.references()
    while waiting:
        found |= waiting
        locals_ = {one.split(".")[1] for one in waiting if one.startswith("local.")}
        waiting = {
            reference
            for group in facts.hcl.all("locals")
            for name in locals_
            for reference in group.references(name)
        } - found
    return found


@check(
    "El módulo data_layer declara los volúmenes y la red",
    points=1,
    hints=(
        "Un módulo es una carpeta. ¿Qué hay en la tuya?",
        f"En {FOLDER} van los docker_volume, la docker_network y la variable prefix, con su tipo.",
        f"Curso, sección 5: modules/data_layer/volumes.tf. Documentación: {MODULE_DOCS}/develop",
    ),
)
def module_has_layers(facts: Facts) -> None:
    module = facts.module(FOLDER)
    for kind in KINDS:
        assert module.resources(kind), f"En {FOLDER} no hay ningún recurso {kind}."
    type_ = module.variable("prefix").get("type")
    assert type_ in ("string", "${string}"), (
        f"El tipo de la variable prefix del módulo debe ser string y es {type_ or 'ninguno'}."
    )


@check(
    "main.tf llama al módulo",
    points=1,
    hints=(
        "Escribir un módulo no basta: alguien tiene que llamarlo.",
        'module "data_layer" { … } lleva «source», que empieza por «./», y sus variables.',
        f"Documentación: {MODULE_DOCS}/configuration",
    ),
)
def module_called(facts: Facts) -> None:
    calls(facts)


@check(
    "El módulo se llama data_layer",
    points=1,
    hints=(
        "¿Qué nombre pide el enunciado para el bloque module?",
        'Es la etiqueta del bloque: module "data_layer". Sus outputs son module.data_layer.…',
        f"Documentación: {MODULE_DOCS}/configuration",
    ),
)
def module_is_named(facts: Facts) -> None:
    labels = [block.labels[0] for block in facts.hcl.all("module")]
    assert NAME in labels, (
        f"El bloque module debe llamarse «{NAME}» y hay: {', '.join(labels) or 'ninguno'}."
    )


@check(
    "El módulo publica los volúmenes y la red, cada uno con su nombre",
    points=1,
    hints=(
        "Desde fuera de un módulo solo se ven sus outputs.",
        "Son cuatro: raw_volume, silver_volume, gold_volume y network_name. ¿Qué vale cada uno?",
        f"Documentación: {MODULE_DOCS}/develop/composition",
    ),
    needs=("otro_prefix",),
)
def outputs_published(facts: Facts) -> None:
    written = {block.labels[0] for block in facts.module(FOLDER).all("output")}
    missing = [name for name in PUBLISHED if name not in written]
    assert not missing, f"El módulo no publica {', '.join(missing)}."
    found, made = published(facts), planned(facts)
    for output, name in PUBLISHED.items():
        value = str(found.get(output))
        assert value in made and value.endswith(f"_{name}"), (
            f'El output «{output}» debería valer el nombre de {name} y, con prefix = "stg", '
            f"vale «{value}»."
        )


@check(
    "El contenedor usa los outputs del módulo",
    points=1,
    hints=(
        "¿De dónde saca el contenedor el nombre de su red y de su volumen?",
        "De los outputs: module.data_layer. y el nombre del output.",
        "Documentación: developer.hashicorp.com/terraform/language/values/outputs"
        "#accessing-child-module-outputs",
    ),
    depends_on=("module_called",),
    needs=("otro_prefix",),
)
def outputs_connected(facts: Facts) -> None:
    block = facts.hcl.resource("docker_container", "ingest")
    label, outputs = calls(facts)[0].labels[0], published(facts)
    references = reached(facts, block)
    whole = f"module.{label}" in references
    given = {
        str(value)
        for name, value in outputs.items()
        if whole or any(r.startswith(f"module.{label}.{name}") for r in references)
    }
    values = facts.replan("otro_prefix").resource("docker_container.ingest").values
    networks = [str(one.get("name")) for one in values.get("networks_advanced") or []]
    mounted = {
        # A volume's id is known only after apply, and is its name: what raw_volume gives.
        one.get("container_path"): str(one.get("volume_name") or outputs.get("raw_volume"))
        for one in values.get("volumes") or []
    }
    assert networks, "«docker_container.ingest» ya no se conecta a ninguna red."
    assert "/data/raw" in mounted, "«docker_container.ingest» ya no monta nada en /data/raw."
    for what, name in (("La red", networks[0]), ("El volumen de /data/raw", mounted["/data/raw"])):
        assert name in given, (
            f"{what} de «docker_container.ingest» debe venir de un output del módulo, y «{name}» "
            "no viene de ninguno."
        )
    raw = mounted["/data/raw"]  # by what it is; a wrong name is another check's
    assert raw.endswith("_raw") or raw == str(outputs.get("raw_volume")), (
        f"En /data/raw debe estar el volumen raw y está «{raw}»."
    )


@check(
    "En el state, los volúmenes y la red están dentro del módulo",
    points=1,
    hints=(
        "Mira lab.state_list(): ¿por dónde empieza cada dirección?",
        "Terraform solo los mueve si se lo dices: un bloque moved para cada recurso, y apply.",
        f"Documentación: {MODULE_DOCS}/develop/refactoring#moved-block-syntax",
    ),
    depends_on=("module_called",),
)
def state_in_module(facts: Facts) -> None:
    labels = [call.labels[0] for call in calls(facts)]
    wanted = names(facts.prefix)
    found = [r for r in facts.applied().resources() if r.values.get("name") in wanted]
    outside = [r.address for r in found if not any(is_within(r.address, one) for one in labels)]
    assert not outside, f"Siguen fuera del módulo: {', '.join(outside)}."
    missing = wanted - {str(r.values["name"]) for r in found}
    assert not missing, f"En el state falta: {', '.join(sorted(missing))}."


@check(
    "Nada se ha destruido por el camino",
    points=2,
    hints=(
        "La red y los volúmenes de ahora, ¿son los de antes, u otros con el mismo nombre?",
        "Si ya has destruido algo: lab.destroy(), vuelve a empezar por la celda del punto de "
        "partida y, esta vez, mueve en lugar de crear.",
        f"Documentación: {MODULE_DOCS}/develop/refactoring",
    ),
    depends_on=("module_called",),
    needs=("artefacts",),
)
def nothing_recreated(facts: Facts) -> None:
    wanted = names(facts.prefix)
    lost = {
        event["name"]
        for kind in KINDS.values()
        for event in facts.happened("remove", kind)
        if event["name"] in wanted
    }
    assert not lost, (
        f"Se ha destruido {', '.join(sorted(lost))}: si ahora existe, es otro, nuevo y sin lo que "
        "había dentro."
    )
    for layer in LAYERS:
        facts.volume(f"{facts.prefix}_{layer}")
    facts.network(f"{facts.prefix}_analytics")
    facts.artefact(f"{facts.prefix}_raw", "pasajeros.txt")


plan_is_empty = standard.plan_is_empty(points=1, depends_on=("module_called",))


@check(
    "Con otro prefijo, el módulo da otro ambiente, igual de privado",
    points=1,
    hints=(
        "¿Y si alguien crea el ambiente stg con tu código?",
        "Cada nombre sale de la variable prefix del módulo, y la red sigue siendo interna.",
        "Documentación: registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/"
        "network#internal",
    ),
    depends_on=("module_called",),
    needs=("otro_prefix",),
)
def other_prefix(facts: Facts) -> None:
    found = planned(facts)
    missing = names("stg") - set(found)
    assert not missing, (
        f'Con prefix = "stg", el módulo no crearía {", ".join(sorted(missing))}: '
        f"crearía {sorted(found)}."
    )
    assert found["stg_analytics"].get("internal") is True, (
        "La red de un ambiente nuevo no sería interna: al mover el código se ha perdido internal."
    )
