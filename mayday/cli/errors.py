"""How a command ends when it does not do what was asked: one line for a person, and an exit status.

0  done
1  refused or failed
2  wrong usage
"""

from __future__ import annotations

from typing import Any

__all__ = ["FAILED", "WRONG_USAGE", "CliError"]

FAILED, WRONG_USAGE = 1, 2


class CliError(Exception):
    """Ends the command. `problem` is the API's own answer, printed with `--json`."""

    def __init__(self, message: str, *, status: int = FAILED, hint: str = "", problem: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint
        self.problem = problem
