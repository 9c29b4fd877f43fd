"""Two hundred who watch cost what the few cost who are asked: pieces are rendered once for each standing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mayday.domain.incident import Pending
from starter.access import Principal
from starter.console import incident_page
from starter.console.incident_page import _facts, _pieces
from starter.console.sheets import part
from starter.console.visitor import Visitor
from starter.feed import feeds_of
from tests.console.test_pages import START, shown
from tests.starter.conftest import House

GATE = Pending.model_validate({
    "id": "gate", "kind": "decision", "text": "Fail over?", "for": ["person.sam", "person.kim"],
    "due_at": START + timedelta(minutes=5), "then": "lapses",
    "detail": {"voters": ["sam", "kim"], "votes": {"kim": "approve"}, "approvals": 1, "options": []},
})  # fmt: skip
MAY = {"status": ["ana", "owner"], "vote:gate": ["sam", "kim"], "vote_for:gate": [], "reopen": []}


def visitors(house: House) -> list[Visitor]:
    """Everybody of the catalog as a responder, a viewer, the owner and two programs."""
    people = list(house.parts.playbooks.catalog.people)
    found = [Visitor(Principal(person, "responder", "t"), person, f"csrf-{person}") for person in people]
    return [
        *found,
        Visitor(Principal("lee", "viewer", "t"), "lee", "c"),
        Visitor(Principal(None, "owner", "t"), "owner", "c"),
        Visitor(Principal(None, "responder", "t", machine="ci"), "machine:ci", "c"),
    ]


async def test_whoever_stands_elsewhere_sees_what_is_theirs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared is letter by letter what each would have been rendered alone; and far fewer are rendered."""
    incident = await house.declared()
    excluded = {"decision": "gate", "excluded": {"raj": "asked for it"}, "required": ["sam"]}
    shown(house, incident, ("gate_opened", "system", excluded), pending=[GATE], may=MAY)
    feed = feeds_of(house.parts).incident(incident)
    look = await feed.fresh()
    rendered: list[str] = []

    def counted(template: str, **facts: object) -> str:
        rendered.append(template)
        return part(template, **facts)

    everybody = visitors(house)
    alone = {}
    for visitor in everybody:
        facts = _facts(house.parts, feed, look, visitor) | {"now": look.record.opened_at}
        alone[visitor] = {name: part(f"incident/{name}.html", **facts) for name in incident_page.OWN}
    feed.rendered.clear()
    monkeypatch.setattr(incident_page, "part", counted)
    for visitor in everybody:
        pieces = _pieces(house.parts, feed, look, visitor)
        assert {name: pieces[name] for name in incident_page.OWN} == alone[visitor], visitor.name
    times = rendered.count("incident/steer.html")
    assert len(everybody) > 20
    assert times <= 8, f"{times} for {len(everybody)} visitors"
    assert len({text["now"] for text in alone.values()}) >= 4, "the test has people who differ"
