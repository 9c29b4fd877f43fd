"""The generated pages and schemas are those of the tables."""

from __future__ import annotations

import pathlib
import re

import pytest

from mayday.language.filters import FILTERS
from mayday.language.findings import CODES
from mayday.language.meanings import MEANINGS, VERB_MEANINGS
from mayday.language.reference_pages import pages, write
from mayday.language.runbook import VERBS
from mayday.language.schema import KINDS, schema_of

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


def test_every_key_of_a_runbook_has_its_meaning_and_every_meaning_its_key() -> None:
    schema = schema_of("runbook")
    models = {"Runbook": schema, **{name: part for name, part in schema["$defs"].items() if "properties" in part}}
    assert {name: set(part["properties"]) for name, part in models.items()} == {
        name: set(keys) for name, keys in MEANINGS.items()
    }
    assert set(VERB_MEANINGS) == set(VERBS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_every_file_says_what_it_means(kind: str) -> None:
    """An editor shows it where the pointer rests."""
    schema = schema_of(kind)
    models = {schema["title"]: schema, **schema.get("$defs", {})}
    silent = {f"{name}.{key}" for name, part in models.items() for key, value in part.get("properties", {}).items()
              if not value.get("description")}  # fmt: skip
    assert silent == set()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "template"])
def test_the_language_page_has_every_key(kind: str) -> None:
    page, schema = pages()["docs/language.md"], schema_of(kind)
    for part in (schema, *schema.get("$defs", {}).values()):
        for key in part.get("properties", {}):
            assert re.search(rf"^\| (\*\*)?`{re.escape(key)}`(\*\*)? \|", page, re.M), key


def test_links_inside_the_language_page_lead_somewhere() -> None:
    page = pages()["docs/language.md"]
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", page, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_of_a_schema_is_what_an_author_would_write(kind: str) -> None:
    assert "_seconds" not in pages()[f"runbooks/schema/{kind}.json"]
