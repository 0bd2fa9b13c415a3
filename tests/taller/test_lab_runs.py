"""A lab drives the real Terraform and the real engine."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from taller.lab import Lab, LabError
from taller.provider import running_server
from taller.workspace import workspace

pytestmark = pytest.mark.engine

VERSIONS = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

provider "docker" {}

variable "prefix" {
  type = string
}
"""


def volumes(*names: str) -> str:
    return "".join(
        f'\nresource "docker_volume" "{name}" {{\n  name = "${{var.prefix}}_{name}"\n}}\n'
        f'\noutput "{name}" {{\n  value = docker_volume.{name}.name\n}}\n'
        for name in names
    )


@pytest.fixture
def lab(
    tmp_path: Path, prefix: str, engine: docker.DockerClient, leftovers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:  # fmt: skip
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = Lab("leccion-99", prefix=prefix, banner=False)
    made.write("versions.tf", VERSIONS)
    yield made
    made.teardown()


def names(engine: docker.DockerClient, prefix: str) -> set[str]:
    return {v.name for v in engine.volumes.list() if v.name.startswith(prefix)}


def test_the_plan_just_made_is_the_one_that_is_applied(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", volumes("raw"))
    assert lab.plan().to_create == ["docker_volume.raw"]
    applied = lab.apply()
    assert [event for event in applied.raw_text.splitlines() if "Plan:" in event] == []
    assert (applied.added, applied.outputs["raw"]) == (1, f"{prefix}_raw")
    assert lab.output()["raw"] == f"{prefix}_raw"
    assert lab.state_list() == ("docker_volume.raw",)


def test_applying_twice_changes_nothing(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.apply()
    again = lab.apply()
    assert (again.added, again.changed, again.destroyed) == (0, 0, 0)
    assert "Nada que aplicar" in repr(again)


def test_a_plan_is_not_reused_after_the_configuration_changed(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.plan()
    lab.write("main.tf", volumes("raw", "gold"))
    assert lab.apply().added == 2


def test_what_was_removed_from_docker_is_seen_and_healed(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    lab.write("main.tf", volumes("raw", "gold"))
    lab.apply()
    lab.plan()
    assert "eliminado de Docker" in lab.docker.remove_volume(f"{prefix}_raw")
    assert "docker_volume.raw ya no existe" in repr(lab.plan())
    assert lab.apply().added == 1
    assert names(engine, prefix) == {f"{prefix}_raw", f"{prefix}_gold"}


def test_only_own_objects_are_listed_and_removed(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    other = engine.volumes.create(f"{prefix}0_raw")
    try:
        assert lab.docker.volumes().column("nombre") == []
        with pytest.raises(LabError, match="no es un volumen de esta ejecución"):
            lab.docker.remove_volume(other.name)
    finally:
        other.remove()


def test_a_variable_that_nobody_declares_is_an_error(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"))
    with pytest.raises(LabError, match=r'no declara[\s\S]*"image_tga"'):
        lab.plan(image_tga="v1")


def test_variables_go_with_the_call(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", volumes("raw") + '\nvariable "ports" {\n  type = map(number)\n}\n'
              '\noutput "ports" {\n  value = var.ports\n}\n')  # fmt: skip
    assert lab.apply(ports={"web": 80}).outputs["ports"] == {"web": 80}
    assert lab.destroy(ports={}).destroyed == 1


def test_a_module_in_a_subfolder_is_found_without_init_by_hand(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.apply()
    lab.write(
        "modules/capas/main.tf", VERSIONS.replace('provider "docker" {}\n', "") + volumes("x")
    )
    lab.write(
        "main.tf", 'module "capas" {\n  source = "./modules/capas"\n  prefix = var.prefix\n}\n'
    )
    plan = lab.plan()
    assert plan.to_create == ["module.capas.docker_volume.x"]
    assert plan.to_destroy == ["docker_volume.raw"]


def test_init_runs_only_when_what_it_reads_has_changed(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.plan()
    record = lab.folder / ".taller" / "init.key"
    first = record.stat().st_mtime_ns
    lab.write("main.tf", volumes("raw", "gold"))
    lab.plan()
    assert record.stat().st_mtime_ns == first
    lab.write("versions.tf", VERSIONS.replace("~> 3.0", "~> 3.1"))
    lab.plan()
    assert record.stat().st_mtime_ns > first


def test_a_lost_terraform_folder_is_prepared_again(lab: Lab) -> None:
    lab.write("modules/m/main.tf", 'output "x" {\n  value = 1\n}\n')
    lab.write("main.tf", 'module "m" {\n  source = "./modules/m"\n}\n')
    lab.plan()
    (lab.folder / ".terraform" / "modules" / "modules.json").unlink()
    assert lab.plan().to_create == []


def test_validate_test_fmt_and_other_commands_answer(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.write("tests/nombres.tftest.hcl", 'run "el_prefijo" {\n  command = plan\n  variables {\n'
              '    prefix = "stg"\n  }\n  assert {\n    condition     = output.raw == "stg_raw"\n'
              '    error_message = "sin prefijo"\n  }\n}\n')  # fmt: skip
    assert lab.validate().valid
    assert lab.test().passed
    saved = lab.write("x.tf", 'locals {\na="b"\n}\n')
    assert '+  a = "b"' in saved.diff
    assert lab.fmt().column("archivo") == ["x.tf"]
    assert (lab.folder / "x.tf").read_text() == 'locals {\n  a = "b"\n}\n'
    assert "hashicorp" not in lab.terraform("providers").stdout
    with pytest.raises(LabError, match="terminó con un error"):
        lab.terraform("state", "show", "docker_volume.nada")
    with pytest.raises(LabError, match="espera que escribas"):
        lab.terraform("console")


def test_a_backend_that_changed_is_not_migrated_by_itself(lab: Lab, tmp_path: Path) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.apply()
    lab.write("backend.tf", 'terraform {\n  backend "local" {\n'
              f'    path = "{tmp_path}/otro.tfstate"\n  }}\n}}\n')  # fmt: skip
    with pytest.raises(LabError, match=r"lab\.init\(migrate_state=True\)"):
        lab.plan()
    lab.init(migrate_state=True)
    assert lab.state_list() == ("docker_volume.raw",)
    assert lab.plan().empty


def test_the_files_and_their_origin_are_listed_and_can_be_forgotten(lab: Lab) -> None:
    lab.write("main.tf", volumes("raw"), _number=4)
    assert [(row["archivo"], row["celda"]) for row in lab.files()] == [
        ("main.tf", "[4]"), ("versions.tf", ""),
    ]  # fmt: skip
    assert "queda una copia" in lab.remove("main.tf")
    assert lab.files().column("archivo") == ["versions.tf"]


def test_a_file_that_another_notebook_wrote_is_kept_when_it_is_overwritten(
    lab: Lab, prefix: str
) -> None:
    lab.write("main.tf", volumes("raw"))
    other = Lab("leccion-99", prefix=prefix, banner=False)
    saved = other.write("main.tf", volumes("gold"))
    assert "Lo que había antes está en" in repr(saved)
    assert other.write("main.tf", volumes("silver")).remarks == []


def test_teardown_leaves_nothing_and_can_be_repeated(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.apply()
    assert running_server(workspace(prefix, "leccion-99")) is not None
    assert "docker_volume.raw" in repr(lab.teardown())
    assert names(engine, prefix) == set()
    assert running_server(workspace(prefix, "leccion-99")) is None
    assert lab.teardown().removed == []


def test_teardown_works_with_a_configuration_that_terraform_refuses(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    lab.write("main.tf", volumes("raw"))
    lab.apply()
    with pytest.raises(LabError):
        lab.write("main.tf", "esto no es HCL")
    assert lab.teardown().removed == [f"{prefix}_raw"]
    assert names(engine, prefix) == set()


def test_an_exercise_keeps_its_points_and_copies_of_its_files(
    lab: Lab, prefix: str, tmp_path: Path
) -> None:
    exercise = Lab("ej01", prefix=prefix, banner=False)
    exercise.write("versions.tf", VERSIONS)
    card = exercise.check()
    assert card is not None
    assert 0 < card.score < card.max_score
    exercise.teardown()
    private = tmp_path / "workspaces" / prefix / "ej01" / ".taller"
    assert sum(json.loads((private / "progress.json").read_text())["points"].values()) == card.score
    assert [path.name for path in (private / "previous").iterdir()] == ["versions.tf.00001"]
    assert exercise.files().rows == []


def test_checks_hints_and_values_belong_to_exercises(lab: Lab, prefix: str) -> None:
    exercise = Lab("1", prefix=prefix, banner=False)
    assert "Pista 1" in repr(exercise.hint("gold_volume_exists"))
    with pytest.raises(LabError, match="Prueba con: gold_volume_exists"):
        exercise.check("gold_volume_exist")
    with pytest.raises(LabError, match="No hay pista de nivel 9"):
        exercise.hint("gold_volume_exists", 9)
    with pytest.raises(LabError, match="es una lección"):
        lab.check()
    with pytest.raises(LabError, match="es una lección"):
        lab.values(x=1)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [("ej99", "dev", "No existe el ejercicio"), ("ej01", "Dev Uno", "prefijo «Dev Uno»")],
)
def test_a_lab_that_cannot_be_opened_says_why(name: str, wrong: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        Lab(name, prefix=wrong)


def test_without_terraform_the_banner_and_each_cell_say_how_to_get_it(
    lab: Lab, prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nada")
    monkeypatch.setattr(sys, "executable", "/nada/python")  # the one that the doctor brings
    fresh = Lab("leccion-99", prefix=prefix)
    shown = capsys.readouterr().out
    assert "✗ Hace falta Terraform" in shown
    assert "taller doctor --fix" in shown
    assert "puedes seguir leyendo" in shown
    assert "Sin comprobar" in repr(fresh.write("main.tf", volumes("raw")))
    with pytest.raises(LabError, match="taller doctor --fix"):
        fresh.plan()


def test_without_docker_the_banner_says_what_to_do(
    lab: Lab, prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("DOCKER_HOST", "unix:///nada.sock")
        Lab("leccion-99", prefix=prefix)
    assert "el socket no existe" in capsys.readouterr().out


def test_a_stage_runs_here_and_shows_its_log(lab: Lab) -> None:
    run = lab.stage("ingest")
    assert (lab.data / "raw").is_dir()
    assert "1309" in run.log
    with pytest.raises(LabError, match="La etapa «train» terminó con el código"):
        lab.stage("train")
    with pytest.raises(LabError, match="No existe la etapa «ingesta»"):
        lab.stage("ingesta")


def test_a_plan_and_what_exists_can_be_drawn(lab: Lab, prefix: str) -> None:
    assert lab.picture().count == 0
    lab.write("main.tf", volumes("raw"))
    assert f"volumen {prefix}_raw: planned" in repr(lab.picture(lab.plan()))
    lab.apply()
    assert f"volumen {prefix}_raw: present" in repr(lab.picture())
    assert "<svg" in lab.picture()._repr_html_()
    assert "docker_volume.raw" in str(lab.graph())
