"""Rubric of exercise 5: volumes and network move into a module, and nothing is destroyed."""

from taller.checks import Facts, check, standard

LAYERS = ("raw", "silver", "gold")
FOLDER = "modules/data_layer"
MODULE = "module.data_layer"
MODULE_DOCS = "developer.hashicorp.com/terraform/language/modules"


def names(prefix: str) -> set[str]:
    return {f"{prefix}_{name}" for name in (*LAYERS, "analytics")}


@check(
    "El módulo data_layer declara los volúmenes y la red",
    points=1,
    hints=(
        "Un módulo es una carpeta. ¿Qué hay en la tuya?",
        f"En {FOLDER} van los docker_volume y la docker_network, con ${{var.prefix}} en el nombre.",
        f"Curso, sección 5: modules/data_layer/volumes.tf. Documentación: {MODULE_DOCS}/develop",
    ),
)
def module_has_layers(facts: Facts) -> None:
    module = facts.module(FOLDER)
    for kind in ("docker_volume", "docker_network"):
        blocks = module.resources(kind)
        assert blocks, f"En {FOLDER} no hay ningún recurso {kind}."
        for block in blocks:
            assert "var.prefix" in block.references("name"), (
                f"«{block.address}» del módulo no forma su nombre con var.prefix."
            )


@check(
    "main.tf llama al módulo y le pasa el prefijo",
    points=1,
    hints=(
        "Escribir un módulo no basta: alguien tiene que llamarlo.",
        'module "data_layer" { … } lleva «source», que empieza por «./», y sus variables.',
        f"Documentación: {MODULE_DOCS}/configuration",
    ),
)
def module_called(facts: Facts) -> None:
    call = facts.hcl.module("data_layer")
    source = str(call.get("source") or "")
    assert source.rstrip("/") == f"./{FOLDER}", (
        f"El source del módulo debe ser «./{FOLDER}» y es «{source or 'nada'}»."
    )
    assert call.references("prefix") == {"var.prefix"}, (
        f"El módulo debe recibir prefix = var.prefix y recibe {call.get('prefix') or 'nada'}."
    )


@check(
    "En la raíz ya no quedan volúmenes ni redes",
    points=1,
    hints=(
        "Extraer es mover: lo que está en el módulo no se queda también fuera.",
        "Quita de main.tf los bloques docker_volume y docker_network.",
        f"Documentación: {MODULE_DOCS}/develop/refactoring",
    ),
    depends_on=("module_called",),
)
def root_without_layers(facts: Facts) -> None:
    left = [
        block.address
        for block in facts.hcl.resources()
        if block.labels[0] in ("docker_volume", "docker_network")
    ]
    assert not left, f"Todavía se declaran fuera del módulo: {', '.join(left)}."


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
)
def outputs_connected(facts: Facts) -> None:
    container = facts.hcl.resource("docker_container", "ingest")
    for nested, attribute in (("networks_advanced", "name"), ("volumes", "volume_name")):
        blocks = container.blocks(nested)
        assert blocks, f"«{container.address}» ya no tiene ningún bloque {nested}."
        for block in blocks:
            assert any(r.startswith(f"{MODULE}.") for r in block.references(attribute)), (
                f"En el bloque {nested} de «{container.address}», {attribute} debe venir de un "
                f"output del módulo y es {block.get(attribute) or 'nada'}."
            )


@check(
    "En el state, los volúmenes y la red están dentro del módulo",
    points=2,
    hints=(
        "Mira lab.state_list(): ¿por dónde empieza cada dirección?",
        "Terraform solo los mueve si se lo dices: un bloque moved para cada recurso, y apply.",
        f"Documentación: {MODULE_DOCS}/develop/refactoring#moved-block-syntax",
    ),
    depends_on=("module_called",),
)
def state_in_module(facts: Facts) -> None:
    resources = [r for r in facts.applied().resources() if r.type != "docker_container"]
    outside = [r.address for r in resources if r.module != MODULE]
    assert not outside, f"Siguen fuera de {MODULE}: {', '.join(outside)}."
    found = {str(r.values["name"]) for r in resources}
    assert found == names(facts.prefix), (
        f"En {MODULE} debería haber {sorted(names(facts.prefix))} y hay {sorted(found)}."
    )
    for layer in LAYERS:
        facts.volume(f"{facts.prefix}_{layer}")


@check(
    "Nada se ha destruido por el camino",
    points=1,
    hints=(
        "La red de ahora, ¿es la misma de antes, o una nueva con el mismo nombre?",
        "Si ya has destruido algo: lab.destroy(), vuelve a empezar por la celda del punto de "
        "partida y, esta vez, mueve en lugar de crear.",
        f"Documentación: {MODULE_DOCS}/develop/refactoring",
    ),
    depends_on=("state_in_module",),
    needs=("artefacts",),
)
def nothing_recreated(facts: Facts) -> None:
    networks = facts.applied().resources("docker_network")
    before = facts.value("red_original")
    assert [n.values["id"] for n in networks] == [before], (
        "La red es otra: se ha destruido y creado de nuevo, y con los volúmenes habría pasado igual."
    )
    facts.artefact(f"{facts.prefix}_raw", "pasajeros.txt")


@check(
    "Un segundo plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Quizá falte un último lab.apply() o un output que tenía otro valor.",
        "Documentación: developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("state_in_module",),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Con otro prefijo, el módulo da otros nombres",
    points=1,
    hints=(
        "¿Qué pasaría si tu vecina usara tu mismo código con su propio prefijo?",
        "Dentro del módulo, los nombres empiezan por su variable prefix; fuera, se la das tú.",
        "Documentación: developer.hashicorp.com/terraform/language/modules/develop",
    ),
    depends_on=("module_called",),
    needs=("otro_prefix",),
)
def other_prefix(facts: Facts) -> None:
    planned = facts.replan("otro_prefix").resources()
    found = {str(r.values.get("name")) for r in planned if r.module == MODULE}
    assert found == names("stg"), f'Con prefix = "stg", el módulo crearía {sorted(found)}.'


destroy_leaves_nothing = standard.destroy_leaves_nothing(
    points=1, depends_on=("state_in_module",)
)
