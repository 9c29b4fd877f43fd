"""Buttons are shown to whom they would not refuse, and the others read who it is for."""

from __future__ import annotations

from starter.access import Principal
from starter.console.names import Names
from starter.console.rights import Rights
from starter.console.visitor import Visitor
from tests.console.test_pages import look, pending, shown
from tests.starter.conftest import House

LEADERS = ["ana", "dee", "owner"]
MAY = {
    **dict.fromkeys(("status", "severity", "add_step", "merge", "override", "role"), LEADERS),
    "role:scribe": [*LEADERS, "kim"], "hold_outward": [*LEADERS, "li"], "reopen": [], "candidate": [],
    "ack:page_it": ["raj", "lee"], "complete:chore": [*LEADERS, "kim"], "vote:change": ["sam", "max"],
    "vote_for:change": [],
}  # fmt: skip
STEERING = ("Set the status", "Set the severity", "Override…", "Merge…", "Add a step", "Hold every outward message")


async def room(house: House, **facts: object) -> str:
    incident = await house.declared()
    waits = [
        pending(id="page_it", kind="page", text="Wake up", **{"for": ["raj"]}),
        pending(id="chore", kind="task", text="Say what is seen", **{"for": ["kim"]}),
        pending(
            id="change", kind="decision", text="Go on?", detail={"approvals": 1, "votes": {}, "voters": ["sam"]},
            **{"for": ["sam"]},
        ),
    ]  # fmt: skip
    shown(house, incident, pending=waits, **{"may": MAY, **facts})
    return incident


async def test_whoever_leads_has_every_button_and_nobody_else_has(house: House) -> None:
    incident = await room(house)
    text = (await look(house, f"/incidents/{incident}", "ana")).text
    assert all(words in text for words in STEERING)
    assert "are for Ana Ruiz" not in text
    text = (await look(house, f"/incidents/{incident}", "raj")).text
    assert not any(words in text for words in STEERING)
    assert "Status, severity, roles, steps and overrides are for Ana Ruiz or Dee Novak." in text
    assert "Add the note" in text


async def test_a_part_of_the_buttons_is_for_whom_it_is(house: House) -> None:
    incident = await room(house)
    li = (await look(house, f"/incidents/{incident}", "li")).text
    assert "Hold every outward message" in li
    assert "Set the status" not in li
    kim = (await look(house, f"/incidents/{incident}", "kim")).text
    assert '<option value="scribe">' in kim, "who holds a role may give it away"
    assert '<option value="deputy">' not in kim
    assert "Not yours?" not in kim, "it is hers"
    assert "Raj Patel or Lee Carter may answer." in kim


async def test_who_may_answer_what_waits_is_said_by_the_board(house: House) -> None:
    incident = await room(house)
    lee = (await look(house, f"/incidents/{incident}", "lee")).text
    assert "Not yours? Answer all the same" in lee, "the next level of the page may answer"
    assert "I am on the bridge" in lee
    assert "Ana Ruiz, Dee Novak or Kim Larsen may answer." in lee
    delegate = (await look(house, f"/incidents/{incident}", "max")).text
    assert "Vote as delegate" in delegate
    assert "spoken" not in delegate, "this decision takes no spoken votes"
    assert 'name="decision"' not in lee


async def test_who_is_asked_may_say_that_they_cannot_and_nobody_else(house: House) -> None:
    incident = await room(house, may=MAY | {"decline:page_it": ["raj"]})
    raj = (await look(house, f"/incidents/{incident}", "raj")).text
    assert raj.count("I cannot take it") == 1
    assert f'action="/incidents/{incident}/do/declines"' in raj
    assert "I cannot take it" not in (await look(house, f"/incidents/{incident}", "lee")).text
    waits = [pending(id="page_it", kind="page", text="Wake up", **{"for": ["raj"]})]
    shown(house, incident, pending=waits, may=MAY | {"decline:page_it": []})
    assert "I cannot take it" not in (await look(house, f"/incidents/{incident}", "raj")).text


async def test_the_form_for_a_step_is_for_whom_its_button_is(house: House) -> None:
    incident = await room(house)
    assert "<form" in (await look(house, f"/incidents/{incident}/steps", "dee")).text
    answer = await look(house, f"/incidents/{incident}/steps", "raj")
    assert answer.status_code == 403
    assert "teps are added by Ana Ruiz or Dee Novak" in answer.text


async def test_a_board_of_an_older_worker_hides_nothing(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, pending=[pending(id="page_it", kind="page", text="Wake up", **{"for": ["raj"]})])
    text = (await look(house, f"/incidents/{incident}", "kim")).text
    assert all(words in text for words in STEERING)
    assert "Not yours? Answer all the same" in text


async def test_a_candidate_is_no_incident_yet(house: House) -> None:
    incident = await house.declared()
    kinds = ("status", "merge", "override", "add_step", "role", "update", "impact", "hold_outward")
    shut: dict[str, list[str]] = {kind: [] for kind in kinds}
    waits = [pending(id="candidate", kind="candidate", text="accept or reject: it", **{"for": ["raj"]})]
    shown(house, incident, pending=waits, may={**shut, "severity": ["owner"], "candidate": ["raj", "dee", "owner"]})
    raj = (await look(house, f"/incidents/{incident}", "raj")).text
    assert "Accept: it is an incident" in raj
    assert "Write an update" not in raj
    assert "Set the status" not in raj
    sam = (await look(house, f"/incidents/{incident}", "sam")).text
    assert "Accept: it is an incident" not in sam
    assert "Raj Patel or Dee Novak may answer." in sam


def rights(person: str | None, level: str = "responder", may: dict[str, list[str]] | None = None) -> Rights:
    from mayday.language.catalog import Catalog

    visitor = Visitor(Principal(person, level, "t"), "x", "proof")
    return Rights.of(may, visitor, Names(Catalog.model_validate({})))


def test_the_words_name_a_few() -> None:
    assert rights("a", may={"x": ["a", "b", "owner"]}).who("x") == "a or b"
    assert rights("a", may={"x": ["owner"]}).who("x") == ""
    assert rights("a", may={"x": list("abcdef")}).who("x") == "a, b, c, d or 2 more"
    assert rights("a").who("x") == ""


def test_a_viewer_may_nothing_and_the_owner_what_is_theirs() -> None:
    assert not rights("a", "viewer", {"x": ["a"]}).may("x")
    assert rights(None, "owner", {"x": ["owner"]}).may("x")
    assert not rights(None, "owner", {"x": ["a"]}).may("x")
    assert rights("a", may={"x": []}).may("y"), "what is not named is everybody's"
    assert not rights("a", may={"x": []}).may("x:one"), "a thing is as its kind"
    assert rights("a", may={"x": [], "x:one": ["a"]}).may("x:one")
