"""Configurations are read without running them, and mistakes are shown where they are."""

import pytest

from taller.hcl import Hcl, HclError, parse, read_folder

MAIN = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker", version = "~> 3.0" }
  }
  backend "s3" {
    key = "titanic.tfstate"
  }
}
variable "prefix" {
  type = string
}
resource "docker_container" "train" {
  name  = "${var.prefix}_train"
  image = docker_image.pipeline[0].name
  env   = ["MODE=${local.modes[var.mode]}", "A=1"]
  volumes {
    volume_name = docker_volume.gold.name
    read_only   = true
  }
  volumes {
    volume_name = docker_volume.models.name
  }
  dynamic "labels" {
    for_each = var.labels
    content {
      label = labels.key
    }
  }
}
output "name" {
  value = docker_container.train.name
}
module "data_layer" {
  source = "./modules/data_layer"
}
"""


@pytest.fixture(scope="module")
def main() -> Hcl:
    return read_folder({"main.tf": MAIN})


def test_blocks_are_found_by_their_labels(main: Hcl) -> None:
    train = main.resource("docker_container", "train")
    assert train.address == "docker_container.train"
    assert train.get("name") == "${var.prefix}_train"
    assert [block.get("read_only") for block in train.blocks("volumes")] == [True, None]
    assert main.variable("prefix").get("type") == "string"
    assert main.output("name").references() == {"docker_container.train.name"}
    assert main.module("data_layer").get("source") == "./modules/data_layer"


def test_settings_of_terraform_are_found(main: Hcl) -> None:
    assert main.required_providers()["docker"]["source"] == "kreuzwerker/docker"
    backend = main.backend()
    assert backend is not None
    assert (backend.labels, backend.get("key")) == (("s3",), "titanic.tfstate")


def test_dynamic_blocks_count_as_blocks(main: Hcl) -> None:
    (labels,) = main.resource("docker_container", "train").blocks("labels")
    assert labels.get("label") == "${labels.key}"


def test_references_are_found_through_indexes_lists_and_templates(main: Hcl) -> None:
    train = main.resource("docker_container", "train")
    assert train.references("image") == {"docker_image.pipeline.name"}
    assert train.references("env") == {"local.modes", "var.mode"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"${var.a != "" ? "${var.a}_${local.b}" : "raw"}"', {"var.a", "local.b"}),
        ("[for v in var.names : upper(v)]", {"var.names"}),
        ('"$${var.escaped}"', set()),
        ('"var.not_a_reference"', set()),
        ("<<-EOT\n  hola ${var.name}\nEOT\n", {"var.name"}),
    ],
)
def test_only_real_references_count(text: str, expected: set[str]) -> None:
    (block,) = parse("main.tf", f"locals {{\n  a = {text}\n}}\n")
    assert block.references("a") == expected


def test_something_missing_is_said_in_spanish_with_what_there_is(main: Hcl) -> None:
    with pytest.raises(AssertionError, match=r'resource "docker_volume" "raw".*docker_container'):
        main.resource("docker_volume", "raw")


def test_json_and_hcl_syntax_give_the_same_blocks() -> None:
    hcl = parse("a.tf", 'resource "docker_volume" "raw" {\n  name = "${var.p}_raw"\n}\n')
    text = '{"resource": {"docker_volume": {"raw": {"name": "${var.p}_raw"}}}}'
    json = parse("a.tf.json", text)
    assert [(b.labels, b.body) for b in hcl] == [(b.labels, b.body) for b in json]


def test_override_files_win() -> None:
    files = {
        "z.tf": 'resource "docker_volume" "raw" {\n  name = "a"\n  driver = "local"\n}\n',
        "a_override.tf": 'resource "docker_volume" "raw" {\n  name = "b"\n}\n',
    }
    (raw,) = read_folder(files).resources("docker_volume")
    assert raw.body == {"name": "b", "driver": "local"}


def test_each_folder_is_read_on_its_own() -> None:
    files = {"main.tf": "locals {\n}\n", "modules/a/x.tf": 'output "o" {\n  value = 1\n}\n'}
    assert read_folder(files).all("output") == []
    assert read_folder(files, "modules/a").output("o").get("value") == 1


@pytest.mark.parametrize(
    ("name", "text", "line", "column", "words"),
    [
        ("main.tf", 'resource "a" "b" {\n  name = \n}\n', 2, 10, "falta algo"),
        ("main.tf", 'resource "a" "b" {\n  name = "x"\n', 3, 1, "termina antes de tiempo"),
        ("main.tf", "a = 1\n@\n", 2, 1, "no se esperaba «@»"),
        ("main.tf.json", '{"a": \n x}', 2, 2, "JSON no válido"),
        ("main.tf.json", "[]", 1, 1, "se esperaba un objeto"),
        ("main.tf.json", "[" * 100_000, 1, 1, "demasiados niveles"),
        ("main.tf", "a = [" * 50_000, 1, 7, "no se esperaba"),
    ],
)
def test_a_syntax_error_names_file_line_and_column(
    name: str, text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(HclError, match=words) as raised:
        parse(name, text)
    assert (raised.value.file, raised.value.line, raised.value.column) == (name, line, column)
    assert len(raised.value.message) < 400


def test_a_syntax_error_shows_the_line_with_a_mark_below() -> None:
    with pytest.raises(HclError) as raised:
        parse("main.tf", "a = 1\n  b = @\n")
    assert raised.value.message.splitlines()[1:] == ["      b = @", "          ^"]
