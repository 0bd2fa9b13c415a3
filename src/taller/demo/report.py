"""Pictures on disk: the model's figures, and the infrastructure as it really is."""

from pathlib import Path

from taller.demo.artefacts import Model
from taller.demo.platform import Platform
from taller.docker_state import DockerState
from taller.topology import recorded_topology
from taller.topology_svg import draw


def write_pictures(platform: Platform, model: Model, engine: DockerState) -> list[Path]:
    """Write every picture below the workspace's ``report`` folder; returns their paths."""
    folder = platform.workspace.folder / "report"
    folder.mkdir(exist_ok=True)
    topology = recorded_topology(platform.terraform.show_state(), engine)
    title = f"Plataforma Titanic · prefijo {platform.workspace.prefix} · run {platform.run_id}"
    pictures = {"infraestructura.svg": draw(topology, title).encode(), **model.figures}
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in sorted(pictures)]
