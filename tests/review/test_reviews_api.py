"""Reviews over HTTP: the real application and store, and the real rules behind the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.domain.commands import Answer, CommandEnvelope
from mayday.domain.effects import EffectRequest, EffectResult, FlushRequest
from mayday.domain.report import draft, render
from mayday.domain.review import ReviewBoard, ReviewEnvelope
from mayday.domain.review.wire import CLOSE_ACTION, OPEN_ACTION, ReviewAccess
from mayday.providers.calls import OurCall
from mayday.providers.embedded.ledger import RecordsReviews
from mayday.providers.inbound import Callback
from mayday.records.incidents import IncidentRecord
from mayday.settings import load_settings
from starter.gateway import CommandRefused, NoSuchRun, NotAccepted
from starter.parts import assemble
from starter.playbooks import Playbooks
from tests.review.chains import Chain
from tests.review.one_night import night
from tests.review.story import FORM, Story, given, utc
from tests.review.test_obligations import FINAL, SPOKEN
from tests.starter.application import application
from tests.starter.conftest import RUNBOOKS, House
from tests.starter.doubles import Clock, FakeGateway
from tests.stores import in_memory

INCIDENT = "INC-01HQZX3V5K8M2N4P6R8S0T2V4W"
MERGED = INCIDENT[:-1] + "Y"
FORM_BODY = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in FORM.items()}


class ReviewGateway(FakeGateway):
    """A Temporal whose only run is one review."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self.story = story
        self.signalled: list[str] = []

    async def command(self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope) -> Answer:
        if not isinstance(envelope, ReviewEnvelope):
            return await super().command(workflow_id, envelope)
        if workflow_id != f"review/{INCIDENT}" or self.story.case.finished:
            raise NoSuchRun(workflow_id)
        if self.asleep:
            raise NotAccepted(workflow_id)
        refusal = self.story.case.refusal(envelope.command, self.story.now)
        if refusal is not None:
            raise CommandRefused(refusal.code, refusal.reason)
        answer = self.story.case.deliver(envelope.command, self.story.now)
        self.story.after()
        return answer

    async def signal_command(self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope) -> None:
        self.signalled.append(envelope.command.kind)

    async def review_board(self, incident: str, within: timedelta) -> ReviewBoard | None:
        return None if self.silent or incident != INCIDENT else self.story.case.board()


@pytest.fixture(scope="module")
def playbooks() -> Playbooks:
    return Playbooks.load(RUNBOOKS)


@pytest.fixture
async def house(playbooks: Playbooks, tmp_path: Path) -> AsyncIterator[House]:
    settings = load_settings(data=tmp_path, runbooks=RUNBOOKS)
    entries = night().entries
    start = given(
        incident_id=INCIDENT, finals=[FINAL], findings=[SPOKEN], head=entries[-1].hash, next_seq=entries[-1].seq + 1
    )
    gateway, clock = ReviewGateway(Story(start)), Clock(utc("2026-03-03T12:00"))
    async with await in_memory(clock) as records:
        playbooks.attach(records)
        for incident, status in ((INCIDENT, "resolved"), (INCIDENT[:-1] + "X", "investigating"), (MERGED, "merged")):
            record = IncidentRecord(
                id=incident, workflow_id="incident/x", title="Payments down", severity="SEV1", status=status,
                service="payments", services=["payments"], opened_at=start.opened_at,
            )  # fmt: skip
            await records.incidents.save(record)
        await records.flushes.keep(FlushRequest(incident_id=INCIDENT, entries=entries, note_to_ticket=False))
        merged = Chain(start.opened_at)
        merged.add(3, "merged_into", "dee", None, into=INCIDENT, reason="the same gateway")
        await records.flushes.keep(FlushRequest(incident_id=MERGED, entries=merged.entries, note_to_ticket=False))
        parts = assemble(settings, records, gateway, playbooks, clock=clock)
        transport = httpx.ASGITransport(application(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mayday") as http:
            yield House(http, parts, gateway, clock)
        await parts.drain()


def path(rest: str = "") -> str:
    return f"/api/v1/reviews/{INCIDENT}{rest}"


async def test_a_review_shows_what_is_owed(house: House) -> None:
    found = (await house.get(path())).json()
    assert (found["state"], found["owner"], found["accepted"]) == ("draft", "ana", False)
    assert found["meeting"]["starts_at"] == "2026-03-05T09:00:00.000Z"
    assert FINAL["id"] in [item["id"] for item in found["ledger"]]
    assert (await house.get(path()[:-26] + INCIDENT[-6:])).status_code in (200, 404)
    nothing = await house.get("/api/v1/reviews/" + INCIDENT[:-1] + "X")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_review")


async def test_of_a_merged_incident_the_review_of_the_other_one_tells(house: House) -> None:
    nothing = await house.get(f"/api/v1/reviews/{MERGED}")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_review")
    assert f"the review of {INCIDENT} tells of both" in nothing.text


async def test_a_whole_review_by_hand(house: House) -> None:
    assert (await house.post(path("/accepts"), {}, "ana")).json()["state"] == "applied"
    edit = {"section": "summary", "text": "The gateway failed.", "version": 0}
    assert (await house.post(path("/report"), edit, "dee")).json()["detail"] == {"section": "summary", "version": 1}
    headers = {"Authorization": f"Bearer {await house.token('ana')}"}
    again = await house.http.put(path("/report"), json={**edit, "version": 1}, headers=headers)
    assert again.json()["detail"]["version"] == 2
    assert (await house.post(path("/releases"), {"item": FINAL["id"]}, "li")).status_code == 200
    assert (await house.post(path("/findings"), {"finding": SPOKEN["id"], "yes": True}, "chris")).status_code == 200
    meeting = {"starts_at": "2026-03-05T10:00:00Z", "reason": "earlier"}
    assert (await house.post(path("/meeting"), meeting, "ana")).json()["detail"]["sequence"] == 1
    added = await house.post(path("/actions"), {"title": "Second gateway", "owner": "lee", "priority": "high"}, "ana")
    assert added.json()["detail"]["action"] == "A1"
    for state in ("in review", "Reviewed"):
        assert (await house.post(path("/state"), {"state": state}, "ana")).status_code == 200
    early = await house.post(path("/state"), {"state": "closed"}, "ana")
    assert (early.status_code, early.json()["code"]) == (422, "invalid")
    assert (await house.post(path("/closing-form"), FORM_BODY, "ana")).json()["detail"] == {"missing": []}
    assert (await house.post(path("/state"), {"state": "closed"}, "ana")).status_code == 200
    extend = {"due_at": "2026-05-01T00:00:00Z", "reason": "hardware"}
    assert (await house.post(path("/actions/A1/extend"), extend, "lee")).status_code == 200
    assert (await house.post(path("/actions/A1/reassign"), {"to": "kim"}, "lee")).status_code == 200
    assert (await house.get(path("/actions"))).json()["items"][0]["owner"] == "kim"
    assert (await house.post(path("/actions/a1/complete"), {"result": "live"}, "kim")).json()["detail"][
        "on_time"
    ] is True
    over = await house.post(path("/notes"), {"text": "late"}, "ana")
    assert (over.status_code, over.json()["code"]) == (404, "no_review")  # nothing was stored in this test


REFUSED: list[tuple[str, dict[str, Any], str | None, int, str | None]] = [
    ("/releases", {"item": FINAL["id"]}, "ana", 409, "excluded"),
    ("/releases", {"item": "nope"}, "li", 409, "unknown"),
    ("/releases", {"item": FINAL["id"]}, None, 403, "needs_a_person"),
    ("/accepts", {}, "lee", 409, "not_yours"),
    ("/state", {"state": "reviewed"}, "ana", 422, "invalid"),
    ("/state", {"state": "finished"}, "ana", 422, None),
    ("/closing-form", {}, "ana", 422, None),
    ("/closing-form", {"categorie": "x"}, "ana", 422, None),
    ("/actions", {"title": "x", "owner": "ghost"}, "ana", 409, "unknown"),
    ("/actions", {"title": "", "owner": "lee"}, "ana", 422, None),
    ("/actions/A9/complete", {}, "lee", 409, "unknown"),
    ("/report", {"section": "blame", "text": "x"}, "ana", 409, "unknown"),
    ("/report", {"section": "summary", "text": "x", "version": 7}, "ana", 422, "invalid"),
    ("/meeting", {"starts_at": "2026-03-05T10:00:00"}, "ana", 422, None),
    ("/findings", {"finding": SPOKEN["id"], "yes": True}, "ana", 409, "not_yours"),
    ("/settlements", {"finding": SPOKEN["id"], "text": "x"}, "ana", 422, "invalid"),
    ("/vendor-rcas", {"vendor": "nobody", "text": "x"}, "ana", 409, "unknown"),
    ("/problem", {"number": "PRB-1"}, "lee", 409, "not_yours"),
    ("/owner", {"person": "ghost"}, "ana", 409, "unknown"),
]


async def test_refusals_with_their_code_and_reason(house: House) -> None:
    for rest, body, person, status, code in REFUSED:
        answer = await house.post(path(rest), body, person)
        assert answer.status_code == status, f"{rest} {body}: {answer.text}"
        assert answer.json()["detail"]
        assert code is None or answer.json()["code"] == code
    audit = await house.parts.records.audit.find(incident_id=INCIDENT)
    assert sorted(row.outcome for row in audit) == sorted(
        code for _, _, _, status, code in REFUSED if code is not None and status != 403
    )


async def test_the_same_key_adds_an_action_once(house: House) -> None:
    body = {"title": "Once", "owner": "lee"}
    first = await house.post(path("/actions"), body, "ana", key="k1")
    again = await house.post(path("/actions"), body, "ana", key="k1")
    assert first.json() == again.json()
    assert len((await house.get(path("/actions"))).json()["items"]) == 1


async def test_no_worker_means_pending(house: House) -> None:
    house.gateway.asleep = True
    answer = await house.post(path("/notes"), {"text": "hello"}, "ana")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert house.gateway.signalled == ["note"]  # type: ignore[attr-defined]


async def test_the_report_as_markdown_as_json_and_before_its_first_draft(house: House) -> None:
    token = await house.token("ana")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/markdown"}
    text = await house.http.get(path("/report"), headers=headers)
    assert text.headers["content-type"].startswith("text/markdown")
    assert text.text.startswith("# SEV1 Payments down")
    found = (await house.get(path("/report"))).json()
    assert found["version"] == 0
    assert set(found["unwritten"]) == {"summary", "impact", "root_cause", "contributing_factors", "lessons"}
    assert (await house.get(path("/report"), params={"version": 3})).json()["code"] == "unknown_version"

    drafted = render(draft(night().entries, incident_id=INCIDENT, version=1))
    await RecordsReviews(house.parts.records).put_report(INCIDENT, 1, drafted, "d", house.clock())
    assert (await house.get(path("/report"))).json()["version"] == 1


async def test_the_draft_of_an_article_as_markdown_and_as_json(house: House) -> None:
    token = await house.token("ana")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/markdown"}
    text = await house.http.get(path("/article"), headers=headers)
    assert text.headers["content-type"].startswith("text/markdown")
    found = (await house.get(path("/article"))).json()
    assert found["markdown"] == text.text
    assert "## What helps meanwhile" in text.text


async def test_lists_come_from_the_records_also_when_temporal_is_silent(house: House) -> None:
    gateway = house.gateway
    assert isinstance(gateway, ReviewGateway)
    gateway.story.applied("add_action", "ana", title="Second gateway", owner="lee")
    await RecordsReviews(house.parts.records).save(gateway.story.case.board())
    gateway.silent = True
    found = (await house.get("/api/v1/reviews", params={"state": "open", "owner": "me"})).json()["items"]
    assert [(item["id"], item["open_actions"]) for item in found] == [(INCIDENT, 1)]
    assert (await house.get("/api/v1/reviews", "lee", params={"owner": "me"})).json()["items"] == []
    assert (await house.get("/api/v1/reviews", params={"state": "closed"})).json()["items"] == []
    (action,) = (await house.get("/api/v1/actions", "lee", params={"owner": "me"})).json()["items"]
    assert (action["id"], action["incident_id"], action["state"]) == ("A1", INCIDENT, "open")
    assert (action["incident_title"], action["service"], action["overdue"]) == ("Payments down", "payments", False)
    assert (await house.get("/api/v1/actions", params={"service": "checkout"})).json()["items"] == []
    assert (await house.get("/api/v1/actions", params={"overdue": True})).json()["items"] == []
    house.clock.at += timedelta(weeks=9)
    (late,) = (await house.get("/api/v1/actions", params={"overdue": True})).json()["items"]
    assert late["overdue"] is True
    assert (await house.get("/api/v1/actions", params={"cursor": "?"})).json()["code"] == "invalid"
    assert (await house.get(path())).json()["state"] == "draft"


async def test_a_ticket_closed_at_its_vendor_completes_the_action(house: House) -> None:
    gateway = house.gateway
    assert isinstance(gateway, ReviewGateway)
    doubles = {OPEN_ACTION: _ticket, CLOSE_ACTION: _ticket}
    gateway.story = Story(given(incident_id=INCIDENT, action_tickets=True), doubles)
    gateway.story.applied("add_action", "ana", title="Second gateway", owner="lee")

    def changed(words: str, step: str = "review:actions:A1", **more: Any) -> Callback:
        return Callback(words, "note", OurCall(INCIDENT, step, 1), "lee@example.com", "Lee", words, **more)

    async def deliver(callback: Callback) -> str:
        answer = await house.parts.callbacks.deliver("jira", callback, house.clock())
        return str(answer["state"])

    assert await deliver(changed("PAY-7: status To Do -> In Progress")) == "applied"
    assert gateway.story.case.board().actions[0].state == "open"
    assert await deliver(changed("PAY-7: status In Progress -> Done", over=True)) == "applied"
    assert await deliver(changed("PAY-7: status In Progress -> Done", over=True)) == "applied", "told twice: once"
    [item] = gateway.story.case.board().actions
    assert (item.state, item.ended_by) == ("done", "lee")
    assert len(gateway.story.of("action_ticket_told")) == 2
    assert await deliver(changed("PRB-7: state is closed", "review:problem")) == "applied"
    assert gateway.story.of("noted")[0].data["words"] == "PRB-7: state is closed"
    assert await deliver(changed("?", "review:actions:A9")) == "refused"
    gateway.asleep = True
    assert await deliver(changed("PAY-7: a comment")) == "pending"
    assert gateway.signalled == ["tell_action"]


async def test_what_somebody_wrote_in_a_ticket_is_kept_though_they_do_not_write_in_the_review(house: House) -> None:
    gateway = house.gateway
    assert isinstance(gateway, ReviewGateway)
    gateway.story = Story(given(incident_id=INCIDENT, access=ReviewAccess(viewers=["lee"])))
    told = Callback("n1", "note", OurCall(INCIDENT, "review:problem", 1), "lee@example.com", "Lee", "PRB-7: fixed")
    assert (await house.parts.callbacks.deliver("jira", told, house.clock()))["state"] == "applied"
    [noted] = gateway.story.of("noted")
    assert (noted.actor, noted.data["words"]) == ("owner", "Lee in jira: PRB-7: fixed")


async def test_who_does_not_write_is_told_why_and_the_refusal_is_kept(house: House) -> None:
    gateway = house.gateway
    assert isinstance(gateway, ReviewGateway)
    gateway.story = Story(given(incident_id=INCIDENT, access=ReviewAccess()))
    for rest, body in (
        ("/report", {"section": "summary", "text": "x"}),
        ("/actions", {"title": "x", "owner": "kim"}),
    ):
        answer = await house.post(path(rest), body, "kim")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_yours")
        assert "for those who were in the incident" in answer.json()["detail"]
    assert (await house.post(path("/notes"), {"text": "I saw it too"}, "kim")).status_code == 200
    audit = await house.parts.records.audit.find(incident_id=INCIDENT)
    assert sorted((row.action, row.outcome) for row in audit) == [
        ("review.add_action", "not_yours"), ("review.edit_report", "not_yours"), ("review.note", "ok"),
    ]  # fmt: skip


def _ticket(request: EffectRequest) -> EffectResult:
    return EffectResult(value={"outputs": {"number": "PAY-7"}})


async def test_verify_names_the_first_broken_entry(house: House) -> None:
    assert (await house.get(path("/verify"))).json()["intact"] is True
    await _alter(house, seq=9)
    found = (await house.get(path("/verify"))).json()
    assert (found["intact"], found["first_broken"]) == (False, 9)


async def _alter(house: House, seq: int) -> None:
    """What somebody with access to the database might do."""
    import sqlalchemy as sa

    from mayday.records.schema import TIMELINE

    async with house.parts.records.store.write() as connection:
        await connection.execute(sa.update(TIMELINE).where(TIMELINE.c.seq == seq).values(data={"reason": "edited"}))
