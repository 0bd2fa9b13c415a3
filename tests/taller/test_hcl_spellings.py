"""What Terraform accepts, our reader reads, with the names that the student wrote."""

import subprocess
from pathlib import Path

import pytest

from taller.hcl import parse
from taller.hcl.references import references
from taller.hcl.tokens import tokens
from taller.terraform import locate

SPELLINGS = {
    "byte_order_mark": "\ufefflocals {\n  a = 1\n}\n",
    "names_with_accents": "locals {\n  año = 1\n  b   = local.año\n}\n",
    "marks_that_trim": 'locals {\n  a = "x ${~"y"~} z"\n}\n',
    "a_heredoc_with_accents": "locals {\n  a = <<-FÍN\n  hola ${var.x}\n  FÍN\n}\n",
    "a_heredoc_in_a_list": "locals {\n  a = [<<EOT\nhola\nEOT\n  , 1]\n}\n",
    "a_heredoc_with_brackets": 'locals {\n  a = <<EOT\n"x" } { # no $${y}\nEOT\n}\n',
    "windows_lines": "locals {\r\n  a = <<EOT\r\nhola\r\nEOT\r\n}\r\n",
    "texts_in_texts": 'locals {\n  a = "${"${"x"}y"}z"\n}\n',
    "for_and_if_in_texts": (
        'locals {\n  a = "%{for x in ["a"]}${x}%{endfor}%{if true~}b%{else~}c%{endif~}"\n}\n'
    ),
    "three_kinds_of_comments": "# uno\n// dos\n/* tres\n tres */\nlocals { // x\n  a = 1 # y\n}\n",
    "escapes": 'locals {\n  a = "$${x} %%{y} \\u00f1 \\" \\\\ 5% $"\n}\n',
    "numbers": "locals {\n  a = 1e3\n  b = 1.5E-3\n  c = -1\n}\n",
    "functions_with_a_namespace": 'locals {\n  a = core::upper("x")\n}\n',
    "lines_in_an_interpolation": 'locals {\n  a = "${\n    1\n  }"\n}\n',
    "a_condition_in_lines": "locals {\n  a = (\n    true\n    ? 1\n    : 2\n  )\n}\n",
    "keywords_as_names": "locals {\n  for = 1\n  if  = 2\n  in  = 3\n}\n",
    "no_last_line": "locals {\n  a = 1\n}",
    "labels_without_quotes": "variable x {\n  default = 1\n}\n",
    "ellipsis": "locals {\n  a = max([1, 2]...)\n  b = { for k, v in { a = 1 } : k => v... }\n}\n",
    "old_indexes": "locals {\n  a = local.x.0\n  b = local.x[*].y\n  c = local.x.*.y\n}\n",
    "emoji": 'locals {\n  a = "🚢"\n}\n',
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_what_terraform_accepts_is_read(text: str) -> None:
    assert parse("main.tf", text)


@pytest.mark.engine
def test_terraform_does_accept_all_of_it(tmp_path: Path) -> None:
    for name, text in SPELLINGS.items():
        (tmp_path / f"{name}.tf").write_text(text, "utf-8", newline="")
    command = [locate(), f"-chdir={tmp_path}", "fmt", "-write=false", "-list=false"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr


def test_names_come_back_as_they_were_written() -> None:
    (block,) = parse("main.tf", SPELLINGS["names_with_accents"])
    assert block.body == {"año": 1, "b": "${local.año}"}
    assert block.references() == {"local.año"}
    (heredoc,) = parse("main.tf", SPELLINGS["a_heredoc_with_accents"])
    assert heredoc.references() == {"var.x"}
    (call,) = parse("main.tf", SPELLINGS["functions_with_a_namespace"])
    assert call.get("a") == '${core::upper("x")}'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${a.b[c.d[0].e].f}", {"a.b.f", "c.d.e"}),
        ("${a.b[*].c}", {"a.b.c"}),
        ("${a.*.c}", {"a.*.c"}),
        ('${f("x.y", "${v.w}")}', {"v.w"}),
        ("x ${~ a.b ~} %{ if c.d }e%{ endif }", {"a.b", "c.d"}),
        ("$${a.b}", set()),
        ({"k": ["${a.b}", {"l": "${c.d}"}]}, {"a.b", "c.d"}),
        ("${", set()),
        ("${a.", set()),
        ("${a[", set()),
    ],
)
def test_references_are_found(value: object, expected: set[str]) -> None:
    assert references(value) == expected


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_tokens_leave_out_nothing_but_blanks(text: str) -> None:
    for found in (tokens(text), tokens(text, template=True)):
        end = 0
        for token in found:
            assert text[token.start :].startswith(token.text)
            assert not text[end : token.start].replace("\ufeff", "").strip()
            end = token.start + len(token.text)
        assert not text[end:].strip()
