"""What there is at the command line: every command that a page names has to be there, with the options it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.main import get_command

from mayday.cli.main import app


def missing(words: Sequence[str]) -> str | None:
    """What of `mayday WORDS` does not exist, or None: all of it does."""
    command: Any = get_command(app)
    path = ["mayday"]
    rest = list(words)
    while hasattr(command, "get_command") and rest and not rest[0].startswith("-"):
        inner = command.get_command(None, rest[0])
        if inner is None:
            return " ".join([*path, rest[0]])
        command = inner
        path.append(rest.pop(0))
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
    for word in rest:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in {*known, "--help"}:
            return " ".join([*path, option])
    return None
