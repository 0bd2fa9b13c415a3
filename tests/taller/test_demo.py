"""The main job: two whole platforms brought up at once on one engine, then again, then cleaned."""

import json
import os
import secrets
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from taller.catalog import load_catalog

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

STAGES = ("ingest", "transform", "features", "train", "evaluate")
LAYERS = ("raw", "silver", "gold", "features", "models")
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Demo:
    """A demo that has ended."""

    prefix: str
    home: Path
    returncode: int
    stdout: str
    stderr: str


def start(prefix: str, home: Path, *options: str) -> subprocess.Popen[str]:
    """Begin a demo."""
    return subprocess.Popen(
        [sys.executable, "-m", "taller", "demo", "--prefix", prefix, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TALLER_HOME": str(home)},
    )  # fmt: skip


def finish(running: subprocess.Popen[str], prefix: str, home: Path) -> Demo:
    """Wait for a demo."""
    stdout, stderr = running.communicate(timeout=600)
    return Demo(prefix, home, running.returncode, stdout, stderr)


def clean(prefix: str, home: Path) -> None:
    """Remove what a demo made."""
    environment = {**os.environ, "TALLER_HOME": str(home)}
    command = [sys.executable, "-m", "taller", "clean", "--prefix", prefix]
    subprocess.run(command, env=environment, check=True)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Demo]]:
    """Two demos with different prefixes, run at the same time from the same home."""
    home = tmp_path_factory.mktemp("home")
    prefixes = [f"t{secrets.token_hex(3)}{letter}" for letter in "ab"]
    options = [[], ["--no-solutions"]]
    running = [start(prefix, home, *more) for prefix, more in zip(prefixes, options, strict=True)]
    first, second = (finish(r, p, home) for r, p in zip(running, prefixes, strict=True))
    yield first, second
    for prefix in prefixes:
        clean(prefix, home)


def test_two_demos_at_once_bring_up_two_platforms(
    demos: tuple[Demo, Demo], engine: docker.DockerClient
) -> None:
    for demo in demos:
        assert demo.returncode == 0, demo.stderr
        for layer in LAYERS:
            assert engine.volumes.get(f"{demo.prefix}_{layer}")
        containers = engine.containers.list(all=True, filters={"name": f"{demo.prefix}_"})
        assert sorted(c.name.split("_")[1] for c in containers) == sorted(STAGES)
        assert {c.attrs["State"]["ExitCode"] for c in containers} == {0}


def test_the_demo_shows_layers_metrics_containers_and_times(demos: tuple[Demo, Demo]) -> None:
    said = demos[0].stdout
    for word in (*LAYERS, *STAGES, "1309", "accuracy", "ROC AUC", "código de salida"):
        assert word in said
    assert said.count("✓ pasa") == len(load_catalog().exercises)  # every solution, executed
    assert "total" in said
    assert "real" in said  # what is the real thing, and what is embedded
    assert "docker_volume.raw" in demos[0].stderr  # each resource, as it is made


def test_a_small_class_is_graded_and_each_verdict_is_the_expected_one(
    demos: tuple[Demo, Demo],
) -> None:
    said = demos[0].stdout
    notes = demos[0].home / "workspaces" / demos[0].prefix / "demo" / "report" / "clase" / "notas"
    for name in ("report.html", "gradebook.csv", "feedback"):
        assert str(notes / name) in said
        assert (notes / name).exists()
    lines = (notes / "gradebook.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["ana", "10"], ["berta", "8"], ["carlos", "7"], ["dana", ""], ["emma", "3"], ["fabio", "0"],
    ]  # fmt: skip


def test_the_pictures_are_on_disk(demos: tuple[Demo, Demo]) -> None:
    report = demos[0].home / "workspaces" / demos[0].prefix / "demo" / "report"
    assert str(report / "roc.png") in demos[0].stdout
    for name in ("roc.png", "calibration.png", "confusion.png", "importance.png"):
        assert (report / name).read_bytes().startswith(PNG)
    drawing = ET.parse(report / "infraestructura.svg").getroot()
    titles = {element.text for element in drawing.iter("{http://www.w3.org/2000/svg}title")}
    assert f"volumen {demos[0].prefix}_gold: existe" in titles
    assert sum("terminó bien" in (title or "") for title in titles) == len(STAGES)


def test_a_second_demo_runs_nothing_again_and_takes_less_than_half_a_minute(
    demos: tuple[Demo, Demo],
) -> None:
    began = time.monotonic()
    first = demos[0]
    again = finish(start(first.prefix, first.home), first.prefix, first.home)
    assert again.returncode == 0, again.stderr
    assert "Saltado" in again.stdout
    assert again.stdout.count("sin cambios: saltada") == len(load_catalog().exercises)
    results = first.home / "workspaces" / first.prefix / "demo" / "report" / "clase" / "notas"
    attempts = [json.loads(path.read_text())["attempt"] for path in results.glob("results/*/*")]
    assert set(attempts) == {1}  # not graded again
    assert time.monotonic() - began < 30


def test_once_set_up_the_demo_needs_no_network(demos: tuple[Demo, Demo]) -> None:
    first = demos[0]
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "taller", "demo", "--prefix", first.prefix],
        capture_output=True, text=True, check=False,
        env={**os.environ, "TALLER_HOME": str(first.home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1309" in done.stdout


def test_a_full_volume_fails_the_stage_and_leaves_nothing_half_written(
    demos: tuple[Demo, Demo], engine: docker.DockerClient
) -> None:
    name = f"{demos[0].prefix}_full"
    full = engine.volumes.create(
        name, driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=16k,uid=10001"}
    )
    image = engine.images.list(name=f"{demos[0].prefix}-titanic-pipeline")[0].id
    container = engine.containers.create(
        image, ["sh", "-c", "python -m titanic.cli ingest; code=$?; ls -A data/raw; exit $code"],
        volumes={name: {"bind": "/app/data/raw", "mode": "rw"}}, name=f"{demos[0].prefix}_job",
    )  # fmt: skip
    try:
        container.start()
        assert container.wait(timeout=60)["StatusCode"] == 1
        said = container.logs().decode()
        assert "/app/data/raw" in said
        assert "Traceback" not in said
        assert "manifest.json" not in said.splitlines()
    finally:
        container.remove(force=True)
        full.remove()


def test_a_stage_that_fails_fails_the_demo_with_its_last_lines(
    demos: tuple[Demo, Demo], engine: docker.DockerClient
) -> None:
    second = demos[1]
    raw = engine.volumes.get(f"{second.prefix}_raw")
    engine.containers.run(
        "taller/base:bookworm", ["sh", "-c", "chown -R 0 /raw; chmod -R a-w /raw"], remove=True,
        volumes={raw.name: {"bind": "/raw", "mode": "rw"}}, name=f"{second.prefix}_lock",
    )  # fmt: skip
    failed = finish(
        start(second.prefix, second.home, "--run-id", "bad"), second.prefix, second.home
    )
    assert failed.returncode == 1
    assert f"{second.prefix}_ingest_bad" in failed.stdout
    assert "Últimas líneas de sus logs" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_after_the_cleaning_nothing_of_the_workshop_is_left(
    demos: tuple[Demo, Demo], engine: docker.DockerClient
) -> None:
    for demo in demos:
        clean(demo.prefix, demo.home)
        assert engine.volumes.list(filters={"name": demo.prefix}) == []
        assert engine.networks.list(filters={"name": demo.prefix}) == []
        assert engine.containers.list(all=True, filters={"name": demo.prefix}) == []
        tags = [tag for image in engine.images.list() for tag in image.tags]
        assert not [tag for tag in tags if tag.startswith(demo.prefix)]
        assert not (demo.home / "workspaces" / demo.prefix).exists()
