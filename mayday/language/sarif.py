"""Findings as SARIF 2.1.0, the form in which code hosts take what a checker found and show it beside the lines.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html: one run, one rule a code, one result a finding.
"""

from __future__ import annotations

import pathlib
import posixpath
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from mayday.language.findings import CODES, Finding

__all__ = ["sarif_of"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_of(findings: Iterable[Finding], root: pathlib.PurePath, version: str) -> dict[str, Any]:
    """The SARIF log of this `version` of mayday.

    Paths below `root` (where the checkout is) become relative to it, as code hosts want them; others are `file:` URIs.
    """
    found = list(findings)
    used = sorted({finding.code for finding in found})
    rules = {code: number for number, code in enumerate(used)}
    driver = {"name": "mayday", "version": version, "rules": [_rule(code) for code in used]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, rules, root) for finding in found],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    wrong = known.wrong.encode("utf-8", "backslashreplace").decode().rstrip()
    right = known.right.rstrip()
    fenced = f"{known.explanation}\n\nRefused:\n\n```yaml\n{wrong}\n```\n\nInstead:\n\n```yaml\n{right}\n```\n"
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.explanation},
        "help": {"text": f"{known.explanation}\n\nRefused:\n\n{wrong}\n\nInstead:\n\n{right}", "markdown": fenced},
        "defaultConfiguration": {"level": known.level},
    }


def _result(finding: Finding, rules: dict[str, int], root: pathlib.PurePath) -> dict[str, Any]:
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    place = {
        "artifactLocation": {"uri": _uri(finding.file, root)},
        "region": {"startLine": max(finding.line, 1), "startColumn": max(finding.column, 1)},
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": rules[finding.code],
        "level": finding.level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _uri(file: str, root: pathlib.PurePath) -> str:
    """A path as a URI reference: what a URI cannot hold is percent-encoded, and there is no `..` to climb out by."""
    path = type(root)(posixpath.normpath((root / file).as_posix()))
    if path.is_relative_to(root):
        return quote(path.relative_to(root).as_posix())
    return path.as_uri()
