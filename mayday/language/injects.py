"""What machines do in a scenario: the part of it that a drill plays, while people do theirs."""

from __future__ import annotations

import pathlib
from typing import Any

from mayday.language.documents import Document, load_document

__all__ = ["INJECTED", "NoScenario", "injects_in", "scenarios_in"]

INJECTED = ("alert", "vendor_reply", "event", "note")
"""Verbs of a timeline that a drill plays."""


class NoScenario(ValueError):
    """The file is none; the text says what is wrong with it."""


def injects_in(document: Document) -> list[dict[str, Any]]:
    """The items of the scenario's timeline that a drill plays, as they stand there. Raises NoScenario."""
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("timeline"), list):
        said = f"line {document.findings[0].line}: {document.findings[0].message}" if document.findings else ""
        raise NoScenario(f"{document.file} is no scenario: {said or 'it has no timeline'}")
    return [item for item in data["timeline"] if isinstance(item, dict) and any(verb in item for verb in INJECTED)]


def scenarios_in(folder: pathlib.Path) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """The scenarios below `folder` that have something to play: by name, which runbook they are for, and what it is."""
    found: dict[str, tuple[str, list[dict[str, Any]]]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        document = load_document(path.read_bytes(), path.name)
        try:
            items = injects_in(document)
        except NoScenario:
            continue
        if items:
            name = path.relative_to(folder).with_suffix("").as_posix()
            found[name] = (pathlib.PurePath(str(document.data.get("runbook", ""))).stem, items)
    return found
