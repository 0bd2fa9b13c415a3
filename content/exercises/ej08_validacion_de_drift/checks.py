"""Rubric of exercise 8: drift made by hand, seen, read, explained, healed or accepted."""

from taller.checks import Facts, check, standard

SILVER, ETL, DRAFT = "docker_volume.silver", "docker_container.etl", "docker_volume.borrador"
DAMAGED = (("container", "contenedor", "etl"), ("volume", "volumen", "silver"))
DRIFT_DOCS = "developer.hashicorp.com/terraform/tutorials/state/resource-drift"
PLAN_DOCS = "Documentación: developer.hashicorp.com/terraform/cli/commands/plan"


@check(
    "La alarma suena cuando falta algo, y calla cuando no",
    points=2,
    hints=(
        "Pruébala tú: con todo en su sitio, hay_drift() debe decir False; si borras a mano un "
        "volumen vacío, True.",
        "Sin -detailed-exitcode, plan termina con 0 haya cambios o no. Y la función tiene que "
        "devolver True o False con return.",
        f"El código 2 significa «hay cambios pendientes». {PLAN_DOCS}#detailed-exitcode",
    ),
    needs=("probe",),
)
def alarm_works(facts: Facts) -> None:
    worlds = facts.probed()
    assert worlds, "Nadie ha podido probar tu alarma: no hay volúmenes con los que hacerlo."
    for world in worlds:
        away = ", ".join(world["away"])
        when = f"Con {away} borrado a mano" if away else "Con todo en su sitio"
        assert "raised" not in world, f"{when}, tu alarma falla: {world['raised']}."
        said = world.get("said")
        assert said is bool(away), f"{when}, tu alarma debe decir {bool(away)} y dice {said}."


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
    "Silver y el ETL se borraron a mano, sin Terraform",
    points=1,
    hints=(
        "Mira lab.docker.volumes() después del destrozo: ¿sigue ahí silver?",
        "Primero se quita el contenedor y después el volumen, los dos con lab.docker o con docker: "
        "si los borra Terraform, su state se entera, y eso no es drift.",
        f"Documentación: {DRIFT_DOCS}",
    ),
)
def drift_by_hand(facts: Facts) -> None:
    for kind, what, name in DAMAGED:
        whole = f"{facts.prefix}_{name}"
        if not facts.happened("remove", kind, whole, by="other"):
            planned = facts.happened("remove", kind, whole, by="terraform")
            how = "lo borró Terraform, no tú" if planned else "nadie lo ha borrado"
            raise AssertionError(f"El {what} «{whole}» debía desaparecer a mano, y {how}.")


@check(
    "Terraform ha vuelto a crear lo que faltaba",
    points=1,
    hints=(
        "¿Qué dice el plan ahora?",
        "lab.apply() crea otra vez lo que falta: el código no se toca.",
        f"Documentación: {DRIFT_DOCS}",
    ),
    depends_on=("drift_by_hand",),
)
def drift_is_healed(facts: Facts) -> None:
    for address in (SILVER, ETL):
        facts.applied().resource(address)
    facts.volume(f"{facts.prefix}_silver")
    facts.container(f"{facts.prefix}_etl")
    for kind, what, name in DAMAGED:
        whole = f"{facts.prefix}_{name}"
        assert facts.happened("create", kind, whole, by="terraform"), (
            f"El {what} «{whole}» que hay ahora no lo ha creado Terraform."
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
        f"Documentación: {DRIFT_DOCS}",
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


plan_is_empty = standard.plan_is_empty(
    points=1, hint="Código, state y Docker tienen que decir lo mismo: ¿falta un lab.apply()?"
)


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
