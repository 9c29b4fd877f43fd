"""A runbook of the library that says something else has another version: timelines, reports and `call` name it by that.

`python -m tests.library.test_versions` writes down what each says now; a version that was written down stays as it was.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mayday.language.library import Library, RunbookFile
from mayday.settings import packaged_runbooks

KNOWN = Path(__file__).parent / "versions.json"


def meaning_of(entry: RunbookFile) -> str:
    """Everything that a runbook says but its version; comments and the order of keys say nothing."""
    assert entry.runbook is not None
    said = entry.runbook.model_dump(mode="json", by_alias=True, exclude_none=True)
    del said["metadata"]["version"]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


FILES = [entry for entry in Library.load(packaged_runbooks()).files if entry.runbook is not None]


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: str(entry.name))
def test_what_says_something_else_has_another_version(entry: RunbookFile) -> None:
    known = json.loads(KNOWN.read_text())
    name = f"{entry.name}@{entry.version}"
    hint = "raise metadata.version, then run `python -m tests.library.test_versions`"
    assert known.get(name) == meaning_of(entry), f"{name} is not what it was: {hint}"


def write_down() -> None:
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    for entry in FILES:
        known.setdefault(f"{entry.name}@{entry.version}", meaning_of(entry))
    KNOWN.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_down()
