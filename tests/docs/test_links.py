"""Links lead somewhere, and every page can be found from the index."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, headings, links, name_of, pages


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target, fragment in links(page):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name_of(page)}: {target}"
        assert found.is_relative_to(ROOT), f"{name_of(page)}: {target} leaves the checkout"
        if fragment and found.suffix == ".md":
            assert fragment in headings(found), f"{name_of(page)}: {target}#{fragment}"


def test_every_page_is_listed_in_the_index_once() -> None:
    listed = Counter(target for target, _ in links(DOCS / "index.md"))
    for page in DOCS.glob("*.md"):
        if page.name != "index.md":
            assert listed[page.name] == 1, f"docs/index.md lists {page.name} {listed[page.name]} times"


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/index.md" in {target for target, _ in links(ROOT / "README.md")}
