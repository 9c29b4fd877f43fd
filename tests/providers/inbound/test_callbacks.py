"""What people do at a vendor with our own pages and tickets reaches the incident, once, and nothing of it echoes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mayday.domain.commands import Ack, Note, VendorReply
from mayday.domain.incident import Board
from mayday.providers.calls import OurCall, find_call, read_call
from mayday.providers.ticket_echo import note_mark
from mayday.providers.vendor_words import short_key
from tests.providers.inbound.conftest import TOKEN
from tests.providers.inbound.samples import needed, sample
from tests.starter.conftest import House

pytestmark = needed
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STRANGER = "PVE0ZR9"


async def post(house: House, source: str, body: Any) -> dict[str, Any]:
    answer = await house.http.post(f"/webhooks/{source}", json=body, headers=BEARER)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def pagerduty(name: str, key: str, agent: str | None = "P01", **event: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sample(f"pagerduty/{name}"))
    body["event"]["data"]["incident_key"] = key
    body["event"]["agent"] = agent and {"id": agent, "type": "user_reference", "summary": f"User {agent}"}
    body["event"] |= event
    return body


def opsgenie(name: str, key: str, **alert: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sample(f"opsgenie/{name}"))
    body["alert"] |= {"alias": key} | alert
    return body


def test_a_key_is_read_back_as_the_walker_and_the_pager_write_it() -> None:
    incident = "INC-01KB2C3D4E5F6G7H8J9KAMBNCP"
    assert read_call(f"{incident}/page_mim#1/ana/push") == OurCall(incident, "page_mim", 1, "ana", "push")
    assert read_call(f"{incident}/role:incident_commander#12/raj/voice") == OurCall(
        incident, "role:incident_commander", 12, "raj", "voice"
    )
    assert read_call(f"{incident}/loop[2].ticket#1") == OurCall(incident, "loop[2].ticket", 1)
    for other in ("", "alert-alias", incident, f"{incident}/page", "INC-1/page#1", None, 7, "x" * 10_000):
        assert read_call(other) is None
    assert read_call(f"{incident}/engage_gateway#1/case") == OurCall(incident, "engage_gateway", 1, case=True)
    assert read_call(short_key(f"{incident}/{'deep.' * 30}step#1", 100)) == OurCall(incident, "", 0)
    assert find_call(f"see {incident}/open#1, please") == OurCall(incident, "open", 1)


async def test_an_acknowledgement_in_pagerduty_stops_our_ladder(ready: House) -> None:
    incident = await ready.declared()
    body = pagerduty("incident_acknowledged", f"{incident}/page_mim#1/ana/push")
    found = await post(ready, "pagerduty", body)
    assert found == {
        "incidents": [],
        "callbacks": [{"incident": incident, "kind": "ack", "step": "page_mim", "state": "applied"}],
    }
    (sent,) = ready.run(incident).commands
    assert isinstance(sent.command, Ack)
    assert (sent.command.page, sent.command.actor, sent.command.channel) == ("page_mim", "ana", "pagerduty")
    # the same event again, as PagerDuty repeats it: the workflow knows the command by its id
    await post(ready, "pagerduty", body)
    assert len({envelope.command.id for envelope in ready.run(incident).commands}) == 1


async def test_whoever_answered_there_is_who_answered(ready: House) -> None:
    incident = await ready.declared()
    await post(ready, "pagerduty", pagerduty("incident_acknowledged", f"{incident}/page_mim#1/ana/push", agent="P03"))
    assert [envelope.command.actor for envelope in ready.run(incident).commands] == ["raj"]


async def test_a_user_whom_the_catalog_does_not_know_answers_for_the_one_who_was_rung(ready: House) -> None:
    incident = await ready.declared()
    key = f"{incident}/page_mim#1/ana/push"
    await post(ready, "pagerduty", pagerduty("incident_acknowledged", key, agent=STRANGER))
    ack, note = [envelope.command for envelope in ready.run(incident).commands]
    assert (ack.kind, ack.actor) == ("ack", "ana")
    assert isinstance(note, Note)
    assert note.text == f"User {STRANGER} acknowledged in PagerDuty, for ana: not among the catalog's ids"


@pytest.mark.parametrize("agent", [None, "service"])
async def test_pagerdutys_auto_resolve_and_retrigger_answer_nothing(ready: House, agent: str | None) -> None:
    incident = await ready.declared()
    key = f"{incident}/page_mim#1/ana/push"
    for name in ("incident_triggered", "incident_resolved"):
        body = pagerduty(name, key, agent=None)
        if agent:
            body["event"]["agent"] = {"id": "PSVC", "type": "service_reference"}
        assert await post(ready, "pagerduty", body) == {"incidents": []}
    assert await post(ready, "pagerduty", pagerduty("incident_triggered", key)) == {"incidents": []}
    assert ready.run(incident).commands == []
    assert len(ready.gateway.runs) == 1, "our own page opens no incident"


async def test_a_person_who_resolves_the_page_has_answered_it(ready: House) -> None:
    incident = await ready.declared()
    await post(ready, "pagerduty", pagerduty("incident_resolved", f"{incident}/page_mim#1/ana/push"))
    assert [envelope.command.kind for envelope in ready.run(incident).commands] == ["ack"]


@pytest.mark.parametrize("source", ["opsgenie", "jira"])
async def test_an_acknowledgement_in_opsgenie_or_jsm_stops_our_ladder(ready: House, source: str) -> None:
    incident = await ready.declared()
    key = f"{incident}/page_mim#1/raj/push"
    for name in ("create", "acknowledge", "close"):
        body = opsgenie(name, key, username="raj@example.com")
        assert (await post(ready, source, body))["incidents"] == []
    acks = [envelope.command for envelope in ready.run(incident).commands]
    assert [(ack.kind, ack.actor, ack.channel) for ack in acks] == [("ack", "raj", source)] * 2
    echo = opsgenie("close", key, username="raj@example.com") | {"source": {"name": "mayday", "type": "API"}}
    assert await post(ready, source, echo) == {"incidents": []}


async def test_a_note_in_opsgenie_becomes_a_note(ready: House) -> None:
    incident = await ready.declared()
    await post(ready, "opsgenie", opsgenie("add_note", f"{incident}/page_mim#1/raj/push"))
    (note,) = [envelope.command for envelope in ready.run(incident).commands]
    assert isinstance(note, Note)
    assert (note.actor, note.text) == ("owner", "user@example.com in opsgenie: note to test alert")


def record(incident: str, **values: Any) -> dict[str, Any]:
    return {
        "table": "incident", "operation": "update", "number": "INC0010456",
        "sys_id": "5fd8a0b983c332104005f7efeeaad999",
        "sys_mod_count": "7", "sys_updated_by": "it.support", "correlation_id": f"{incident}/open_ticket#1",
    } | values  # fmt: skip


async def test_states_and_comments_of_our_servicenow_ticket_become_notes(ready: House) -> None:
    incident = await ready.declared()
    body = record(incident, state="6", updated_fields=["state"], old_values={"state": "2"}, work_notes="quota raised")
    found = await post(ready, "servicenow", body)
    assert found["incidents"] == []
    assert [callback["state"] for callback in found["callbacks"]] == ["applied", "applied"]
    notes = [envelope.command for envelope in ready.run(incident).commands]
    assert [note.text for note in notes if isinstance(note, Note)] == [
        "it.support in servicenow: INC0010456: quota raised",
        "it.support in servicenow: INC0010456: state In Progress -> Resolved",
    ]


async def test_what_the_vendor_says_in_its_case_stops_its_clock(ready: House) -> None:
    incident = await ready.declared()
    case = {"correlation_id": f"{incident}/engage_gateway#1/case", "updated_fields": ["comments"]}
    await post(ready, "servicenow", record(incident, comments="we look into it", **case))
    over = record(incident, state="6", sys_mod_count="8", **case | {"updated_fields": ["state"]})
    await post(ready, "servicenow", over)
    replies = [envelope.command for envelope in ready.run(incident).commands]
    assert [(reply.step, reply.reply) for reply in replies if isinstance(reply, VendorReply)] == [
        ("engage_gateway", "reply"), ("engage_gateway", "resolved"),
    ]  # fmt: skip


async def test_what_we_wrote_into_the_ticket_is_no_news(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await ready.declared()
    sealed = f"2026-03-02 02:10:00 opened\nTimeline up to 7, sha256 {'a' * 64}"
    seen = record(incident, work_notes=sealed, updated_fields=["work_notes"])
    assert await post(ready, "servicenow", seen) == {"incidents": []}
    monkeypatch.setenv("MAYDAY_WEBHOOK_SERVICENOW_OWN_USERS", "mayday, it.support")
    known = ready.parts.settings
    ready.parts.settings = type(known)(data=known.data, runbooks=known.runbooks)
    assert await post(ready, "servicenow", record(incident, work_notes="by our own hand")) == {"incidents": []}
    assert ready.run(incident).commands == []


def issue(incident: str, **body: Any) -> dict[str, Any]:
    return {
        "webhookEvent": "jira:issue_updated", "timestamp": 1772417400000,
        "issue": {"key": "OPS-7", "fields": {"summary": "Payments down", "labels": ["x", f"{incident}/open_ticket#1"]}},
    } | body  # fmt: skip


async def test_a_comments_webhook_shows_no_label_and_finds_the_incident_by_its_ticket(ready: House) -> None:
    incident = await ready.declared()
    known = await ready.parts.records.incidents.get(incident)
    assert known is not None
    board = Board.model_validate({
        **known.model_dump(include={"id", "workflow_id", "title", "severity", "status", "services", "drill"}),
        "opened_at": known.opened_at,
        "priority": "P1", "service": "payments", "ticket": "OPS-7",
    })  # fmt: skip
    await ready.parts.records.incidents.save(known.model_copy(update={"board": board}))
    comment = {"id": "1", "author": {"displayName": "Kim", "accountId": "5b1"}, "body": "on it"}
    body = {
        "webhookEvent": "comment_created",
        "comment": comment,
        "issue": {"key": "OPS-7", "fields": {"summary": "x"}},
    }
    (told,) = (await post(ready, "jira", body))["callbacks"]
    assert (told["incident"], told["state"]) == (incident, "applied")
    body["issue"]["key"] = "OPS-8"
    assert (await post(ready, "jira", body))["callbacks"][0]["state"] == "ignored"


async def test_comments_and_states_of_our_jira_ticket_become_notes(ready: House) -> None:
    incident = await ready.declared()
    comment = {
        "id": "1", "author": {"emailAddress": "ana@example.com", "displayName": "Ana"},
        "body": {"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "rolled back"}]}]},
    }  # fmt: skip
    change = {"items": [{"field": "status", "fromString": "Open", "toString": "Done"}, {"field": "rank"}]}
    await post(ready, "jira", issue(incident, webhookEvent="comment_created", comment=comment))
    await post(ready, "jira", issue(incident, changelog=change, user={"accountId": "5b1", "displayName": "Kim"}))
    notes = [envelope.command for envelope in ready.run(incident).commands]
    assert [(note.actor, note.text) for note in notes if isinstance(note, Note)] == [
        ("ana", "OPS-7: rolled back"),
        ("owner", "Kim in jira: OPS-7: status Open -> Done"),
    ]


async def test_an_issue_of_somebody_else_is_an_alert(ready: House) -> None:
    made = issue("", webhookEvent="jira:issue_created")
    made["issue"]["fields"] |= {"labels": [], "components": [{"name": "checkout"}], "priority": {"name": "Highest"}}
    (line,) = (await post(ready, "jira", made))["incidents"]
    assert line["action"] == "opened"
    over = {**made, "webhookEvent": "jira:issue_updated", "timestamp": 1772417460000}
    over["issue"]["fields"]["status"] = {"name": "Done", "statusCategory": {"key": "done"}}
    assert (await post(ready, "jira", over))["incidents"] == [{**line, "action": "resolved"}]


async def test_a_refusal_of_the_incident_is_told_and_final(ready: House) -> None:
    incident = await ready.declared()
    ready.gateway.refusals["ack"] = ("closed", "page_mim was acknowledged by raj at 02:09:30")
    found = await post(ready, "pagerduty", pagerduty("incident_acknowledged", f"{incident}/page_mim#1/ana/push"))
    (callback,) = found["callbacks"]
    assert callback["state"] == "refused"
    assert "acknowledged by Raj Patel" in callback["reason"]


async def test_an_answer_to_an_incident_that_is_not_ours_is_ignored(ready: House) -> None:
    key = "INC-01KB2C3D4E5F6G7H8J9KAMBNCP/page_mim#1/ana/push"
    (callback,) = (await post(ready, "pagerduty", pagerduty("incident_acknowledged", key)))["callbacks"]
    assert callback["state"] == "ignored"


async def test_a_workflow_that_is_slow_gets_it_as_a_signal(ready: House) -> None:
    incident = await ready.declared()
    ready.gateway.asleep = True
    found = await post(ready, "pagerduty", pagerduty("incident_acknowledged", f"{incident}/page_mim#1/ana/push"))
    assert found["callbacks"][0]["state"] == "pending"
    assert "signal_command" in ready.gateway.calls


async def test_the_end_of_an_alert_goes_where_its_beginning_went(ready: House) -> None:
    """ServiceNow's record of the end says nothing of a service any more."""
    (first,) = (
        await post(ready, "servicenow", json.loads(sample("servicenow/constructed_business_rule_minimal_insert")))
    )["incidents"]
    over = {"number": "INC0010457", "state": "6", "sys_updated_on": "2026-03-02 02:12:00"}
    assert (await post(ready, "servicenow", over))["incidents"] == [{**first, "action": "resolved"}]
    assert (await post(ready, "servicenow", {**over, "number": "INC0010458"}))["incidents"] == [
        {"id": None, "workflow_id": None, "action": "ignored"}
    ]


async def test_states_and_notes_of_our_bmc_ticket_become_notes(ready: House) -> None:
    incident = await ready.declared()
    values = {
        "Incident Number": "INC000000000101", "Vendor Ticket Number": f"{incident}/open_ticket#1", "Status": "Resolved",
        "Last Modified By": "dana@example.com", "Work Log Details": "rolled back",
    }  # fmt: skip
    found = await post(ready, "bmc", {"values": values})
    assert found["incidents"] == []
    notes = [envelope.command for envelope in ready.run(incident).commands]
    assert [(note.actor, note.text) for note in notes if isinstance(note, Note)] == [
        ("dana", "INC000000000101: rolled back"), ("dana", "INC000000000101: state is Resolved"),
    ]  # fmt: skip


def annotated(page: str, text: str, agent: str | None = "P03", event: str = "01NOTE") -> dict[str, Any]:
    """A note as PagerDuty's webhook tells it: the incident by its own id alone."""
    return {"event": {
        "id": event, "event_type": "incident.annotated", "resource_type": "incident",
        "occurred_at": "2026-03-02T02:09:30Z",
        "agent": agent and {"id": agent, "type": "user_reference", "summary": f"User {agent}"},
        "data": {
            "id": "PNOTE1", "type": "incident_note", "content": text, "trimmed": False,
            "incident": {"id": page, "type": "incident_reference", "summary": "Payments down"},
        },
    }}  # fmt: skip


async def test_a_note_on_our_page_in_pagerduty_becomes_a_note(ready: House) -> None:
    """Its webhook does not say whose incident it is: the first event about the page did."""
    incident = await ready.declared()
    triggered = pagerduty("incident_triggered", f"{incident}/page_mim#1/ana/push")
    page = triggered["event"]["data"]["id"]
    assert await post(ready, "pagerduty", triggered) == {"incidents": []}
    for _ in "twice":
        (told,) = (await post(ready, "pagerduty", annotated(page, "the failover hangs")))["callbacks"]
        assert (told["incident"], told["state"]) == (incident, "applied")
    (note,) = {envelope.command.id: envelope.command for envelope in ready.run(incident).commands}.values()
    assert isinstance(note, Note)
    assert (note.actor, note.channel, note.text) == ("raj", "pagerduty", "note on the page: the failover hangs")
    assert note.occurred_at is not None
    assert f"{note.occurred_at:%H:%M:%S}" == "02:09:30"
    assert len(ready.gateway.runs) == 1


async def test_a_page_that_we_opened_by_its_id_is_known_without_its_first_webhook(ready: House) -> None:
    incident = await ready.declared()
    calls, key = ready.parts.records.pager_calls, f"{incident}/page_mim#1/ana/push"
    values = {"incident_id": incident, "page": "page_mim", "purpose": "page", "person": "ana", "target": "person.ana",
              "channel": "push", "urgent": True}  # fmt: skip
    await calls.begin(key, "pagerduty", values)
    await calls.note(key, "pagerduty", "ringing", ref="Q2KDVKCBPVS7V4")
    await post(ready, "pagerduty", annotated("Q2KDVKCBPVS7V4", "no power in hall 2", agent=None))
    (note,) = [envelope.command for envelope in ready.run(incident).commands]
    assert isinstance(note, Note)
    assert note.text == "somebody in pagerduty: note on the page: no power in hall 2"


async def test_what_we_wrote_onto_the_page_is_no_news(ready: House) -> None:
    incident = await ready.declared()
    triggered = pagerduty("incident_triggered", f"{incident}/page_mim#1/ana/push")
    page = triggered["event"]["data"]["id"]
    await post(ready, "pagerduty", triggered)
    ours = f"acknowledged by raj {note_mark('x/page_mim#1/ana/push')}"
    assert await post(ready, "pagerduty", annotated(page, ours)) == {"incidents": []}
    (stranger,) = (await post(ready, "pagerduty", annotated("QOTHER", "not ours")))["callbacks"]
    assert stranger["state"] == "ignored"
    assert ready.run(incident).commands == []
