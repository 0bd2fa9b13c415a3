"""The command line: help for everything, at once, and errors that people can read."""

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from taller.cli import COMMANDS, taller


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "taller", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def every_command(group: click.Group, path: str = "taller") -> Iterator[tuple[str, click.Command]]:
    """All commands, with those inside of groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path} {name}")


def test_every_command_and_every_option_has_help() -> None:
    assert isinstance(taller, click.Group)
    commands = dict(every_command(taller))
    assert {f"taller {name}" for name in COMMANDS} <= set(commands)
    for path, command in commands.items():
        assert command.get_short_help_str(), path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.opts}"


def test_every_command_and_every_option_is_in_the_documentation() -> None:
    root = Path(__file__).parents[2]
    pages = ("README.md", "README.es.md", "docs/instructor-guide.es.md")
    lines = [line for page in pages for line in (root / page).read_text("utf-8").splitlines()]
    assert isinstance(taller, click.Group)
    for path, command in every_command(taller):
        about = " ".join(line for line in lines if re.search(rf"{path}\b", line))
        assert about, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                names = (*parameter.opts, *parameter.secondary_opts)
                assert any(re.search(rf"{name}\b", about) for name in names), f"{path} {names}"


def test_help_comes_at_once() -> None:
    """Processor time: on a machine that does nothing else it is the time that people wait."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def test_the_start_imports_nothing_heavy() -> None:
    script = (
        "import sys, click; from taller.cli import taller; "
        "taller.get_help(click.Context(taller)); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"rich", "nbformat", "docker", "pandas", "jupytext", "IPython"})


def test_an_unknown_command_names_those_that_exist() -> None:
    done = run("docter")
    assert done.returncode == 2
    assert "docter" in done.stderr
    assert "doctor" in done.stderr


@pytest.mark.parametrize("prefix", ["Dev", "a b", "../x", "-x", "", "x" * 32, "ñ"])
def test_a_bad_prefix_is_a_usage_error_and_touches_nothing(prefix: str, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    for command in ("demo", "clean"):
        done = run(command, f"--prefix={prefix}", TALLER_HOME=home)
        assert done.returncode == 2, done.stderr
        assert "prefijo" in done.stderr
        assert "Traceback" not in done.stderr
    assert not Path(home).exists()


def test_the_demo_has_a_prefix_of_its_own() -> None:
    assert "[default: demo]" in run("demo", "--help").stdout


def test_clean_is_for_one_prefix_or_for_all() -> None:
    assert run("clean", "--all", "--prefix", "dev").returncode == 2


def test_every_command_uses_the_prefix_that_was_chosen(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "prefix").write_text("Ana Uno\n", "utf-8")
    for arguments in (("clean",), ("check", "ej01"), ("reset", "ej01", "--yes"),
                      ("watch", "ej01"), ("hint", "ej01", "volumes_exist")):  # fmt: skip
        done = run(*arguments, TALLER_HOME=str(home), DOCKER_HOST="unix:///no/docker.sock")
        assert done.returncode != 0
        assert "El prefijo «Ana Uno» no es válido" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_an_engine_commands_say_what_to_do_and_change_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for arguments in (("demo",), ("clean", "--all"), ("clean", "--prefix", "dev")):
        done = run(*arguments, DOCKER_HOST="unix:///no/docker.sock", TALLER_HOME=str(home))
        assert done.returncode == 1
        assert "/no/docker.sock" in done.stderr
        assert "→" in done.stderr
        assert "Traceback" not in done.stderr


def test_doctor_without_an_engine_still_shows_every_part(tmp_path: Path) -> None:
    done = run("doctor", "--json", DOCKER_HOST="unix:///no/docker.sock", TALLER_HOME=str(tmp_path))
    assert done.returncode == 1
    parts = {finding["part"]: finding for finding in json.loads(done.stdout)}
    assert list(parts) == ["Python", "Docker Engine", "Terraform", "Provider Docker",
                           "Imagen base", "Imágenes del taller"]  # fmt: skip
    assert parts["Docker Engine"]["status"] == "missing"
    assert parts["Docker Engine"]["advice"]
    assert parts["Python"]["status"] == "found"


@pytest.mark.engine
def test_doctor_finds_everything_on_a_machine_that_is_ready(tmp_path: Path) -> None:
    done = run("doctor", TALLER_HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) == 6
    assert "embebido" in done.stdout or "encontrado" in done.stdout


@pytest.mark.engine
def test_doctor_says_in_json_what_it_says_in_words(tmp_path: Path) -> None:
    done = run("doctor", "--json", TALLER_HOME=str(tmp_path))
    findings = {finding["part"]: finding for finding in json.loads(done.stdout)}
    assert findings["Docker Engine"]["version"]
    assert findings["Terraform"]["status"] in ("found", "embedded")
    assert findings["Provider Docker"]["status"] in ("found", "embedded")
