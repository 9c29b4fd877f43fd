"""Pages that are made from the code are those of the code as it is."""

from __future__ import annotations

from mayday.domain.timeline_kinds import KINDS
from tests.docs.generate import API, REFUSALS, TIMELINE, api_page, openapi, refused_in_code, timeline_page

AGAIN = "run: python -m tests.docs.generate"


def test_the_timeline_page_lists_every_kind() -> None:
    assert TIMELINE.read_text() == timeline_page(), AGAIN
    assert all(f"| `{kind}` |" in timeline_page() for kind in KINDS)


def test_the_api_page_lists_what_the_starter_serves() -> None:
    assert API.read_text() == api_page(API.read_text()), AGAIN
    assert all(path in API.read_text() for path in openapi()["paths"])


def test_every_refusal_is_explained_and_none_that_does_not_exist() -> None:
    assert set(REFUSALS) == refused_in_code()


def test_every_endpoint_says_what_it_is_for() -> None:
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"
            assert operation.get("tags"), f"{method} {path}"
