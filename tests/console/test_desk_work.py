"""Pages that are worked with: declaring, words that go out, the rota, runbooks, integrations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mayday.records.reviews import ReviewRecord
from starter.console.forms import typed
from starter.problems import Problem
from tests.console.test_pages import HTML, SCRIPT, look, press, shown
from tests.starter.conftest import House


async def test_declaring_opens_the_room_of_the_incident(house: House) -> None:
    form = {"title": "Cards fail", "service": "payments", "severity": "SEV1", "runbook": "payments_sev1"}
    text = (await look(house, "/declare?runbook=payments_sev1")).text
    assert 'name="f:string:region"' in text
    answer = await press(house, "/declare", {**form, "f:string:region": "us", "customers_affected": "12"}, "sam")
    assert answer.status_code == 303
    (run,) = house.gateway.runs.values()
    assert answer.headers["location"] == f"/incidents/{run.start.id}"
    assert (run.start.declared_by, run.start.inputs, run.start.customers_affected) == ("sam", {"region": "us"}, 12)
    again = await press(house, "/declare", form)
    assert again.headers["location"] == answer.headers["location"], "the same cause leads to the open one"


async def test_a_declaration_that_is_wrong_keeps_what_was_written(house: House) -> None:
    answer = await press(house, "/declare", {"title": f"Half{SCRIPT}", "service": "payments"})
    assert answer.status_code == 422
    assert "say how bad it is" in answer.text
    assert "Half&lt;script&gt;" in answer.text
    assert house.gateway.runs == {}


async def test_words_are_shown_as_they_will_leave_and_leave_by_the_second_button(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    path = f"/incidents/{incident}/words"
    assert 'name="audience" value="customers"' in (await look(house, path)).text
    words = {"audience": "customers", "text": f"We know.\r\n{SCRIPT}"}
    preview = await press(house, path, words)
    assert preview.status_code == 200
    assert "SEV1 payments down" in preview.text
    assert "A second person reads it" in preview.text
    assert "by status page" in preview.text, "what each channel carries"
    assert SCRIPT not in preview.text
    assert house.run(incident).commands == [], "a preview sends nothing"
    assert (await press(house, f"/incidents/{incident}/do/updates", words)).status_code == 303
    sent = house.run(incident).commands[-1].command.model_dump()
    assert (sent["kind"], sent["audience"], sent["text"]) == ("update", "customers", f"We know.\n{SCRIPT}")


async def test_a_sent_message_is_corrected(house: House) -> None:
    incident = await house.declared()
    message = {
        "n": 3, "audience": "customers", "purpose": "update", "at": "2026-03-02T02:10:00.000Z", "text": "All is well",
        "held": None, "delivered": True,
    }  # fmt: skip
    shown(house, incident, sent=[message])
    text = (await look(house, f"/incidents/{incident}/words?correct=3")).text
    assert "Correct message 3 to customers" in text
    assert "All is well" in text
    await press(house, f"/incidents/{incident}/do/corrections", {"n": "3", "text": "It is not"})
    sent = house.run(incident).commands[-1].command.model_dump()
    assert (sent["kind"], sent["n"], sent["text"]) == ("correct", 3, "It is not")
    assert (await look(house, f"/incidents/{incident}/words?correct=9")).status_code == 404


@pytest.mark.parametrize(
    ("name", "form", "kind"),
    [
        ("hold-outward", {"on": "true", "reason": "legal"}, "hold_outward"),
        ("overrides", {"step": "s", "action": "skip", "reason": "no use", "sure": "yes"}, "override"),
        ("vendor-replies", {"step": "g", "kind": "eta", "text": "an hour"}, "vendor_reply"),
        ("severity", {"severity": "SEV2", "reason": "less"}, "severity"),
        ("roles", {"role": "deputy", "person": "raj"}, "role"),
        ("impact", {"customers_affected": "40"}, "impact"),
        ("notes", {"text": "saw it"}, "note"),
        ("candidate", {"accept": "true"}, "candidate"),
        ("acks", {"page": "p", "joined": "true"}, "ack"),
        ("accepts", {"role": "deputy"}, "accept"),
        ("delegations", {"to": "max"}, "delegate"),
    ],
)
async def test_every_button_reaches_the_incident(house: House, name: str, form: dict[str, str], kind: str) -> None:
    incident = await house.declared()
    shown(house, incident)
    answer = await press(house, f"/incidents/{incident}/do/{name}", form)
    assert answer.status_code == 303, answer.text
    assert house.run(incident).commands[-1].command.kind == kind


async def test_an_override_is_asked_once_more(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    form = {"step": f"s{SCRIPT}", "action": "skip", "reason": SCRIPT}
    answer = await press(house, f"/incidents/{incident}/do/overrides", form)
    assert "It is audited" in answer.text
    assert SCRIPT not in answer.text
    assert house.run(incident).commands == []
    as_script = await press(house, f"/incidents/{incident}/do/overrides", form, Accept="application/json")
    assert "confirm" in as_script.json()


async def test_the_week_shows_who_stands_where_and_takes_a_shift(house: House) -> None:
    text = (await look(house, "/on-call?week=2026-03-04")).text
    assert "Mon 02 Mar" in text
    assert "Raj Patel" in text
    form = {
        "schedule": "payments_primary", "person": "ana", "from_at": "2026-03-02T20:00", "to_at": "2026-03-03T06:00",
        "reason": SCRIPT,
    }  # fmt: skip
    assert (await press(house, "/on-call/overrides", form, "ana")).status_code == 303
    text = (await look(house, "/on-call")).text
    assert "Ana Ruiz (override)" in text
    assert SCRIPT not in text
    (made,) = await house.parts.records.overrides.find(None, from_at=house.clock.at)
    assert made.from_at.isoformat() == "2026-03-02T20:00:00+00:00"
    refused = await press(house, "/on-call/overrides", {**form, "person": "kim"}, "sam")
    assert refused.status_code == 403
    assert (await press(house, f"/on-call/overrides/{made.id}/remove", {}, "ana")).status_code == 303
    assert await house.parts.records.overrides.find(None, from_at=house.clock.at) == []


async def test_runbooks_have_their_picture_and_the_same_in_words(house: House) -> None:
    assert "payments sev1" in (await look(house, "/runbooks")).text
    text = (await look(house, "/runbooks/payments_sev1")).text
    assert "<svg" in text
    assert "Approve the emergency change" in text
    assert (await look(house, "/runbooks/nope")).status_code == 404


async def test_integrations_say_what_is_open_and_what_serves(house: House) -> None:
    text = (await look(house, "/integrations")).text
    assert "alertmanager" in text
    assert "none has been seen" in text
    refused = await look(house, "/integrations?check=1", "sam")
    assert refused.status_code == 403


async def test_a_session_s_forms_carry_its_proof_and_others_are_refused(house: House) -> None:
    """As a browser does it: a cookie, and the hidden field of the page."""
    incident = await house.declared()
    shown(house, incident)
    secret = await house.token("ana")
    entered = await house.http.post("/login", data={"code": secret, "next": f"/incidents/{incident}"}, headers=HTML)
    assert entered.status_code == 303
    page = await house.http.get(f"/incidents/{incident}", headers=HTML)
    proof = page.text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    assert proof
    for token, status in (("", 403), ("wrong", 403), (proof, 303)):
        form = {"text": "a note", "csrf_token": token}
        answer = await house.http.post(f"/incidents/{incident}/do/notes", data=form, headers=HTML)
        assert answer.status_code == status
    assert len(house.run(incident).commands) == 1


async def test_a_review_s_page_shows_what_is_owed_and_the_report_as_text(house: House) -> None:
    incident = await house.declared()
    at = house.clock.at
    board = {
        "incident_id": incident, "title": SCRIPT, "severity": "SEV1", "service": "payments", "state": "draft",
        "owner": "ana", "accepted": True, "opened_at": at.isoformat(), "resolved_at": at.isoformat(),
        "ledger": [{"id": "x", "kind": "action", "for": [SCRIPT], "text": SCRIPT, "due_at": at.isoformat()}],
        "actions": [{"id": "a", "title": SCRIPT, "owner": "raj", "due_at": (at + timedelta(days=1)).isoformat(),
                     "added_at": at.isoformat(), "added_by": "ana"}],
        "sections": {"summary": {"text": f"{SCRIPT} [x](javascript:alert(1)) ![i](https://evil.example/i.png)",
                                 "version": 1, "author": "ana", "at": at.isoformat()}},
    }  # fmt: skip
    record = ReviewRecord(
        incident_id=incident, workflow_id=f"review/{incident}", state="draft", owner="ana", updated_at=at, data=board
    )
    await house.parts.records.reviews.save(record)
    answer = await look(house, f"/reviews/{incident}")
    assert answer.status_code == 200, answer.text
    assert "Ana Ruiz" in answer.text
    assert SCRIPT not in answer.text
    assert 'href="javascript:' not in answer.text
    assert '<img src="https://evil' not in answer.text


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "many"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(Problem, match="is no number"):
        typed("share", "number", value)
