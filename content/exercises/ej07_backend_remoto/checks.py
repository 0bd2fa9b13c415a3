"""Rubric of exercise 7: the state goes to a remote backend whole, is locked, and comes back."""

from collections.abc import Mapping
from typing import Any

from taller.checks import Facts, check, standard
from taller.hcl import Block

STORES = ("s3", "pg")
SECRETS = ("access_key", "secret_key", "token", "conn_str", "password")
BACKEND_DOCS = "Documentación: developer.hashicorp.com/terraform/language/backend"
INIT_DOCS = (
    "Documentación: developer.hashicorp.com/terraform/cli/commands/init#backend-initialization"
)


def backend(facts: Facts) -> Block:
    """The remote backend, as the student wrote it before the state came back."""
    written = Facts(facts.prefix, files={"backend.tf": facts.value("bloque")})
    found = written.hcl.backend()
    assert found is not None, (
        "En backend.tf no hay ningún bloque backend dentro de terraform { … }."
    )
    return found


def same_state(facts: Facts, later: Mapping[str, Any], where: str) -> None:
    """A later state must be the one that there was at first, with the ids that the engine gave.

    (Its lineage tells nothing: Terraform begins another one in an empty store.)
    """
    first = facts.first_state()
    assert first["addresses"], "Al principio no había nada en el state: ejecuta lab.apply()."
    assert later["addresses"] == first["addresses"], (
        f"Al principio el state recordaba {first['addresses']} y el que {where} recuerda "
        f"{later['addresses']}: no es el que tenías."
    )
    assert later["digest"] == first["digest"], (
        f"Las direcciones son las mismas, pero el state que {where} es otro: se ha creado de "
        "nuevo, y no es el que tenías."
    )


def arrived(facts: Facts) -> Mapping[str, Any]:
    """The first state that a server kept."""
    for event in facts.seen_remotely():
        if event["what"] == "write":
            return dict(event["state"])
    raise AssertionError("A ningún almacén ha llegado un state: ni al de S3 ni al de PostgreSQL.")


def owners(facts: Facts) -> set[str]:
    """Who held the lock while somebody else was refused, as far as the server knows."""
    holder, found = "", set()
    for event in facts.seen_remotely():
        if event["what"] == "lock":
            holder = event["who"]
        elif event["what"] == "refused":
            found.add(holder)
    return found


@check(
    "Declaras un backend remoto",
    points=1,
    hints=(
        "Sin un bloque backend, Terraform guarda el state en tu disco.",
        'Dentro de terraform { … } va backend "s3" { … } o backend "pg" { … }.',
        f"Curso, sección 1: «Backends Remotos». {BACKEND_DOCS}",
    ),
)
def backend_declared(facts: Facts) -> None:
    kind = backend(facts).labels[0]
    assert kind in STORES, f'El backend debe ser "s3" o "pg" y es "{kind}".'


@check(
    "En el código no hay claves",
    points=1,
    hints=(
        "Lo que está en backend.tf acaba en el repositorio, a la vista de todos.",
        "Las claves ya están en remoto.tfbackend: no hace falta repetirlas en el bloque.",
        f"{BACKEND_DOCS}#partial-configuration",
    ),
    depends_on=("backend_declared",),
)
def no_secrets_in_code(facts: Facts) -> None:
    written = [name for name in SECRETS if backend(facts).get(name) is not None]
    assert not written, f"En backend.tf has escrito {', '.join(written)}: quítalo de ahí."


@check(
    "El state ha llegado entero al almacén",
    points=2,
    hints=(
        "Compara las dos fotos, la de antes y la de ahora. ¿Qué ha cambiado?",
        "Con reconfigure, el state se queda donde estaba; con migrate_state, viaja.",
        INIT_DOCS,
    ),
    needs=("remote",),
)
def state_travelled(facts: Facts) -> None:
    same_state(facts, arrived(facts), "llegó al almacén")


@check(
    "Mientras alguien escribe, los demás esperan",
    points=2,
    hints=(
        "¿Se quejó lab.plan() mientras tu compañera tenía la pregunta sin contestar?",
        "El backend s3 no bloquea si no se lo pides: falta un argumento en su bloque.",
        f"El argumento es use_lockfile. {BACKEND_DOCS}/s3#state-locking",
    ),
    needs=("remote",),
)
def second_writer_waits(facts: Facts) -> None:
    arrived(facts)
    assert owners(facts), (
        "El almacén no detuvo a nadie: mientras tu compañera escribía, nadie encontró el lock tomado."
    )


@check(
    "Sabes quién tenía el lock y qué hacer con él",
    points=1,
    hints=(
        "El mensaje del error dice quién ejecuta qué, desde cuándo.",
        "force-unlock no detiene a nadie: solo deja entrar a un segundo mientras escribe el primero.",
        "Documentación: developer.hashicorp.com/terraform/language/state/locking#force-unlock",
    ),
    depends_on=("second_writer_waits",),
    needs=("remote",),
)
def lock_is_explained(facts: Facts) -> None:
    known, found = owners(facts) - {""}, facts.value("dueno")
    if known:
        assert found in known, f"El lock era de «{min(known)}» y has entregado «{found}»."
    assert "@" in found, f"Un dueño se escribe usuario@máquina, y has entregado «{found}»."
    assert facts.value("que_hago") == "b", (
        "«que_hago»: un lock es alguien que está escribiendo. Quitárselo, o escribir en otra parte, "
        "deja dos states que se contradicen."
    )


@check(
    "El state ha vuelto, el mismo, a tu disco",
    points=1,
    hints=(
        "Compara las fotos de antes y de después. Deberían ser iguales.",
        "Sin bloque backend, hay que volver a migrar: lab.init(migrate_state=True).",
        INIT_DOCS,
    ),
    depends_on=("state_travelled",),
    needs=("remote",),
)
def state_returned(facts: Facts) -> None:
    left = facts.hcl.backend()
    assert left is None or left.labels[0] == "local", (
        f'La configuración todavía declara el backend "{left.labels[0] if left else ""}".'
    )
    assert facts.local_state, "El state no está en tu disco."
    same_state(facts, facts.local_state, "ha vuelto a tu disco")


@check(
    "Después de ir y volver, el plan está vacío",
    points=1,
    hints=(
        "Repite lab.plan(): ¿qué quiere cambiar?",
        "Si quiere crear lo que ya existe, el state se ha quedado en otro sitio.",
        "Documentación: developer.hashicorp.com/terraform/cli/commands/plan",
    ),
    depends_on=("state_returned",),
    needs=("plan",),
)
def plan_is_empty(facts: Facts) -> None:
    changes = facts.planned().changes()
    assert not changes, f"El plan quiere cambiar: {', '.join(changes)}."


destroy_leaves_nothing = standard.destroy_leaves_nothing(
    points=1, depends_on=("state_returned",), spared=("_state_s3", "_state_pg")
)
