"""The parts of a submission's way that need no engine: read, align, screen."""

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from taller.catalog import load_catalog
from taller.grading.align import align
from taller.grading.read import InvalidNotebook, Notebook, read_bytes, read_notebook
from taller.grading.submissions import collect
from taller.hcl.configuration import screen_configuration
from taller.hcl.screen import screen

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")
SOLUTION = json.loads(CATALOG.solution(EJ01).read_text("utf-8"))

Json = dict[str, Any]


def notebook(tree: Json) -> Notebook:
    return read_notebook(json.dumps(tree).encode())


PRISTINE = read_notebook(CATALOG.pristine(EJ01).read_bytes())
EXPECTED = align(PRISTINE, notebook(SOLUTION)).sources()


# --- read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vacío"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'{"nbformat": 4, "cells": [', "termina antes de tiempo"),
        (b'{"nbformat": 4 "cells"}', "no es JSON"),
        (b"[" * 100_000, "demasiados niveles"),
        (b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 5000 + b"}", "miles de cifras"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 120_000 + b"{}]}", "120001 celdas y caben 2000"),
        (json.dumps({"nbformat": "x" * 10**6, "cells": []}).encode(), "formato xxx"),
        (
            json.dumps(
                {
                    "nbformat": 4,
                    "cells": [
                        {"cell_type": "code", "source": "%%hcl main.tf\n" + "a = 1\n" * 200_000}
                    ],
                }
            ).encode(),
            "La celda 1 tiene 1171 kB",
        ),
        (
            json.dumps(
                {"nbformat": 4, "cells": [{"cell_type": "code", "source": "x" * 500_000}] * 20}
            ).encode(),
            "El notebook tiene 9765 kB",
        ),
        (b"[]", "no un notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "formato 3"),
        (b'{"nbformat": 4}', "lista de celdas"),
        (b'{"nbformat": 4, "cells": [7]}', "La celda 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}', "La celda 1"),
    ],
)
def test_bytes_that_are_no_notebook_are_explained(content: bytes, words: str) -> None:
    with pytest.raises(InvalidNotebook) as error:
        read_notebook(content)
    assert words in error.value.message
    assert error.value.suggestion


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ej01.ipynb").symlink_to(CATALOG.solution(EJ01))
    with pytest.raises(InvalidNotebook, match="enlace"):
        read_bytes(tmp_path / "ej01.ipynb")


def test_metadata_of_any_type_is_read(tmp_path: Path) -> None:
    odd = {"cell_type": 1, "id": [], "metadata": {"tags": 3, "nbgrader": "x"}, "source": "x"}
    half = {"cell_type": "code", "id": "\ud800", "source": "\ud800"}
    first, second = notebook({"nbformat": 4, "cells": [odd, half]}).cells
    assert (first.kind, first.id, first.grade_id, first.source) == ("", "", "", "")
    assert (second.kind, second.id, second.source) == ("code", "?", "?")


def test_the_name_given_out_comes_before_other_names(tmp_path: Path) -> None:
    for name in ("ej01_copia.ipynb", f"{EJ01.name}.ipynb", ".ipynb_checkpoints/ej01.ipynb"):
        path = tmp_path / "ana" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (found,) = collect(tmp_path, CATALOG).submissions
    assert found.path.name == f"{EJ01.name}.ipynb"
    assert [path.name for path in found.ignored] == ["ej01_copia.ipynb"]


# --- align --------------------------------------------------------------------


def stripped(tree: Json, *, ids: bool, metadata: bool) -> Json:
    tree = copy.deepcopy(tree)
    for cell in tree["cells"]:
        if ids:
            del cell["id"]
        if metadata:
            cell["metadata"] = {}
    return tree


@pytest.mark.parametrize(
    ("ids", "metadata", "confidence"),
    [(False, False, 1.0), (False, True, 1.0), (True, False, 0.95), (True, True, 0.9)],
)
def test_answers_are_found_whatever_was_stripped(
    ids: bool, metadata: bool, confidence: float
) -> None:
    found = align(PRISTINE, notebook(stripped(SOLUTION, ids=ids, metadata=metadata)))
    assert found.sources() == EXPECTED
    assert {answer.confidence for answer in found.answers} == {confidence}


def test_reordered_cells_still_answer(tmp_path: Path) -> None:
    tree = copy.deepcopy(SOLUTION)
    tree["cells"].reverse()
    assert align(PRISTINE, notebook(tree)).sources() == EXPECTED


def test_a_cell_added_beside_an_answer_goes_with_it() -> None:
    tree = copy.deepcopy(SOLUTION)
    index = next(i for i, c in enumerate(tree["cells"]) if c["id"] == "answer-main_tf")
    tree["cells"].insert(index + 1, {"cell_type": "code", "metadata": {}, "source": "x = 1"})
    found = align(PRISTINE, notebook(tree)).sources()
    assert found["main_tf"] == (*EXPECTED["main_tf"], "x = 1")


def test_changes_elsewhere_have_no_effect_and_are_flagged() -> None:
    tree = copy.deepcopy(SOLUTION)
    check = next(c for c in tree["cells"] if c["id"] == "check-volumes")
    check["source"] = "assert True"
    found = align(PRISTINE, notebook(tree))
    assert found.sources() == EXPECTED
    assert any("check-volumes cambiada" in flag for flag in found.flags)


def test_a_prefix_of_ones_own_is_no_change() -> None:
    tree = copy.deepcopy(SOLUTION)
    parameters = next(c for c in tree["cells"] if "parameters" in c["metadata"].get("tags", ()))
    parameters["source"] = 'prefix = "ana"\n'
    injected = {"cell_type": "code", "id": "p1", "metadata": {"tags": ["injected-parameters"]},
                "source": '# Parameters\nprefix = "ci"\n'}  # fmt: skip
    tree["cells"].insert(tree["cells"].index(parameters) + 1, injected)
    found = align(PRISTINE, notebook(tree))
    assert (found.sources(), found.flags) == (EXPECTED, ())


def test_a_copied_cell_is_kept_and_flagged() -> None:
    tree = copy.deepcopy(SOLUTION)
    index = next(i for i, c in enumerate(tree["cells"]) if c["id"] == "answer-main_tf")
    tree["cells"].insert(index + 1, {**tree["cells"][index], "source": "%%hcl main.tf\n# otra"})
    found = align(PRISTINE, notebook(tree))
    assert found.sources()["main_tf"] == (*EXPECTED["main_tf"], "%%hcl main.tf\n# otra")
    assert any("2 copias" in flag for flag in found.flags)


def added(source: str, *, after: str = "") -> list[str]:
    """The texts of the answers when a cell was added after another, or at the end."""
    tree = copy.deepcopy(SOLUTION)
    ids = [cell["id"] for cell in tree["cells"]]
    index = ids.index(after) + 1 if after else len(ids)
    tree["cells"].insert(index, {"cell_type": "code", "metadata": {}, "source": source})
    return [text for texts in align(PRISTINE, notebook(tree)).sources().values() for text in texts]


@pytest.mark.parametrize("after", ["", "check-provider", "4b0806fb3668"])
@pytest.mark.parametrize(
    "source", ["%%hcl extra.tf\nlocals {}", "\n%%hcl  extra.tf \nlocals {}", "%%writefile x\ny"]
)
def test_an_added_cell_that_writes_a_file_counts_wherever_it_is(source: str, after: str) -> None:
    assert source in added(source, after=after)


def test_an_added_cell_goes_after_the_answer_that_writes_the_same_file() -> None:
    tree = copy.deepcopy(SOLUTION)
    source = "%%hcl main.tf\nlocals {}"
    tree["cells"].append({"cell_type": "code", "metadata": {}, "source": source})
    found = align(PRISTINE, notebook(tree))
    assert found.sources()["main_tf"] == (*EXPECTED["main_tf"], source)
    assert any("cuenta, porque escribe main.tf" in flag for flag in found.flags)


def test_other_cells_added_far_from_an_answer_do_not_count() -> None:
    assert "lab.destroy()" not in added("lab.destroy()", after="4b0806fb3668")


@pytest.mark.parametrize("cells", [[], [{"cell_type": "code", "source": "import pandas as pd"}]])
def test_a_notebook_with_nothing_of_the_exercise_is_not_graded_as_one(cells: list[Json]) -> None:
    with pytest.raises(InvalidNotebook, match="no es el del ejercicio"):
        align(PRISTINE, notebook({"nbformat": 4, "cells": cells}))


@pytest.mark.parametrize(
    "cells",
    [
        [{"cell_type": "code", "source": "ab" * 90_000}] * 20,
        [{"cell_type": "code", "id": "x", "source": ""}] * 1900,
        [{"cell_type": "code", "id": f"{n}", "source": f"%%hcl {n}.tf\n"} for n in range(1900)],
        [{"cell_type": "code", "source": "# TODO: " + "declara " * n} for n in range(300)],
    ],
)
def test_odd_notebooks_are_aligned_in_a_moment(cells: list[Json]) -> None:
    content = json.dumps({"nbformat": 4, "cells": [*SOLUTION["cells"], *cells]}).encode()
    for cell in SOLUTION["cells"]:
        content = content.replace(cell["id"].encode(), b"y" + cell["id"].encode())
    began = time.process_time()
    align(PRISTINE, read_notebook(content))
    assert time.process_time() - began < 10  # 1 s on an idle machine


def test_a_deleted_answer_stays_as_it_was_given_out() -> None:
    tree = copy.deepcopy(SOLUTION)
    tree["cells"] = [c for c in tree["cells"] if c["id"] != "answer-main_tf"]
    found = {answer.grade_id: answer for answer in align(PRISTINE, notebook(tree)).answers}
    assert found["main_tf"].confidence == 0
    assert "# TODO" in found["main_tf"].sources[0]


# --- screen -------------------------------------------------------------------

ALLOWED = """
terraform {
  required_providers { docker = { source = "kreuzwerker/docker", version = "~> 3.0" } }
}
provider "docker" {}
module "capa" { source = "./modules/capa" }
# file("/etc/passwd") en un comentario
resource "docker_image" "x" {
  name     = "usa file(x) en un texto"
  triggers = { for f in fileset(path.module, "src/**") : f => filesha1("${path.module}/${f}") }
  keep     = var.file
}
"""


def rules(text: str, name: str = "main.tf", *, remote_state: bool = False) -> set[str]:
    return {denial.rule for denial in screen({name: text}, remote_state=remote_state)}


def test_what_the_exercises_need_is_allowed() -> None:
    assert screen({"main.tf": ALLOWED}) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('module "m" { source = "git::https://example.com/x" }', "module_source"),
        ('module "m" { source = "./../../otro" }', "module_source"),
        ('module "m" { source = "a/b/c" }', "module_source"),
        ('module "m" { source = "github.com/a" }', "module_source"),
        ('module "m" { source = "modules//a" }', "module_source"),
        ('terraform { backend "s3" {} }', "backend"),
        ('terraform { cloud { organization = "x" } }', "cloud"),
        ('terraform { required_providers { aws = { source = "hashicorp/aws" } } }', "provider"),
        ("terraform { required_providers { random = {} } }", "provider"),
        ('provider "aws" {}', "provider"),
        ('provider "docker" { ssh_opts = ["-o", "ProxyCommand=sh"] }', "ssh_opts"),
        ('resource "null_resource" "x" {}', "provider"),
        ('resource "docker_plugin" "x" { name = "x" }', "docker_plugin"),
        ('resource "docker_volume" "x" { provisioner "local-exec" { command = "x" } }',
         "provisioner"),
        ('removed {\n from = docker_volume.x\n provisioner "local-exec" { command = "x" }\n}',
         "provisioner"),
        ('data "external" "x" { program = ["sh"] }', "external"),
        ('check "x" {\n data "http" "y" { url = "http://x" }\n}', "http"),
        ('ephemeral "vault_token" "x" {}', "provider"),
        ('data "http" "x" { url = "http://x" }', "http"),
        ('data "terraform_remote_state" "x" { backend = "local" }', "terraform_remote_state"),
        ('locals { x = file("/proc/self/environ") }', "file_function"),
        ('locals { x = file("../otro/main.tf") }', "file_function"),
        ('locals { x = file("${path.module}/../x") }', "file_function"),
        ('locals { x = file("\\u002e\\u002e/x") }', "file_function"),
        ('locals { x = "a ${filebase64("/etc/passwd")} b" }', "file_function"),
        ("locals {\n x = <<-E\n ${templatefile(\"/etc/passwd\", {})}\n E\n}", "file_function"),
        ('locals { x = core::file("/etc/passwd") }', "file_function"),
        ('locals { x = file(abspath("/etc/passwd")) }', "file_function"),
        ('locals { x = file("~/.ssh/id_rsa") }', "file_function"),
        ('locals { x = file("/etc/${var.x}") }', "file_function"),
        ('locals { x = file("${var.root_path}/../otro") }', "file_function"),
        ('locals { x = file("${path.root}/../${var.x}/y") }', "file_function"),
        ('locals { x = fileset(path.module, "../**") }', "file_function"),
        ('locals { x = /* y */ file /* z */ (\n"/etc/passwd") }', "file_function"),
    ],
)  # fmt: skip
def test_what_is_forbidden_is_denied_under_its_own_name(text: str, rule: str) -> None:
    assert rules(text) == {rule}


@pytest.mark.parametrize(
    "expression",
    [
        'filesha256("${path.module}/main.tf")',
        'filesha1("${path.root}/./a/../main.tf")',
        'file("${path.cwd}/x")',
        'file("plantilla.tpl")',
        'filemd5("${var.root_path}/src/titanic/cli.py")',
        'file("${abspath(path.module)}/x")',
        'file(abspath("${path.module}/x"))',
        "file(var.camino)",
        "file(local.rutas[0])",
        'templatefile("${path.module}/x.tpl", { a = "/etc/passwd" })',
        '{ for f in fileset("${var.root_path}/src", "**/*.py") : f => '
        'filesha256("${var.root_path}/src/${f}") }',
        'sha1(join("", [for f in fileset("${var.root_path}/src/titanic", "**") : '
        'filesha1("${var.root_path}/src/titanic/${f}")]))',
        '[for f in var.nombres : file("${path.module}/${f}.txt")]',
        'file("ñandú/${local.año}.txt")',
        '"file(\\"/etc/passwd\\")"',
        '"$${file("',
    ],
)
def test_a_path_in_the_workspace_given_or_computed_is_allowed(expression: str) -> None:
    assert rules(f"locals {{\n  x = {expression}\n}}\n") == set()


def test_a_folder_without_its_dot_is_left_to_terraform_which_takes_it_for_no_address() -> None:
    assert rules('module "m" { source = "modules/a" }') == set()
    assert rules('module "m" { source = "a" }') == set()


def test_a_module_may_read_what_lies_beside_it() -> None:
    text = 'locals { x = file("${path.module}/../b/x.txt") }'
    assert rules(text, name="modules/a/main.tf") == set()
    assert rules(text) == {"file_function"}
    call = 'module "b" { source = "../b" }'
    assert rules(call, name="modules/a/main.tf") == set()
    assert rules(call) == {"module_source"}


def test_what_our_reader_cannot_parse_is_refused_only_for_what_surely_stands_there() -> None:
    broken = 'locals { x = @ }\nresource "docker_volume" "x" {\n'
    assert rules(broken) == set()
    assert rules(broken + ' provisioner "local-exec" { command = "x" }\n}') == {"provisioner"}
    assert rules(broken + " # un provisioner aquí no\n") == set()
    assert rules(broken + 'y = file("/etc/passwd")') == {"file_function"}


PLANNED = {
    "provider_config": {
        "docker": {"name": "docker", "full_name": "registry.terraform.io/kreuzwerker/docker"},
        "t": {"name": "terraform", "full_name": "terraform.io/builtin/terraform"},
    },
    "root_module": {
        "resources": [{"mode": "managed", "type": "docker_volume", "name": "raw"}],
        "module_calls": {"m": {"source": "./modules/a", "module": {"module_calls": {
            "n": {"source": "../b", "module": {}}}}}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ({}, None),
        ({"provider_config": {"x": {"name": "docker", "full_name": "r.io/otro/docker"}}},
         "provider"),
        ({"provider_config": {"x": {"name": "docker", "expressions": {"ssh_opts": {}}}}},
         "ssh_opts"),
        ({"root_module": {"resources": [{"mode": "managed", "type": "docker_volume",
                                         "provisioners": [{"type": "local-exec"}]}]}},
         "provisioner"),
        ({"root_module": {"resources": [{"mode": "managed", "type": "docker_plugin"}]}},
         "docker_plugin"),
        ({"root_module": {"resources": [{"mode": "data", "type": "external"}]}}, "external"),
        ({"root_module": {"resources": [{"mode": "data", "type": "terraform_remote_state"}]}},
         "terraform_remote_state"),
        ({"root_module": {"module_calls": {"m": {"source": "../m"}}}}, "module_source"),
        ({"root_module": {"module_calls": {"m": {"source": "./m", "module": {
            "resources": [{"mode": "data", "type": "http"}]}}}}}, "http"),
    ],
)  # fmt: skip
def test_terraforms_own_json_is_screened_by_the_same_rules(part: Json, rule: str | None) -> None:
    found = screen_configuration({"configuration": {**PLANNED, **part}})
    assert {denial.rule for denial in found} == ({rule} if rule else set())


def test_json_override_files_are_read_too() -> None:
    text = '{"resource": {"terraform_data": {"x": {"provisioner": {"local-exec": {}}}}}}'
    assert rules(text, name="main_override.tf.json") == {"provisioner"}


def test_the_exercise_on_remote_state_may_have_a_backend() -> None:
    assert rules('terraform { backend "s3" {} }', remote_state=True) == set()
