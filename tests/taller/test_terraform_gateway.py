"""Terraform through the gateway: the real program, with resources that need no provider."""

from collections.abc import Callable
from pathlib import Path

import pytest

from taller.terraform import Event, Terraform, TerraformError

pytestmark = pytest.mark.engine

Folder = Callable[[str], Path]

PAIR = """
variable "n" { type = number }
resource "terraform_data" "first"  { input = "x" }
resource "terraform_data" "second" {
  input            = var.n
  triggers_replace = [var.n]
}
output "n" { value = terraform_data.second.output }
output "secret" {
  value     = "s"
  sensitive = true
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write a configuration into a folder of its own."""

    def write(hcl: str, name: str = "main.tf") -> Path:
        (tmp_path / name).write_text(hcl)
        return tmp_path

    return write


def test_plan_says_what_apply_would_do(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    plan = terraform.plan({"n": 1})
    assert plan.count("create") == 2
    assert not plan.empty
    second = next(c for c in plan.changes if c.address == "terraform_data.second")
    assert (second.type, second.name, second.before) == ("terraform_data", "second", None)
    assert second.after is not None
    assert second.after["input"] == 1
    assert second.after_unknown["id"] is True
    assert plan.outputs == {"n": "create", "secret": "create"}


def test_a_second_plan_after_apply_is_empty_and_a_replacement_names_its_cause(
    folder: Folder,
) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    assert terraform.apply({"n": 1}).added == 2
    assert terraform.plan({"n": 1}).empty
    change = next(c for c in terraform.plan({"n": 2}).changes if c.name == "second")
    assert change.action == "replace"
    assert change.replace_paths == (("triggers_replace",),)


def test_a_saved_plan_is_applied_as_it_is(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    plan = terraform.plan({"n": 7}, out=terraform.folder / "seven.tfplan")
    applied = terraform.apply(plan=plan)
    assert (applied.added, applied.changed, applied.destroyed) == (2, 0, 0)
    assert terraform.output()["n"].value == 7


def test_outputs_keep_their_type_and_say_what_is_sensitive(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    terraform.apply({"n": 3})
    outputs = terraform.output()
    assert (outputs["n"].value, outputs["n"].type) == (3, "number")
    assert outputs["secret"].sensitive


def test_destroy_leaves_an_empty_state(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    terraform.apply({"n": 1})
    assert terraform.state_list() == ("terraform_data.first", "terraform_data.second")
    assert terraform.destroy({"n": 1}).destroyed == 2
    assert terraform.state_list() == ()
    assert terraform.output() == {}


def test_apply_reports_each_resource_as_it_happens(folder: Folder) -> None:
    seen: list[Event] = []
    terraform = Terraform(folder(PAIR), on_event=seen.append)
    terraform.init()
    terraform.apply({"n": 1})
    finished = {e.address for e in seen if e.kind == "apply_complete" and e.action == "create"}
    assert finished == {"terraform_data.first", "terraform_data.second"}


def test_a_syntax_error_names_its_file_and_line(folder: Folder) -> None:
    terraform = Terraform(folder('\nresource "terraform_data" "x" {\n'))
    verdict = terraform.validate()
    assert not verdict.valid
    problem = verdict.diagnostics[0]
    assert (problem.severity, problem.file, problem.line) == ("error", "main.tf", 2)
    assert problem.snippet == 'resource "terraform_data" "x" {'
    with pytest.raises(TerraformError) as raised:
        terraform.init()
    assert raised.value.diagnostics[0].summary == problem.summary


def test_a_wrong_variable_is_an_error_that_names_it(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    with pytest.raises(TerraformError, match=r"var\.n") as raised:
        terraform.plan({"n": "many"})
    assert "a number is required" in raised.value.diagnostics[0].detail


def test_a_variable_that_is_missing_is_an_error_and_asks_nobody(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR), timeout=30)
    terraform.init()
    with pytest.raises(TerraformError, match="No value for required variable"):
        terraform.apply()


def test_a_failing_resource_keeps_what_was_made(folder: Folder) -> None:
    terraform = Terraform(
        folder("""
resource "terraform_data" "good" {}
resource "terraform_data" "bad" {
  depends_on = [terraform_data.good]
  provisioner "local-exec" { command = "echo broken >&2; exit 3" }
}
""")
    )
    terraform.init()
    with pytest.raises(TerraformError) as raised:
        terraform.apply()
    assert raised.value.diagnostics[0].address == "terraform_data.bad"
    assert "terraform_data.good" in terraform.state_list()


def test_state_tells_each_resource_with_its_values(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    assert terraform.show_state().resources == ()
    terraform.apply({"n": 1})
    state = terraform.show_state()
    assert [r.values["input"] for r in state.of_type("terraform_data")] == ["x", 1]
    assert state.outputs["n"].value == 1


def test_fmt_names_the_files_it_would_rewrite(folder: Folder) -> None:
    folder('variable "a" {\n  default = 1\n}\n', "good.tf")
    terraform = Terraform(folder('variable "b" {\ndefault=1\n}\n', "ugly.tf"))
    assert terraform.fmt_check() == ("ugly.tf",)


def test_terraform_test_reports_each_run(folder: Folder) -> None:
    folder(
        """
variables { n = 1 }
run "the_input_is_x" {
  command = plan
  assert {
    condition     = terraform_data.first.input == "x"
    error_message = "it is not x"
  }
}
run "the_input_is_y" {
  command = plan
  assert {
    condition     = terraform_data.first.input == "y"
    error_message = "it is not y"
  }
}
""",
        "pair.tftest.hcl",
    )
    terraform = Terraform(folder(PAIR))
    terraform.init()
    report = terraform.test()
    assert not report.passed
    assert [(run.name, run.status) for run in report.runs] == [
        ("the_input_is_x", "pass"),
        ("the_input_is_y", "fail"),
    ]
    assert report.runs[1].diagnostics[0].detail == "it is not y"
    assert report.runs[0].diagnostics == ()


def test_graph_is_in_the_dot_language(folder: Folder) -> None:
    terraform = Terraform(folder(PAIR))
    terraform.init()
    assert "terraform_data.second" in terraform.graph()


def test_an_existing_object_can_be_imported_and_forgotten(folder: Folder) -> None:
    terraform = Terraform(folder('resource "terraform_data" "first" {}'))
    terraform.init()
    terraform.import_("terraform_data.first", "an-id")
    assert terraform.show_state().resources[0].values["id"] == "an-id"
    terraform.state_rm("terraform_data.first")
    assert terraform.state_list() == ()


def test_complex_variables_arrive_whole(folder: Folder) -> None:
    terraform = Terraform(folder('variable "m" { type = any }\noutput "m" { value = var.m }'))
    terraform.init()
    value = {"a": [1, 2], "b": {"c": "d e 'f' \"g\" ñ"}}
    terraform.apply({"m": value})
    assert terraform.output()["m"].value == value
