"""The image, on a real engine: small context, cached layers, no privileges, bounded memory."""

import io
import json
import os
import secrets
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.utils.build import exclude_paths

ROOT = Path(__file__).parents[2]
BASE_IMAGE = "taller/base:bookworm"
MEMORY_LIMIT = "512m"
LAYERS = {name: f"/app/data/{name}" for name in ("raw", "silver", "gold", "features")} | {
    "models": "/app/models"
}
READS_AND_WRITES = {
    "ingest": ((), ("raw",)),
    "transform": (("raw",), ("silver",)),
    "features": (("silver",), ("gold", "features")),
    "train": (("features",), ("models",)),
    "evaluate": (("features",), ("models",)),
}
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient) -> Iterator[str]:
    """The image, built as Terraform builds it: through the Engine API, from the repository."""
    tag = f"t{secrets.token_hex(4)}-titanic:test"
    build(engine, ROOT, tag)
    yield tag
    # noprune keeps the dependency layer, on which the next build rests.
    engine.images.remove(tag, force=True, noprune=True)


def build(engine: docker.DockerClient, context: Path, tag: str) -> str:
    """Build `context` as `tag` and return what the builder printed."""
    stream = engine.api.build(
        path=str(context),
        tag=tag,
        rm=True,
        forcerm=True,
        buildargs=build_arguments(),
        decode=True,
    )
    output = "".join(part.get("stream", "") + part.get("error", "") for part in stream)
    assert "Successfully tagged" in output, output[-2000:]
    return output


def build_arguments() -> dict[str, str]:
    """The base image, and the package index of whoever runs the tests, when it is not the default.

    PIP_CERT is a path of this machine: the base image knows its own.
    """
    given = {name: os.environ[name] for name in INDEXES if os.environ.get(name)}
    return {"BASE_IMAGE": BASE_IMAGE, **given}


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(engine: docker.DockerClient, image: str, prefix: str, leftovers: None) -> Run:
    """Run a command in a container and return its exit code and log."""

    def start(command: list[str], **options: Any) -> tuple[int, str]:
        container = engine.containers.run(
            image,
            command,
            name=f"{prefix}_{secrets.token_hex(3)}",
            detach=True,
            mem_limit=MEMORY_LIMIT,
            memswap_limit=MEMORY_LIMIT,
            network_mode="none",
            **options,
        )
        code = container.wait(timeout=240)["StatusCode"]
        return code, container.logs().decode()

    return start


def stage(run: Run, prefix: str, name: str) -> tuple[int, str]:
    """Run a stage with the volumes that it reads, read-only, and writes."""
    reads, writes = READS_AND_WRITES[name]
    modes = {**dict.fromkeys(reads, "ro"), **dict.fromkeys(writes, "rw")}
    volumes = {
        f"{prefix}_{layer}": {"bind": LAYERS[layer], "mode": mode} for layer, mode in modes.items()
    }
    return run(["python", "-m", "titanic.cli", name], volumes=volumes)


def test_the_build_context_is_under_a_megabyte_and_holds_the_pipeline_alone() -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in patterns if line and not line.startswith("#")]
    files = [path for path in exclude_paths(str(ROOT), rules) if (ROOT / path).is_file()]
    roots = {"/".join(Path(path).parts[:2]) for path in files}
    assert roots == {".dockerignore", "Dockerfile", "requirements-image.lock", "src/titanic"}
    assert not [path for path in files if path.endswith(".pyc")]
    assert sum((ROOT / path).stat().st_size for path in files) < 1_000_000


def test_every_stage_runs_on_fresh_volumes_as_an_unprivileged_user_within_512_mb(
    run: Run, engine: docker.DockerClient, prefix: str
) -> None:
    for name in READS_AND_WRITES:
        code, log = stage(run, prefix, name)
        assert code == 0, log
    models = {f"{prefix}_models": {"bind": LAYERS["models"], "mode": "ro"}}
    code, log = run(["cat", "/app/models/metrics.json"], volumes=models)
    scores = json.loads(log)["cross_validation"]
    assert scores["repeats"] == 10
    assert scores["accuracy"]["mean"] >= 0.82
    assert scores["roc_auc"]["mean"] >= 0.88


def test_a_stage_whose_input_volume_is_empty_fails_and_says_what_to_run(
    run: Run, prefix: str
) -> None:
    code, log = stage(run, prefix, "transform")
    assert code == 2
    assert "Ejecuta antes la etapa «ingest»" in log.splitlines()[-1]


def test_a_full_volume_is_an_error_that_names_it(run: Run) -> None:
    full = {"/app/data/raw": "size=64k,uid=10001"}
    code, log = run(["python", "-m", "titanic.cli", "ingest"], tmpfs=full)
    assert code == 1
    assert "No se puede escribir en /app/data/raw: No space left on device" in log.splitlines()[-1]


def test_a_volume_mounted_read_only_by_mistake_is_an_error_that_names_it(
    run: Run, prefix: str
) -> None:
    volumes = {f"{prefix}_raw": {"bind": LAYERS["raw"], "mode": "ro"}}
    code, log = run(["python", "-m", "titanic.cli", "ingest"], volumes=volumes)
    assert code == 1
    assert "No se puede escribir en /app/data/raw" in log.splitlines()[-1]


def test_the_user_has_no_privileges_and_cannot_change_the_program(run: Run) -> None:
    script = (
        "id -u; touch /app/src/titanic/x /opt/venv/x /etc/x;"
        "python -c 'import sys; print(sys.prefix)'"
    )
    code, log = run(["sh", "-c", script])
    lines = log.splitlines()
    assert code == 0
    assert (lines[0], lines[-1]) == ("10001", "/opt/venv")
    assert len([line for line in lines if "Permission denied" in line]) == 3


def test_only_the_pipeline_is_inside(run: Run) -> None:
    script = (
        "import importlib.util as u, pathlib;"
        "names = ('titanic', 'taller', 'docker_provider', 'pip', 'pytest');"
        "print([name for name in names if u.find_spec(name)]);"
        "print(sorted(p.name for p in pathlib.Path('/app').iterdir()));"
        "print(sorted(p.name for p in pathlib.Path('/app/src').iterdir()))"
    )
    _, log = run(["python", "-c", script])
    assert log.splitlines() == [
        "['titanic']",
        "['.cache', 'data', 'models', 'src']",
        "['titanic']",
    ]


def test_the_image_keeps_no_address_of_a_package_index(
    engine: docker.DockerClient, image: str
) -> None:
    layers = engine.images.get(image).history()
    configuration = json.dumps([engine.images.get(image).attrs, layers])
    assert not [name for name in INDEXES if name in configuration]


def test_a_source_change_rebuilds_in_under_three_seconds_from_cached_dependencies(
    engine: docker.DockerClient, image: str, tmp_path: Path, prefix: str, leftovers: None
) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name in (".dockerignore", "Dockerfile", "requirements-image.lock"):
        shutil.copy2(ROOT / name, context)
    shutil.copytree(ROOT / "src" / "titanic", context / "src" / "titanic")
    with (context / "src" / "titanic" / "cli.py").open("a", encoding="utf-8") as source:
        source.write(f"# {prefix}\n")
    started = time.monotonic()
    output = build(engine, context, f"{prefix}-titanic:changed")
    assert time.monotonic() - started < 3
    steps = [step.split(" : ", 1)[1] for step in output.split("Step ")[1:]]
    rebuilt = [step.split()[0] for step in steps if "Using cache" not in step]
    assert rebuilt == ["ARG", "FROM", "FROM", "COPY", "CMD"]  # the first three are never cached


@pytest.mark.slow
def test_buildkit_builds_it_too(engine: docker.DockerClient, prefix: str, leftovers: None) -> None:
    tag = f"{prefix}-titanic:buildkit"
    with (ROOT / ".dockerignore").open(encoding="utf-8") as rules:
        exclude = [line.strip() for line in rules if not line.startswith("#")]
    # The Python client only speaks to the classic builder; BuildKit is version 2 of the same call.
    with docker.utils.tar(str(ROOT), exclude=exclude, gzip=True) as context:
        answer = engine.api.post(
            f"{engine.api.base_url}/v{engine.api.api_version}/build",
            params={"version": "2", "t": tag, "buildargs": json.dumps(build_arguments())},
            headers={"Content-Type": "application/x-tar"},
            data=context,
            timeout=280,
        )
    assert "Successfully tagged" in answer.text, answer.text[-2000:]
    assert engine.images.get(tag).attrs["Config"]["User"] == "titanic"


def test_artefacts_can_be_copied_out_of_a_volume_as_plain_files(
    run: Run, engine: docker.DockerClient, prefix: str
) -> None:
    assert stage(run, prefix, "ingest")[0] == 0
    (container,) = engine.containers.list(all=True, filters={"name": prefix})
    stream, _ = container.get_archive("/app/data/raw/titanic.csv")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        (member,) = archive.getmembers()
    assert member.isfile()
    assert member.size == 117_743
