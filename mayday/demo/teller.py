"""What the demo says while it runs: one line for each thing that happens, with its time; a spinner while it waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

__all__ = ["Teller"]


class Teller:
    """Writes to `console`. Times count from `begin`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()

    def begin(self) -> None:
        """The story's time starts now."""
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def heading(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(text, style="bold"))

    def tell(self, who: str, what: str, *, style: str = "") -> None:
        """Somebody did something, or something happened to the system."""
        line = Text.assemble((f"{self.seconds:6.1f} s  ", "dim"), (f"{who:<14}", "cyan"), (what, style))
        self.console.print(line, soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(Text(text, style="dim"), soft_wrap=True)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Shows what is waited for: a spinner on a terminal, else a line."""
        if self.console.is_terminal:
            with self.console.status(Text(what)):
                yield
        else:
            self.note(f"          waiting: {what}")
            yield
