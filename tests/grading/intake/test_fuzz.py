"""The readers of what students make get anything: each answers, in time, with what it promises."""

import json
import time
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from docker_guard.plan_rules import screen_plan
from taller.grading.align import align
from taller.grading.intake.names import downloaded, numbered, plain_name
from taller.grading.read import Cell, InvalidNotebook, Notebook, read_notebook
from taller.hcl import HclError, parse
from taller.hcl.configuration import screen_configuration
from taller.hcl.file_calls import outside_calls
from taller.hcl.normal import normalised
from taller.hcl.references import references
from taller.hcl.screen import screen
from taller.hcl.tokens import tokens

SECONDS = 5.0
"""Of processor time for one example, a hundred times what they need."""
fuzzed = settings(max_examples=60, deadline=None)

HCL = st.sampled_from(
    ["locals", " {", "}\n", "a", " = ", '"', "${", "%{", "$${", "~}", "~", "file", "(", ")", "[",
     "]", "..", "/etc", ".", ",", "<<-FIN\n", "<<E\n", "FIN\n", "E\n", "#", "//", "/*", "*/", "\n",
     "\r\n", "ñ", "\\", "\\u00", "1e3", " " * 300, "path.module", "var.root_path", "::",
     "provisioner", ' "x" ', "for x in y : ", "\ufeff", "🚢", "\0", "true ? ", "resource",
     "{" * 40, "(" * 40]
)  # fmt: skip
TEXTS = st.lists(HCL, max_size=120).map("".join) | st.text(max_size=300)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.sampled_from(
    ["nbformat", "cells", "cell_type", "source", "id", "metadata", "tags", "nbgrader", "grade_id",
     "configuration", "root_module", "module_calls", "resources", "mode", "type", "source",
     "module", "provider_config", "resource_changes", "expressions", "provisioners", "full_name",
     "name"]
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


def in_time(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    began = time.process_time()
    try:
        return function(*arguments, **options)
    finally:
        assert time.process_time() - began < SECONDS


@given(TEXTS)
@fuzzed
def test_hcl_of_any_kind_is_screened(text: str) -> None:
    for name in ("main.tf", "modules/a/x.tf", "main.tf.json"):
        for denial in in_time(screen, {name: text}):
            assert denial.message


@given(TEXTS)
@fuzzed
def test_hcl_of_any_kind_is_parsed_or_refused_with_its_place(text: str) -> None:
    problem: HclError | None = None
    try:
        in_time(parse, "main.tf", text)
    except HclError as error:
        problem = error
    assert problem is None or (problem.line >= 1 and len(problem.message) < 1000)


@given(TEXTS, st.booleans())
@fuzzed
def test_tokens_are_in_order_and_nothing_but_blanks_is_between(text: str, template: bool) -> None:
    end = 0
    for token in in_time(tokens, text, template=template):
        assert token.start >= end
        assert not text[end : token.start].strip()
        end = token.start + len(token.text)
        assert text[token.start : end] == token.text
    in_time(references, text)
    list(in_time(outside_calls, "main.tf", text, template=template))


@given(TEXTS)
@fuzzed
def test_what_is_respelt_comes_back(text: str) -> None:
    respelt, decoded = in_time(normalised, text)
    assert all(token.text.isascii() for token in tokens(respelt) if token.kind == "name")
    assert decoded(text) == text


@given(st.binary(max_size=300) | ANYTHING.map(lambda tree: json.dumps(tree).encode()))
@fuzzed
def test_bytes_of_any_kind_are_a_notebook_or_no_notebook(content: bytes) -> None:
    found = Notebook(())
    advice = "none needed"
    try:
        found = in_time(read_notebook, content)
    except InvalidNotebook as error:
        advice = error.suggestion
    assert advice
    assert all(cell.source.encode("utf-8") is not None for cell in found.cells)


IDS = st.sampled_from(["", "a", "b", "answer-x", "answer-y", "check"])
CELLS = st.builds(
    Cell, st.sampled_from(["code", "markdown"]), IDS, IDS,
    st.sets(st.sampled_from(["answer", "check"])).map(frozenset),
    st.sampled_from(["", "%%hcl x.tf\n", "%%hcl y.tf\na", "lab.plan()", "x = 1"]),
)  # fmt: skip


@given(st.lists(CELLS, max_size=12), st.lists(CELLS, max_size=12))
@fuzzed
def test_every_answer_of_any_notebook_gets_some_text(
    pristine: list[Cell], submitted: list[Cell]
) -> None:
    given_out = Notebook(tuple(pristine))
    try:
        found = in_time(align, given_out, Notebook(tuple(submitted)))
    except InvalidNotebook:
        return
    wanted = [cell.grade_id for cell in pristine if "answer" in cell.tags]
    assert [answer.grade_id for answer in found.answers] == wanted
    assert all(answer.sources for answer in found.answers)


@given(ANYTHING)
@fuzzed
def test_json_of_any_shape_is_screened_as_a_configuration(tree: Any) -> None:
    for plan in ({"configuration": tree}, {"configuration": {"root_module": tree}}, {}):
        for denial in in_time(screen_configuration, plan):
            assert denial.message
    assert screen_plan({"resource_changes": []}) == []


@given(st.text(max_size=260))
@fuzzed
def test_any_name_becomes_one_that_everything_can_hold(name: str) -> None:
    plain = in_time(
        plain_name, name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    )
    assert plain.encode().decode() == plain
    assert len(plain.encode()) <= 200
    assert plain_name(plain) == plain
    in_time(downloaded, f"{name}_1_2_x.ipynb")
    in_time(numbered, name)
