"""What a command that works on files says when it is asked for what cannot be: one line, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from mayday.cli.errors import WRONG_USAGE

__all__ = ["files_are_readable", "usage"]


def usage(message: str) -> NoReturn:
    """Ends the command with a line on standard error."""
    Console(stderr=True, highlight=False).print(Text(message), soft_wrap=True)
    raise typer.Exit(WRONG_USAGE)


@contextmanager
def files_are_readable() -> Iterator[None]:
    """A file that is not there, is a folder, or may not be read ends the command, with its name and the reason."""
    try:
        yield
    except FileNotFoundError as error:
        usage(f"no such file or folder: {error.filename or error}")
    except IsADirectoryError as error:
        usage(f"{error.filename} is a folder, not a file")
    except OSError as error:
        usage(f"cannot read {error.filename or 'a file'}: {error.strerror}")
