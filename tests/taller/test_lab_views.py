"""Results show themselves as text and as HTML, escaped, and hide what is sensitive."""

import subprocess
import sys

import pytest

from taller.lab.applied_view import Outputs, readable_seconds
from taller.lab.errors import LabError, plain
from taller.lab.graph_view import GraphView
from taller.lab.plan_view import PlanView
from taller.lab.shown import Table
from taller.terraform import Output, Plan


def plan(*changes: dict[str, object]) -> PlanView:
    raw = {"resource_changes": list(changes)}
    return PlanView(Plan.from_json(raw, (), None), lambda: "texto de terraform", [])


def change(address: str, actions: list[str], **change: object) -> dict[str, object]:
    type, name = address.split(".")
    return {
        "address": address, "type": type, "name": name, "mode": "managed",
        "change": {"actions": actions, "before": None, "after": None, **change},
    }  # fmt: skip


CREATE = change("docker_volume.raw", ["create"], after={"name": "dev_raw", "driver": None})
REPLACE = change(
    "docker_volume.gold", ["delete", "create"], before={"name": "a", "driver": "local"},
    after={"name": "<b>", "driver": "local"}, replace_paths=[["name"]],
)  # fmt: skip
SECRET = change(
    "docker_container.db", ["create"], after={"name": "db", "env": ["CLAVE=1234"]},
    after_sensitive={"env": True},
)  # fmt: skip


def test_a_plan_says_what_would_happen_to_each_resource() -> None:
    view = plan(CREATE, REPLACE)
    assert (view.to_create, view.to_replace) == (["docker_volume.raw"], ["docker_volume.gold"])
    assert view.counts == {"create": 1, "replace": 1}
    assert repr(view).splitlines() == [
        "Plan: 2 recursos por cambiar.",
        '+  docker_volume.raw   crear       name = "dev_raw"',
        '±  docker_volume.gold  reemplazar  name: "a" → "<b>"  ← obliga a reemplazar',
    ]


def test_html_is_escaped_and_carries_the_raw_text() -> None:
    html = plan(REPLACE)._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>&" not in html
    assert "<summary>El texto de Terraform</summary><pre>texto de terraform</pre>" in html


def test_a_sensitive_value_is_never_shown() -> None:
    view = plan(SECRET)
    assert "1234" not in repr(view) + view._repr_html_()
    assert "env = (sensible)" in repr(view)
    outputs = Outputs({"clave": Output("1234", "string", True)})
    assert "1234" not in repr(outputs) + outputs._repr_html_()
    assert outputs["clave"] == "1234"


def test_a_plan_answers_for_an_address_and_says_which_there_are() -> None:
    view = plan(CREATE)
    assert view["docker_volume.raw"].after == {"name": "dev_raw", "driver": None}
    with pytest.raises(KeyError, match=r"recursos del plan: docker_volume\.raw"):
        view["docker_volume.rawr"]


def test_an_output_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(KeyError, match="Los que hay: raw"):
        Outputs({"raw": Output("x", "string", False)})["gold"]


def test_a_table_is_a_list_of_rows_and_shows_itself() -> None:
    table = Table("Volúmenes", ("nombre", "driver"), [("dev_raw", "local")])
    assert table[0]["nombre"] == "dev_raw"
    assert table.column("driver") == ["local"]
    assert repr(table) == "Volúmenes (1)\nnombre   driver\ndev_raw  local"
    assert "<td>dev_raw</td>" in table._repr_html_()


def test_a_graph_puts_what_is_needed_left_of_what_needs_it() -> None:
    dot = (
        'digraph G {\n  "a" [label="a"];\n  "b" [label="b"];\n  "c" [label="c"];\n'
        '  "a" -> "b";\n  "b" -> "c";\n  "a" -> "c";\n}'
    )
    view = GraphView(dot)
    assert view.columns == [["c"], ["b"], ["a"]]
    assert view.boxes["c"][0] < view.boxes["b"][0] < view.boxes["a"][0]
    assert str(view) == dot
    assert view._repr_html_().count("<rect") == 3


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.26, "0,3 s"), (12.4, "12 s"), (60, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_seconds_are_readable(seconds: float, shown: str) -> None:
    assert readable_seconds(seconds) == shown


def test_an_error_breaks_its_lines_between_words_and_leaves_code_alone() -> None:
    code = f"→   2 │ {'x' * 120}"
    error = LabError("algo " * 30, "haz esto", details=code)
    lines = [plain(line) for line in error._render_traceback_()]
    assert code in lines
    assert all(len(line) <= 92 for line in lines if line != code)
    assert lines[-1] == "→ haz esto"


def test_importing_the_lab_does_not_load_docker_or_pandas() -> None:
    code = """if True:
        import sys
        from taller import Lab
        print([name for name in ("docker", "pandas", "hcl2", "jinja2") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_escape_code_of_any_kind_is_shown() -> None:
    said = "a\x1b[2Kb\x1b[1;31mc\x1b[0m\x1b]0;t\x07d\x1b(Be\x1b"
    assert plain(said) == "abcde"
