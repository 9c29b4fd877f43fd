"""The generated pages and schemas are those of the tables."""

from __future__ import annotations

import pathlib
import re

import pytest

from mayday.language.filters import FILTERS
from mayday.language.findings import CODES
from mayday.language.reference_pages import pages, write

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", pages())
def test_a_generated_file_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == pages()[name], "run python -m mayday.language.reference_pages"


def test_they_are_written_into_a_checkout(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in pages()} == pages()


def test_the_pages_name_everything() -> None:
    checks, expressions = pages()["docs/checks.md"], pages()["docs/expressions.md"]
    assert set(re.findall(r"^### (\w+)$", checks, re.M)) == set(CODES)
    assert all(f"`{name}`" in expressions for name in FILTERS)
