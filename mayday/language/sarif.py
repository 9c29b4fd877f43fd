"""Findings as SARIF 2.1.0, the form in which code hosts take what a checker found and show it beside the lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html: one run, one rule a code, one result a finding.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from typing import Any

from mayday.language.findings import CODES, Finding

__all__ = ["sarif_of"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_of(findings: Iterable[Finding], root: pathlib.PurePath) -> dict[str, Any]:
    """The SARIF log; paths below `root` (where the checkout is) become relative to it, as code hosts want them."""
    found = list(findings)
    used = sorted({finding.code for finding in found})
    rules = {code: number for number, code in enumerate(used)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "mayday", "rules": [_rule(code) for code in used]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, rules, root) for finding in found],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    wrong = known.wrong.encode("utf-8", "backslashreplace").decode().rstrip()
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.explanation},
        "help": {"text": f"{known.explanation}\n\nRefused:\n\n{wrong}\n\nInstead:\n\n{known.right.rstrip()}"},
        "defaultConfiguration": {"level": known.level},
    }


def _result(finding: Finding, rules: dict[str, int], root: pathlib.PurePath) -> dict[str, Any]:
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    path = pathlib.PurePath(finding.file)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    place = {
        "artifactLocation": {"uri": shown.as_posix()},
        "region": {"startLine": max(finding.line, 1), "startColumn": max(finding.column, 1)},
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": rules[finding.code],
        "level": finding.level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }
