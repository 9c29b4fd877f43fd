"""docs/reviews.md names every route, command, section and state that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from mayday.cli.review import review_app
from mayday.cli.review_actions import actions_app
from mayday.domain.review import PEOPLE_SECTIONS
from mayday.domain.review.wire import ClosingForm
from starter import archives, reviews, trends

TEXT = (Path(__file__).parents[2] / "docs" / "reviews.md").read_text()


def test_every_route_is_documented() -> None:
    documented = set()
    for line in TEXT.splitlines():
        for verbs, path in re.findall(r"((?:`?(?:GET|POST|PUT)`?(?:,| or)? ?`?)+)(/[^\s?`|]+)", line):
            documented |= {(verb, path) for verb in re.findall(r"GET|POST|PUT", verbs)}
    routes = {
        (verb, route.path.removeprefix("/api/v1").replace("{incident}", "{id}"))  # type: ignore[attr-defined]
        for module in (reviews, archives, trends)
        for route in module.router.routes
        for verb in route.methods  # type: ignore[attr-defined]
    }
    assert documented == routes


def test_every_command_is_documented() -> None:
    for app, start in ((review_app, "mayday review list"), (actions_app, "actions list|add")):
        assert start in TEXT
        for command in app.registered_commands:
            assert re.search(rf"\b{command.name or command.callback.__name__}\b", TEXT), command  # type: ignore[union-attr]


def test_sections_and_the_closing_form_are_documented() -> None:
    for name in (*PEOPLE_SECTIONS, *ClosingForm.model_fields):
        assert f"`{name}`" in TEXT
