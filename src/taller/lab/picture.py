"""Pictures of what exists, or would: networks as frames, the way of the data as arrows."""

from taller import topology, topology_svg
from taller.docker_state import DockerState
from taller.lab.shown import Shown
from taller.terraform import Plan, State
from taller.topology import Topology


class Picture(Shown):
    """A drawing; ``svg`` is a document of its own."""

    template = "picture.html"

    def __init__(self, drawn: Topology, title: str, note: str = "") -> None:
        self.topology = drawn
        self.title = title
        self.note = note
        self.svg = topology_svg.draw(drawn, title)

    @classmethod
    def empty(cls, note: str = "") -> "Picture":
        """Nothing to draw yet."""
        return cls(Topology((), (), ()), "Todavía no hay nada", note)

    @property
    def count(self) -> int:
        """How many objects are in the drawing."""
        drawn = self.topology
        return len(drawn.networks) + len(drawn.volumes) + len(drawn.containers)

    def text(self) -> str:
        """What is in the drawing, one object a line."""
        drawn = self.topology
        kinds = (
            ("red", drawn.networks),
            ("volumen", drawn.volumes),
            ("contenedor", drawn.containers),
        )
        lines = [
            f"  {kind} {node.name}: {node.condition}" for kind, nodes in kinds for node in nodes
        ]
        return "\n".join([self.title, *lines, *([f"⚠ {self.note}"] * bool(self.note))])


def picture_of_plan(plan: Plan) -> Picture:
    """What a plan would leave, and take away."""
    return Picture(topology.plan_topology(plan), "Lo que haría el plan")


def picture_of_state(state: State, note: str = "") -> Picture:
    """What a state records, as Docker has it now; ``note`` says why it may be less."""
    return Picture(topology.recorded_topology(state, DockerState()), "Lo que existe ahora", note)
