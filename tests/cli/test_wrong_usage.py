"""Every command that is called wrongly says so in one line: which command, what is wrong, where to read. Status 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mayday.cli.main import app


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that call it."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from commands(command.get_command(None, name), (*path, name))


ALL = dict(commands())


def refused(*words: str) -> str:
    """The one line that the command says, and nothing else."""
    done = CliRunner().invoke(app, [*words])
    assert (done.exit_code, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_an_option_that_does_not_exist(path: tuple[str, ...]) -> None:
    line = refused(*path, "--no-such-option")
    command = f"mayday {' '.join(path)}"
    assert line.startswith(f"{command}: no such option: --no-such-option")
    assert line.endswith(f"; see {command} --help")


LACKING = [path for path, command in ALL.items() if any(part.required for part in command.params)]


@pytest.mark.parametrize("path", LACKING, ids=" ".join)
def test_what_is_missing_is_named_with_what_it_means(path: tuple[str, ...]) -> None:
    line = refused(*path)
    assert line.startswith(f"mayday {' '.join(path)}: missing ")
    assert " (" in line, "and what was to stand there"
    assert line.endswith(f"; see mayday {' '.join(path)} --help")


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_argument_and_option_says_what_it_is(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help
    for part in command.params:
        assert getattr(part, "help", None), f"mayday {' '.join(path)} does not say what {part.name} is"


def test_words_that_are_no_command() -> None:
    assert refused("incidnet") == "mayday: no such command 'incidnet'. Did you mean 'incident'? see mayday --help"
    assert refused("incident", "shwo").startswith("mayday incident: no such command 'shwo'")
    assert refused("--nope").startswith("mayday: no such option: --nope")


def test_a_value_of_the_wrong_kind() -> None:
    line = refused("up", "--port", "eighty")
    assert line.startswith("mayday up: invalid value for '--port': ")
    assert "65535" in refused("up", "--port", "70000")


@pytest.mark.parametrize("group", ["", "incident", "desk"])
def test_a_group_by_itself_prints_its_help(group: str) -> None:
    done = CliRunner().invoke(app, [group] if group else [])
    assert "Usage: mayday" in done.output
