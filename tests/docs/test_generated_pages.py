"""Tables that are made from the code are those of the code as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayday.domain.timeline_kinds import KINDS
from tests.docs.generate import API, GENERATED, REFUSALS, TIMELINE, made_again, openapi, refused_in_code
from tests.docs.pages import name_of


@pytest.mark.parametrize("page", GENERATED, ids=name_of)
def test_a_generated_table_is_up_to_date(page: Path) -> None:
    assert page.read_text() == made_again(page), "run: python -m tests.docs.generate"


def test_every_kind_and_every_endpoint_is_listed() -> None:
    assert all(f"| `{kind}` |" in TIMELINE.read_text() for kind in KINDS)
    assert all(path in API.read_text() for path in openapi()["paths"])


def test_every_refusal_is_explained_and_none_that_does_not_exist() -> None:
    assert set(REFUSALS) == refused_in_code()


def test_every_endpoint_says_what_it_is_for() -> None:
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"
            assert operation.get("tags"), f"{method} {path}"
