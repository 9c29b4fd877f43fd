"""What the checker says: one finding a line, `file:line:col: CODE message`, with a hint.

Codes are declared beside the rule that raises them, with `define`; the reference page and a test of every example are
made from `CODES`. The first letter and digit say the level of the check:

    Y1xx  YAML safety        T4xx  expression and template types
    S2xx  shape              F5xx  flow
    R3xx  references         C6xx  catalog
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

__all__ = ["CODES", "Code", "Finding", "Frame", "define", "has_errors", "in_order", "nearest"]

Level = Literal["error", "warning"]
Frame = Literal["text", "steps", "runbook", "catalog", "files"]
"""What an example is: a whole file, the steps of a phase, keys of a runbook, keys of a catalog, or several files."""


@dataclass(frozen=True, slots=True)
class Code:
    """One rule of the checker, as the reference page explains it."""

    code: str
    level: Level
    title: str
    explanation: str
    wrong: str
    """YAML that raises this code, in the place that `frame` says."""
    right: str
    """The same, mended."""
    frame: Frame


CODES: dict[str, Code] = {}
"""Every code, in the order of definition."""


def define(
    code: str,
    title: str,
    explanation: str,
    *,
    wrong: str,
    right: str,
    frame: Frame,
    level: Level = "error",
) -> Code:
    """Declare a code; a second declaration of the same one is a programming error."""
    if code in CODES:
        raise ValueError(f"{code} is defined twice")
    CODES[code] = Code(code, level, title, explanation, wrong, right, frame)
    return CODES[code]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one place. `line` and `column` count from 1; the place is the file's, not a text's inside."""

    file: str
    line: int
    column: int
    code: str
    level: Level
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code} {self.message}"

    def as_json(self) -> dict[str, str | int]:
        """The shape of `runbook lint --json`."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "hint": self.hint,
        }


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of them forbids to compile; warnings do not."""
    return any(finding.level == "error" for finding in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, by file and place."""
    return sorted(
        dict.fromkeys(findings), key=lambda item: (item.file, item.line, item.column, item.code, item.message)
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for a misspelt word, the known ones where they are few, else nothing."""
    names = sorted(set(known))
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 12 else ""
