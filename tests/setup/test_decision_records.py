"""Architecture decisions: numbered, named by what was decided, complete, and listed."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def test_each_is_named_by_number_and_decision() -> None:
    names = [path.name for path in RECORDS]
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name) for name in names), names
    numbers = [int(name[:4]) for name in names]
    assert len(numbers) == len(set(numbers)), "a number is given once"


def test_each_has_the_four_parts() -> None:
    for path in RECORDS:
        text = path.read_text()
        for part in ("Context", "Decision", "Why not", "Consequences"):
            assert re.search(rf"^(## {part}|\*\*{part}\.?\*\*)", text, re.MULTILINE), f"{path.name} lacks {part}"


def test_each_is_listed() -> None:
    listed = (FOLDER / "README.md").read_text()
    for path in RECORDS:
        assert f"({path.name})" in listed, path.name
