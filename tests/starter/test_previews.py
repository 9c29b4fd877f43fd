"""A message as it will leave: made by the adapters that the settings name, for the people whom it is for."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.incident import Pending, RoleHolder
from mayday.language.catalog import Audience
from starter.drafts import Draft
from tests.console.test_pages import look, press, shown
from tests.starter.conftest import House

SENT = {
    "n": 3, "audience": "stakeholders", "purpose": "update", "at": "2026-03-02T02:10:00.000Z", "text": "All is well",
    "subject": "SEV2 payments slow", "via": ["email"], "to": ["person.ana"], "held": None, "delivered": True,
}  # fmt: skip
REVIEW = Pending.model_validate({
    "id": "review:update:1", "kind": "review", "for": ["li"], "text": "Read and release to customers: We know",
    "detail": {"audience": "customers", "subject": "SEV1 payments down", "text": "We know", "author": "ana"},
})  # fmt: skip


async def previewed(house: House, incident: str, **body: Any) -> dict[str, Any]:
    answer = await house.post(f"/api/v1/incidents/{incident}/previews", body)
    assert answer.status_code == 200, answer.text
    assert house.run(incident).commands == [], "a preview sends nothing"
    found: dict[str, Any] = answer.json()
    return found


async def test_an_update_is_shown_on_each_of_its_channels(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    found = await previewed(house, incident, audience="stakeholders", text="We know")
    mail, chat = found["channels"]
    assert (mail["channel"], mail["shown"][0]["subject"], mail["shown"][0]["text"]) == (
        "email", "SEV1 payments down", "We know",
    )  # fmt: skip
    assert (chat["channel"], chat["shown"][0]["text"]) == ("chat", "SEV1 payments down\nWe know")
    assert found["reaches"] == {"email": ["stakeholders@example.com"], "chat": [f"#{incident.lower()}"]}
    assert (found["second_reader"], found["held"], found["differs"], found["wrong"]) == (False, None, [], None)


async def test_who_is_not_reached_is_named_with_the_reason(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, roles=[RoleHolder(role="scribe", person="raj"), RoleHolder(role="deputy")])
    refs = ["group.executives", "role.scribe", "role.deputy", "schedule.payments_primary", "#status"]
    catalog = house.parts.playbooks.catalog
    catalog.people["chris"].email, was = None, catalog.people["chris"].email
    board = house.run(incident).board
    assert board is not None
    try:
        found = house.parts.previews.of(
            board, Draft(audience="executives", text="We know"), {"executives": Audience(to=refs, via=["email"])}
        )
    finally:
        catalog.people["chris"].email = was
    [mail] = found.channels
    assert found.reaches["email"] == ["dana", "raj"]
    assert [(gap.target, gap.reason) for gap in mail.unreached] == [
        ("chris", "no mail address"), ("schedule.payments_primary", "no mail address"),
    ]  # fmt: skip


async def test_a_correction_goes_where_the_message_went_under_its_subject(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, sent=[SENT])
    found = await previewed(house, incident, corrects=3, text="It is not")
    [mail] = found["channels"]
    assert (mail["channel"], mail["shown"][0]["subject"]) == ("email", "Correction: SEV2 payments slow")
    assert found["reaches"] == {"email": ["ana"]}, "only there, whatever the audience has besides"
    assert (found["second_reader"], found["purpose"]) == (True, "correction")


async def test_a_reader_sees_what_they_would_release(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, pending=[REVIEW], hold_outward=True)
    found = await previewed(house, incident, task="review:update:1")
    [page] = found["channels"]
    assert (page["channel"], page["shown"][0]["subject"], page["shown"][0]["text"]) == (
        "status_page", "SEV1 payments down", "We know",
    )  # fmt: skip
    assert found["held"] == "outward messages are held"
    other = await previewed(house, incident, task="review:update:1", text="We know more")
    assert other["channels"][0]["shown"][0]["text"] == "We know more"


async def test_a_drill_shows_its_mark(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    house.run(incident).board = house.run(incident).board.model_copy(update={"drill": True})  # type: ignore[union-attr]
    found = await previewed(house, incident, audience="stakeholders", text="We know")
    assert [each["shown"][0]["text"] for each in found["channels"]] == [
        "DRILL: We know", "DRILL: SEV1 payments down\nWe know",
    ]  # fmt: skip
    text = (await press(house, f"/incidents/{incident}/words", {"audience": "stakeholders", "text": "We know"})).text
    assert "DRILL: We know" in text
    assert "A drill." in text


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"audience": "nobody", "text": "x"}, 422, "'nobody' is not one of this incident's"),
        ({"audience": "technical"}, 422, "a message needs words"),
        ({"audience": "technical", "corrects": 3, "text": "x"}, 422, "give one of audience, corrects and task"),
        ({"text": "x"}, 422, "give one of audience, corrects and task"),
        ({"corrects": 9, "text": "x"}, 404, "there is no message 9 that has left"),
        ({"task": "review:gone"}, 404, "there is no review review:gone that waits"),
    ],
)
async def test_what_cannot_be_shown_is_refused(house: House, body: dict[str, Any], status: int, words: str) -> None:
    incident = await house.declared()
    shown(house, incident)
    answer = await house.post(f"/api/v1/incidents/{incident}/previews", body)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


async def test_a_worker_that_is_set_up_otherwise_is_told_of(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    presence = house.parts.records.presence
    served = {"chats": ["slack", "desk"], "mailers": ["desk"]}
    await presence.began("worker-1")
    await presence.told("worker-1", {"served": served})
    found = await previewed(house, incident, audience="stakeholders", text="We know")
    assert found["differs"] == ["chat: a worker sends it by slack or desk"]


async def test_the_page_of_a_reader_has_the_buttons_of_a_reader_only(house: House) -> None:
    incident = await house.declared()
    may = {"complete:review:update:1": ["li", "kim"]}
    shown(house, incident, pending=[REVIEW], may=may)
    path = f"/incidents/{incident}/words?review=review:update:1"
    assert 'value="yes" class="strong">Release' in (await look(house, path, "kim")).text
    own = (await look(house, path, "ana")).text
    assert "Release</button>" not in own
    assert "Ana Ruiz wrote it." in own
    gone = await look(house, f"/incidents/{incident}/words?review=review:gone")
    assert gone.status_code == 404
    assert "released, or withdrawn" in gone.text


@pytest.mark.parametrize(
    ("text", "status", "word"),
    [
        ("It is FIXED, all cards work.", "investigating", "FIXED"),
        ("Cards are back to normal", "mitigated", "back to normal"),
        ("It is resolved", "resolved", None), ("Cards fail", "investigating", None),
    ],
)  # fmt: skip
async def test_words_that_say_too_early_that_it_is_over_are_pointed_out(
    house: House, text: str, status: str, word: str | None
) -> None:
    incident = await house.declared()
    shown(house, incident)
    house.run(incident).board = house.run(incident).board.model_copy(update={"status": status})  # type: ignore[union-attr]
    assert (await previewed(house, incident, audience="customers", text=text))["too_early"] == word
    assert (await previewed(house, incident, audience="technical", text=text))["too_early"] is None, "inside the house"
    if word is not None:
        page = await press(house, f"/incidents/{incident}/words", {"audience": "customers", "text": text})
        assert "It reads as if it were over" in page.text


async def test_a_correction_says_once_on_the_status_page_that_it_is_one(house: House) -> None:
    incident = await house.declared("demo_checkout")
    shown(house, incident, sent=[{**SENT, "audience": "customers", "via": ["status_page"], "to": []}])
    [page] = (await previewed(house, incident, corrects=3, text="It is not"))["channels"]
    assert (page["shown"][0]["subject"], page["shown"][0]["text"]) == ("SEV2 payments slow", "Correction: It is not")
    assert page["shown"][0]["facts"]["service"] == "Checkout (demo)"


async def test_a_hold_says_by_whom_why_and_what_waits(house: House) -> None:
    incident = await house.declared()
    waiting = {**SENT, "audience": "customers", "held": "outward messages are held", "delivered": False}
    shown(house, incident, ("outward_held", "ana", {"reason": "legal reads along."}), sent=[waiting], hold_outward=True)
    text = (await look(house, f"/incidents/{incident}")).text
    assert "Outward messages are held</b> by Ana Ruiz since" in text
    assert "legal reads along. Waits to leave: update to customers." in text
    assert "Let them go</button>" in text
    assert "Hold every outward message</button>" not in text, "one button at a time"


async def test_a_message_that_will_not_leave_any_more_is_not_on_its_way(house: House) -> None:
    incident = await house.declared()
    lost = {**SENT, "n": 4, "delivered": False}
    failed = {"n": 4, "audience": "stakeholders", "purpose": "update", "reason": "the mail server answered 451"}
    shown(house, incident, ("send_failed", "system", failed), sent=[SENT, lost, {**lost, "n": 5}])
    text = (await look(house, f"/incidents/{incident}")).text
    assert text.count('<b class="lack">did not leave: the mail server answered 451</b>') == 1
    assert text.count("<b>on its way</b>") == 1
