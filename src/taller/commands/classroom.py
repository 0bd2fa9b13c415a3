"""``taller classroom``."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--students", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fichero con un estudiante por línea; puede cambiar mientras sirve.",
)  # fmt: skip
@click.option(
    "--sockets", default=".taller/classroom", show_default=True,
    type=click.Path(file_okay=False, path_type=Path), help="Carpeta de los sockets.",
)  # fmt: skip
@click.option(
    "--listen", default="127.0.0.1:2376", show_default=True, metavar="HOST:PUERTO",
    help="Dónde esperar, con TLS, a quien no tiene usuario en este equipo.",
)  # fmt: skip
@click.option("--image", "images", multiple=True, help="Imagen base permitida; se puede repetir.")
@click.option("--egress", is_flag=True, help="Deja que los contenedores salgan a la red.")
def classroom(
    *, students: Path, sockets: Path, listen: str, images: tuple[str, ...], egress: bool
) -> None:
    """Comparte un Docker Engine: a cada estudiante, un sitio solo suyo.

    Detrás de cada sitio hay un guardián: su estudiante solo ve y toca lo suyo, con límites de
    memoria, procesador, disco y número de objetos. Entra por su socket quien tiene un usuario de
    su nombre en este equipo; los demás, por TLS con el certificado de su carpeta. Escribe quién
    entra por dónde en classroom.csv, y sirve hasta Ctrl-C; lo que los estudiantes crearon queda
    en el engine.
    """
    import asyncio

    from docker_guard import Policy
    from docker_guard.errors import GuardError
    from taller.classroom.seats import PRIVATE
    from taller.classroom.service import Classroom
    from taller.docker_state.connection import connect, engine_address
    from taller.doctor import built_images
    from taller.errors import TallerError
    from taller.locking import exclusive

    policy = Policy(
        egress=egress, images=images or Policy.images, recipes=built_images.dockerfiles(),
        whole_history=False,
    )  # fmt: skip
    connect().close()  # an engine that does not answer is reported now, and not to the students
    room = Classroom(students, sockets, engine_address(), policy, _endpoint(listen), click.echo)
    try:
        with exclusive(sockets / PRIVATE / "lock", wait=False):
            asyncio.run(room.serve())
    except BlockingIOError as error:
        raise TallerError(
            f"Otro «taller classroom» sirve ya en {sockets}.", "Párala antes, o usa otra carpeta."
        ) from error
    except GuardError as error:
        raise TallerError(error.message, error.suggestion) from error


def _endpoint(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter("Escribe HOST:PUERTO, por ejemplo 0.0.0.0:2376.")
    return host.strip("[]"), int(port)
