"""``taller classroom``."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--students", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fichero con un estudiante por línea.",
)  # fmt: skip
@click.option(
    "--sockets", default=".taller/classroom", show_default=True,
    type=click.Path(file_okay=False, path_type=Path), help="Carpeta de los sockets.",
)  # fmt: skip
@click.option("--image", "images", multiple=True, help="Imagen base permitida; se puede repetir.")
@click.option("--egress", is_flag=True, help="Deja que los contenedores salgan a la red.")
def classroom(*, students: Path, sockets: Path, images: tuple[str, ...], egress: bool) -> None:
    """Comparte un Docker Engine: a cada estudiante, su socket y su prefijo.

    Cada socket es un guardián: su estudiante solo ve y toca lo suyo, con límites de memoria,
    procesador y número de objetos. Escribe quién tiene qué en classroom.csv, y sirve hasta
    Ctrl-C; lo que los estudiantes crearon queda en el engine.
    """
    from docker_guard import Policy
    from docker_guard.errors import GuardError
    from taller.docker_state.connection import connect, engine_address
    from taller.doctor import built_images
    from taller.errors import TallerError
    from taller.grading.classroom import places, read_students, serve, write_roster

    seats = places(read_students(students), sockets)
    recipes = built_images.dockerfiles()
    policy = Policy(egress=egress, images=images or Policy.images, recipes=recipes)
    connect().close()  # an engine that does not answer is reported now, and not to the students
    roster = write_roster(seats, sockets)

    def ready() -> None:
        for seat in seats:
            click.echo(f"{seat.student}\tprefix={seat.prefix}\tDOCKER_HOST={seat.docker_host}")
        click.echo(f"✓ {len(seats)} sockets listos (lista en {roster}). Ctrl-C para terminar.")

    try:
        serve(seats, engine_address(), policy, ready)
    except GuardError as error:
        raise TallerError(error.message, error.suggestion) from error
