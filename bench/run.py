"""Time what a person waits for; prints medians and writes nothing that stays.

Run with ``make bench``. Figures depend on the machine: compare them only with figures taken on it.
"""

import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from taller import Lab
from taller.provider import stop_server, terraform
from taller.terraform import Terraform
from taller.workspace import workspace

RUNS = 5
VOLUMES = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker" }
  }
}
resource "docker_volume" "layer" {
  count = 3
  name  = "PREFIX_${count.index}"
}
"""

Timing = tuple[str, list[float]]


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def program(*args: str) -> list[float]:
    """A program of the workshop, started anew each time."""
    command = [sys.executable, "-m", *args]
    return [
        seconds(lambda: subprocess.run(command, check=True, capture_output=True))
        for _ in range(RUNS)
    ]


@contextmanager
def three_volumes() -> Iterator[Terraform]:
    """A workspace with three volumes and its provider running."""
    prefix = f"bench{secrets.token_hex(3)}"
    place = workspace(prefix, "bench")
    (place.folder / "main.tf").write_text(VOLUMES.replace("PREFIX", prefix))
    gateway = terraform(place)
    gateway.init()
    try:
        yield gateway
    finally:
        gateway.destroy()
        stop_server(place)


def terraform_commands() -> list[Timing]:
    """Validate, plan, apply and destroy through the gateway, provider kept running."""
    with three_volumes() as gateway:
        rounds = [
            [
                seconds(step)
                for step in (gateway.validate, gateway.plan, gateway.apply, gateway.destroy)
            ]
            for _ in range(RUNS)
        ]
    names = ("validate", "plan", "apply", "destroy")
    return [
        (f"terraform {name}, 3 volumes", list(column))
        for name, column in zip(names, zip(*rounds, strict=True), strict=True)
    ]


def edit_and_check() -> list[float]:
    """One round on ej01: edit the HCL, plan, apply, check."""
    prefix = f"bench{secrets.token_hex(3)}"
    lab = Lab("ej01", prefix=prefix)

    def round_of(number: int) -> None:
        lab.write("extra.tf", f'output "ronda" {{ value = {number} }}\n')
        lab.apply(lab.plan())
        lab.check()

    try:
        lab.write("main.tf", VOLUMES.replace("PREFIX", prefix))
        round_of(-1)  # init and the first check import what later rounds reuse
        return [seconds(lambda number=number: round_of(number)) for number in range(RUNS)]
    finally:
        lab.teardown()


def timings() -> Iterator[Timing]:
    """Every figure, the quick ones first."""
    yield "taller --help", program("taller", "--help")
    yield "titanic.cli --help", program("titanic.cli", "--help")
    yield from terraform_commands()
    yield "ej01: edit, plan, apply, check", edit_and_check()


def main() -> None:
    """Print the table."""
    table = Table("what", "median s", "min s", "max s", title=f"{RUNS} runs each")
    for name, taken in timings():
        figures = (statistics.median(taken), min(taken), max(taken))
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    with TemporaryDirectory(prefix="taller-bench-") as home:
        os.environ["TALLER_HOME"] = home
        main()
