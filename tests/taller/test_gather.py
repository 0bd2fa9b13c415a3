"""Facts on the real engine are what Terraform and Docker say, here for exercise 1."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from taller.catalog import Exercise, load_catalog
from taller.checks import load_checks, needs, run_checks
from taller.checks.gather import gather, live
from taller.provider import stop_server, terraform
from taller.result import Result
from taller.terraform import TerraformError
from taller.workspace import Workspace, workspace

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)
EJ01 = CATALOG.exercise("ej01")
SOLUTION = json.loads(CATALOG.solution(EJ01).read_text())

pytestmark = pytest.mark.engine


@pytest.fixture
def place(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch, leftovers: None
) -> Iterator[Workspace]:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = workspace(prefix, "ej01")
    yield made
    stop_server(made)


def answer(place: Workspace, notebook: dict[str, Any]) -> None:
    """Do what the notebook's cells do: write the HCL, apply it."""
    for cell in notebook["cells"]:
        magic, _, text = "".join(cell["source"]).partition("\n")
        if magic.startswith("%%hcl "):
            (place.folder / magic.removeprefix("%%hcl ")).write_text(text + "\n")
    gateway = terraform(place)
    try:
        gateway.init()
        gateway.apply(declared_prefix(place))
    except TerraformError:  # a wrong answer may well be refused: the verdict is what counts
        return


def declared_prefix(place: Workspace) -> dict[str, str]:
    declared = "variable " in (place.folder / "versions.tf").read_text()
    return {"prefix": place.prefix} if declared else {}


def verdict(place: Workspace, *, exercise: Exercise = EJ01) -> Result:
    wanted = needs(load_checks(exercise.checks_file))
    facts = gather(exercise, live(place, exercise), place.folder, place.prefix, wanted)
    return run_checks(exercise, facts, include_hidden=True)


def test_the_solution_gets_every_point(place: Workspace, engine: docker.DockerClient) -> None:
    answer(place, SOLUTION)
    result = verdict(place)
    assert (result.status, result.score) == ("graded", EJ01.points), result.to_json()
    assert [v for v in engine.volumes.list() if v.name.startswith(place.prefix)] == []


def test_the_untouched_exercise_gets_no_point(place: Workspace) -> None:
    answer(place, json.loads(CATALOG.pristine(EJ01).read_text()))
    result = verdict(place)
    assert (result.status, result.score) == ("graded", 0), result.to_json()


def test_a_deleted_object_is_seen_and_healed(place: Workspace) -> None:
    answer(place, SOLUTION)
    exercise = Exercise(**{**vars(EJ01), "repair": "docker_volume.raw"})
    facts = gather(exercise, live(place, exercise), place.folder, place.prefix, {"repair"})
    repaired = facts.repaired()
    assert repaired.before.changes() == {"docker_volume.raw": ("create",)}
    assert repaired.after.changes() == {}
    assert facts.volume(f"{place.prefix}_raw")["Driver"] == "local"


def test_only_what_is_needed_is_gathered(place: Workspace) -> None:
    answer(place, SOLUTION)
    facts = gather(EJ01, live(place, EJ01), place.folder, place.prefix)
    assert (facts.plan, facts.replans, facts.repair, facts.destroy_leftovers) == (
        None, {}, None, None,
    )  # fmt: skip
    assert facts.output("raw_volume") == f"{place.prefix}_raw"
    assert set(facts.files) == {"main.tf", "versions.tf", "outputs.tf"}


def test_logs_and_files_in_volumes_are_read(place: Workspace, engine: docker.DockerClient) -> None:
    name = f"{place.prefix}_job"
    engine.containers.run(
        "taller/base:bookworm",
        ["sh", "-c", "echo hola; echo '{}' > /v/m.json; head -c 9 /dev/zero > /v/m.pkl"],
        name=name, volumes={f"{place.prefix}_v": {"bind": "/v"}}, network_mode="none",
    )  # fmt: skip
    facts = gather(EJ01, live(place, EJ01), place.folder, place.prefix, {"logs", "artefacts"})
    assert facts.log(name) == "hola\n"
    for name, content, said in (("m.json", b"{}\n", "{}\n"), ("m.pkl", b"\0" * 9, None)):
        assert facts.artefact(f"{place.prefix}_v", name) == {
            "size": len(content), "text": said, "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
    assert facts.document(f"{place.prefix}_v", "m.json") == {}
    with pytest.raises(AssertionError, match="no es un documento JSON"):
        facts.document(f"{place.prefix}_v", "m.pkl")
    with pytest.raises(AssertionError, match=r"m\.txt"):
        facts.artefact(f"{place.prefix}_v", "m.txt")


def test_an_image_that_another_run_tagged_too_shows_only_our_tags(
    place: Workspace, engine: docker.DockerClient
) -> None:
    image = engine.images.get("taller/base:bookworm")
    image.tag(f"{place.prefix}-mine", "v1")
    image.tag(f"{place.prefix}x-theirs", "v1")
    facts = gather(EJ01, live(place, EJ01), place.folder, place.prefix)
    assert [found["RepoTags"] for found in facts.images] == [[f"{place.prefix}-mine:v1"]]
    assert facts.image(f"{place.prefix}-mine:v1")["Id"] == image.id


def test_values_of_the_wrong_type_are_a_wrong_answer(place: Workspace) -> None:
    exercise = Exercise(**{**vars(EJ01), "values": {"motivo": "string", "n": "number"}})
    values = {"motivo": 3, "n": 3, "otro": 1}
    facts = gather(exercise, live(place, exercise), place.folder, place.prefix, values=values)
    assert facts.value("n") == 3
    with pytest.raises(AssertionError, match="«motivo» debe ser de tipo string"):
        facts.value("motivo")
    with pytest.raises(AssertionError, match="Falta el valor «otro»"):
        facts.value("otro")


def test_links_out_of_the_workspace_are_not_read(place: Workspace) -> None:
    (place.folder / "secret.tf").symlink_to("/etc/hostname")
    (place.folder / "binary.tf").write_bytes(b"\xff\xfe")
    facts = gather(EJ01, live(place, EJ01), place.folder, place.prefix)
    assert facts.files == {}
