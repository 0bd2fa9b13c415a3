"""Rubric of exercise 8: drift made by hand, seen, read, explained, healed or accepted."""

from taller.checks import Facts, check

SILVER, ETL, DRAFT = "docker_volume.silver", "docker_container.etl", "docker_volume.borrador"
EXPECTED_ALARM = {"antes": False, "durante": True, "despues": False}
MOMENTS = {
    "antes": "antes del destrozo",
    "durante": "después de borrar silver",
    "despues": "después de curarlo",
}
PLAN_DOCS = "Documentación: developer.hashicorp.com/terraform/cli/commands/plan"


@check(
    "La alarma calla, suena y vuelve a callar",
    points=2,
    hints=(
        "Mira lo que vale «alarma» después de cada paso: debe ser False, True y otra vez False.",
        "Sin -detailed-exitcode, plan termina con 0 haya cambios o no. Y para que al final calle, "
        "hay que haber curado el drift.",
        f"El código 2 significa «hay cambios pendientes». {PLAN_DOCS}#detailed-exitcode",
    ),
)
def alarm_works(facts: Facts) -> None:
    measured = facts.value("alarma")
    for moment, expected in EXPECTED_ALARM.items():
        found = measured.get(moment)
        assert found is expected, (
            f"Tu alarma, {MOMENTS[moment]}, debe decir {expected} y dice {found}."
        )


@check(
    "Has leído en el plan qué quiere crear Terraform",
    points=1,
    hints=(
        "Son dos direcciones: mira las líneas con + del plan.",
        "plan.to_create ya es la colección que buscas; lab.values la quiere como lista.",
        f"Dentro de lab.values, list(…) convierte esa colección en una lista. {PLAN_DOCS}",
    ),
)
def plan_is_read(facts: Facts) -> None:
    found = facts.value("propone")
    assert sorted(map(str, found)) == sorted((SILVER, ETL)), (
        f"Con silver borrado, el plan quiere crear «{SILVER}» y «{ETL}», y has entregado {found}."
    )


@check(
    "Silver se borró de verdad y Terraform lo ha vuelto a crear",
    points=2,
    hints=(
        "Mira cuántas líneas tiene tabla.csv, y si la del principio sigue ahí.",
        "Primero se quita el contenedor, después el volumen, y al final lab.apply() los crea otra "
        "vez: el código no se toca.",
        "Documentación: developer.hashicorp.com/terraform/tutorials/state/resource-drift",
    ),
    needs=("artefacts",),
)
def drift_is_healed(facts: Facts) -> None:
    for address in (SILVER, ETL):
        facts.applied().resource(address)
    facts.container(f"{facts.prefix}_etl")
    table = str(facts.artefact(f"{facts.prefix}_silver", "tabla.csv")["text"])
    original = str(facts.value("original")).strip()
    assert original not in table, (
        f"La tabla de silver todavía tiene su primera línea, «{original}»: ese volumen no se ha "
        "borrado nunca."
    )


@check(
    "Explicas por qué sonó la alarma, y qué se ha recuperado",
    points=2,
    hints=(
        "¿Cómo pudo plan ver el destrozo, si ni tu código ni el archivo del state cambiaron?",
        "Piensa en quién escribió tabla.csv la primera vez. ¿Hay alguien que escriba en raw?",
        f"{PLAN_DOCS} (cómo refresca el state antes de comparar).",
    ),
)
def drift_is_explained(facts: Facts) -> None:
    assert facts.value("compara") == "b", (
        "«compara»: el archivo del state decía que silver existía, y tu código también. Ninguno de "
        "los dos sabía nada del destrozo."
    )
    assert facts.value("datos") == "c", (
        "«datos»: un volumen borrado no vuelve, y Terraform no mira dentro de los volúmenes. "
        "Fíjate en la hora que pone en la tabla."
    )
    assert facts.value("recupera_raw") is False, (
        "«recupera_raw»: nadie vuelve a escribir en raw. Terraform crea el volumen, no sus datos."
    )


@check(
    "El borrador ya no está ni en el código, ni en el state, ni en Docker",
    points=1,
    hints=(
        "Si el código sigue declarando el borrador, Terraform lo volverá a crear.",
        'lab.remove("borrador.tf") lo quita del código; el state se entera con lab.apply().',
        "Documentación: developer.hashicorp.com/terraform/tutorials/state/resource-drift",
    ),
)
def draft_is_retired(facts: Facts) -> None:
    declared = [block.address for block in facts.hcl.resources("docker_volume")]
    assert DRAFT not in declared, f"El código todavía declara «{DRAFT}»."
    name = f"{facts.prefix}_borrador"
    assert name not in [volume["Name"] for volume in facts.volumes], (
        f"El volumen «{name}» está otra vez en Docker."
    )
    recorded = [resource.address for resource in facts.applied().resources()]
    assert recorded, "El state está vacío: no has aplicado nada, o lo has destruido todo."
    assert DRAFT not in recorded, f"«{DRAFT}» sigue en el state: falta un último lab.apply()."


@check(
    "Un último plan no cambia nada",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar todavía?",
        "Código, state y Docker tienen que decir lo mismo: puede que falte un lab.apply().",
        PLAN_DOCS,
    ),
    depends_on=("drift_is_healed", "draft_is_retired"),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan todavía quiere cambiar: {', '.join(changes)}."


@check(
    "Si ahora se borra raw, el plan lo ve y apply lo crea",
    points=1,
    hidden=True,
    depends_on=("drift_is_healed",),
    needs=("repair",),
)
def raw_can_be_healed(facts: Facts) -> None:
    repaired = facts.repaired()
    proposed = repaired.before.changes().get("docker_volume.raw")
    assert proposed == ("create",), f"Sin raw, el plan propone {proposed or 'no hacer nada'}."
    left = repaired.after.changes()
    assert not left, f"Después de curar raw, el plan todavía quiere cambiar: {', '.join(left)}."
