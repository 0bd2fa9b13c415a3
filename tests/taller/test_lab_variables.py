"""What the lab sets wins over a student's own files; the rest keeps Terraform's order."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from taller.checks.gather import gather, live
from taller.lab import Lab, LabError
from taller.lab.given import given_variables
from taller.workspace import Workspace

pytestmark = pytest.mark.engine

PROVIDER = """terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}
"""
PREFIX = 'variable "prefix" {\n  type = string\n}\n'
VOLUME = 'resource "docker_volume" "raw" {\n  name = "${var.prefix}_raw"\n}\n'


@pytest.fixture
def lab(
    tmp_path: Path, prefix: str, engine: docker.DockerClient, leftovers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:  # fmt: skip
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = Lab("ej01", prefix=prefix, banner=False)
    made.write("versions.tf", PROVIDER)
    yield made
    made.teardown(keep=False)


def planned_name(lab: Lab, **variables: str) -> str:
    return str(lab.plan(**variables)["docker_volume.raw"].after["name"])


WAYS = {
    "terraform.tfvars": 'prefix = "otro"\n',
    "valores.auto.tfvars": 'prefix = "otro"\n',
    "zz.auto.tfvars.json": '{"prefix": "otro"}\n',
}


@pytest.mark.parametrize("name", WAYS)
def test_a_students_file_does_not_change_the_prefix(lab: Lab, prefix: str, name: str) -> None:
    lab.write("main.tf", PREFIX + VOLUME)
    lab.write(name, WAYS[name])
    assert planned_name(lab) == f"{prefix}_raw"
    lab.apply()
    assert lab.docker.volumes().column("nombre") == [f"{prefix}_raw"]
    assert lab.plan().empty
    assert lab.terraform("plan", "-detailed-exitcode").returncode == 0
    assert lab.destroy().destroyed == 1


def test_the_environment_does_not_change_it_either(
    lab: Lab, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_prefix", "otro")
    lab.write("main.tf", PREFIX + VOLUME)
    assert planned_name(lab) == f"{prefix}_raw"


def test_who_says_it_in_the_call_gets_it(lab: Lab) -> None:
    lab.write("main.tf", PREFIX + VOLUME)
    assert planned_name(lab, prefix="vecina") == "vecina_raw"


def test_checks_and_other_plans_are_made_with_their_own_values(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", PREFIX + VOLUME)
    lab.write("terraform.tfvars", 'prefix = "otro"\n')
    lab.apply()
    exercise = lab.exercise
    assert exercise is not None
    place = Workspace(prefix, lab.name, lab.folder)
    facts = gather(
        exercise, live(place, exercise), lab.folder, prefix, {"plan", *exercise.replans},
        variables=given_variables(lab.folder, prefix),
    )  # fmt: skip
    assert facts.planned().changes() == {}
    ((name, others),) = exercise.replans.items()
    (volume,) = facts.replan(name).resources("docker_volume")
    assert volume.values["name"] == f"{others['prefix']}_raw"


ODD = {
    "unquoted label": "variable prefix {\n  type = string\n}\n",
    "on one line": 'variable "prefix" { type = string }\n',
    "a comment between": 'variable /* el\nprefijo */ "prefix" {\n  type = string\n}\n',
    "byte order mark": "\ufeff" + PREFIX,
    "after odd text": 'locals {\n  t = <<-AÑO\n    variable "x" {\n  AÑO\n}\n' + PREFIX,
    "a default": 'variable "prefix" {\n  default = "nada"\n}\n',
    "sensitive": 'variable "prefix" {\n  type      = string\n  sensitive = true\n}\n',
    "not nullable": 'variable "prefix" {\n  type     = string\n  nullable = false\n}\n',
}


@pytest.mark.parametrize("declaration", ODD.values(), ids=ODD)
def test_a_declaration_is_found_however_it_is_written(
    lab: Lab, prefix: str, declaration: str
) -> None:
    (lab.folder / "variables.tf").write_text(declaration, "utf-8")
    lab.write("main.tf", VOLUME)
    lab.write("terraform.tfvars", 'prefix = "otro"\n')
    volume = lab.plan()["docker_volume.raw"].after
    assert volume["name"] == f"{prefix}_raw"


def test_a_declaration_in_json_or_in_an_override_file_is_found(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", VOLUME)
    lab.write("v.tf.json", '{"variable": {"prefix": {"type": "string"}}}')
    lab.write("override.tf", 'variable "prefix" {\n  default = "otro"\n}\n')
    assert planned_name(lab) == f"{prefix}_raw"


def test_a_configuration_that_does_not_declare_it_never_hears_of_it(lab: Lab) -> None:
    text = 'resource "docker_volume" "raw" {\n  name = "fijo"\n}\n'
    lab.write(
        "main.tf", text + 'locals {\n  t = <<-EOT\n    variable "prefix" {\n    }\n  EOT\n}\n'
    )
    lab.write("x.tf", '# variable "root_path" { }\n# variable "build_args" { }\n')
    plan = lab.plan()
    assert (plan.to_create, plan.warnings) == (["docker_volume.raw"], [])


def test_an_ephemeral_variable_is_given_to_the_saved_plan_again(lab: Lab, prefix: str) -> None:
    lab.write("main.tf", 'variable "prefix" {\n  type      = string\n  ephemeral = true\n}\n'
              'resource "docker_volume" "raw" {\n  name = "fijo_x"\n}\n'
              'check "es" {\n  assert {\n    condition     = var.prefix != ""\n'
              '    error_message = "vacío"\n  }\n}\n')  # fmt: skip
    lab.write("main.tf", (lab.folder / "main.tf").read_text().replace("fijo_x", f"{prefix}_x"))
    assert lab.plan().to_create == ["docker_volume.raw"]
    assert lab.apply().added == 1


def test_a_typed_map_and_the_folder_of_the_dockerfile_are_given(lab: Lab) -> None:
    lab.write("main.tf", 'variable "build_args" {\n  type = map(string)\n}\n'
              'variable "root_path" {\n  type = string\n}\nvariable "base_image" {}\n'
              'output "todo" {\n'
              '  value = [var.build_args, var.root_path, var.base_image]\n}\n')  # fmt: skip
    lab.write("terraform.tfvars", 'root_path = "/otro"\nbase_image = "otra"\nbuild_args = {}\n')
    given, root, base = lab.apply().outputs["todo"]
    assert isinstance(given, dict)
    assert (Path(root) / "Dockerfile").is_file()
    assert base != "otra"


def test_what_an_exercise_sets_for_the_student_keeps_terraforms_order(
    lab: Lab, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = Lab("ej03", prefix=prefix, banner=False)
    try:
        third.write("main.tf", PREFIX + 'variable "run_id" {\n  default = "de_casa"\n}\n'
                    'output "run" {\n  value = var.run_id\n}\n')  # fmt: skip
        assert third.apply().outputs["run"] == "local1"
        third.write("terraform.tfvars", 'run_id = "archivo"\n')
        assert third.apply().outputs["run"] == "archivo"
        assert third.apply(run_id="llamada").outputs["run"] == "llamada"
    finally:
        third.teardown(keep=False)


def test_a_validation_that_allows_only_known_environments_refuses_in_its_own_words(
    lab: Lab, prefix: str
) -> None:
    lab.write("main.tf", 'variable "prefix" {\n  type = string\n  validation {\n'
              '    condition     = contains(["dev", "stg", "prod"], var.prefix)\n'
              '    error_message = "prefix: dev, stg o prod."\n  }\n}\n' + VOLUME)  # fmt: skip
    assert planned_name(lab, prefix="dev") == "dev_raw"
    with pytest.raises(LabError, match=r"prefix: dev, stg o prod\."):
        lab.plan()


def test_terraform_test_and_import_get_them_too(
    lab: Lab, prefix: str, engine: docker.DockerClient
) -> None:
    lab.write("main.tf", PREFIX + VOLUME)
    lab.write("terraform.tfvars", 'prefix = "otro"\n')
    lab.write("tests/n.tftest.hcl", 'run "nombre" {\n  command = plan\n  assert {\n'
              f'    condition     = docker_volume.raw.name == "{prefix}_raw"\n'
              '    error_message = docker_volume.raw.name\n  }\n}\n'
              'run "otra" {\n  command = plan\n  variables {\n    prefix = "prueba"\n  }\n'
              '  assert {\n    condition     = docker_volume.raw.name == "prueba_raw"\n'
              '    error_message = docker_volume.raw.name\n  }\n}\n')  # fmt: skip
    assert lab.test().passed
    engine.volumes.create(f"{prefix}_raw")
    lab.terraform("import", "docker_volume.raw", f"{prefix}_raw")
    assert lab.plan().empty
