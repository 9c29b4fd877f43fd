"""What can be wrong with an expression or a template, as types.

    ExpressionError
    +-- SyntaxRefused      not the language: cannot be parsed, or uses what is left out on purpose
    +-- UnknownName        a name that does not exist (or an item that a list does not have)
    +-- UnsetValue         a known fact that nobody has set yet: somebody can be asked for it
    +-- TypeMismatch       values that do not go together, a condition that is no yes or no
    +-- BudgetExceeded     more steps, loop rounds or output than one evaluation may use

All but the first are errors of one evaluation: the step fails, the incident goes on.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["BudgetExceeded", "ExpressionError", "SyntaxRefused", "TypeMismatch", "UnknownName", "UnsetValue"]


class ExpressionError(ValueError):
    """Base of all. `offset` counts characters from 0, `line` and `column` from 1, in `text`."""

    code: ClassVar[str] = "T400"

    def __init__(self, message: str, *, hint: str = "", offset: int | None = None, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset = offset
        self.text = text

    def placed(self, offset: int, text: str = "") -> None:
        """Say where it happened, unless the raiser knew better."""
        if self.offset is None:
            self.offset = offset
        if text and not self.text:
            self.text = text

    @property
    def line(self) -> int:
        """Line within the text, from 1."""
        return self.text.count("\n", 0, self.offset or 0) + 1

    @property
    def column(self) -> int:
        """Column within the line, from 1."""
        before = self.text[: self.offset or 0]
        return len(before) - (before.rfind("\n") + 1) + 1

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SyntaxRefused(ExpressionError):
    """The text is outside the grammar; raised when it is parsed, never while an incident runs."""

    code = "T401"


class UnknownName(ExpressionError):
    """`name` is the dotted name that does not exist, `did_you_mean` the nearest that does."""

    code = "T402"

    def __init__(
        self, message: str, *, name: str, did_you_mean: str | None = None, hint: str = "", offset: int | None = None
    ) -> None:
        super().__init__(message, hint=hint or (f"did you mean {did_you_mean}?" if did_you_mean else ""), offset=offset)
        self.name = name
        self.did_you_mean = did_you_mean


class UnsetValue(ExpressionError):
    """`name` is the dotted name of a fact that exists and that nobody has set yet."""

    code = "T403"

    def __init__(self, name: str, *, offset: int | None = None) -> None:
        super().__init__(f"{name} has not been set yet", hint=f"set it, or write {name} | default(...)", offset=offset)
        self.name = name


class TypeMismatch(ExpressionError):
    """Values of types that do not go together."""

    code = "T404"


class BudgetExceeded(ExpressionError):
    """The evaluation would take more than its share of steps or output."""

    code = "T405"
