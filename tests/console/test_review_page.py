"""A review's page without a browser: live, every version at hand, every state a button."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.responses import JSONResponse

from mayday.archive import printing
from mayday.domain.review import ReviewCommand
from mayday.records.reviews import Report, ReviewRecord
from starter import review_feed
from starter.access import Principal
from starter.console import review_page
from starter.console.live import pieces_of
from starter.console.review_deeds import REVIEW_DEEDS
from starter.console.visitor import Visitor
from tests.console.nights import keep
from tests.console.test_pages import look, press
from tests.starter.conftest import House

ANA = Visitor(Principal("ana", "responder", "t"), "Ana Ruiz", "proof")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_feed, "OPEN_EVERY", 0.01)


async def reviewed(house: House, **facts: Any) -> str:
    """An archived night whose review stands as said; its id."""
    incident = await keep(house.parts.records)
    await said(house, incident, **facts)
    return incident


async def said(house: House, incident: str, **facts: Any) -> None:
    at = house.clock.at
    board = {
        "incident_id": incident, "title": "Payments down", "severity": "SEV1", "service": "payments", "state": "draft",
        "owner": "ana", "accepted": True, "opened_at": at.isoformat(), "resolved_at": at.isoformat(), **facts,
    }  # fmt: skip
    await house.parts.records.reviews.save(
        ReviewRecord(
            incident_id=incident, workflow_id=f"review/{incident}", state=board["state"], owner="ana", data=board,
            revision=int(facts.get("revision", 0)),
        )
    )  # fmt: skip


def drafted(house: House, incident: str, version: int, text: str) -> Report:
    at = house.clock.at + timedelta(hours=version)
    return Report(incident_id=incident, version=version, text=text, digest=str(version), drafted_at=at)


async def test_the_page_changes_as_the_review_does(house: House) -> None:
    incident = await reviewed(house)
    feed = review_page._feed(house.parts, incident)
    events = pieces_of(house.parts, feed, ANA, lambda: review_page._pieces(house.parts, feed, ANA))
    assert "hello" in await anext(events)
    first = [_region(await anext(events)) for _ in review_page.PIECES]
    assert [name for name, _ in first] == list(review_page.PIECES)
    assert 'value="proof"' in dict(first)["head"], "its forms carry the proof of this browser"
    await said(house, incident, state="in_review", revision=1)
    name, html = _region(await anext(events))
    assert name == "head"
    assert 'aria-current="step">in review' in html
    name, html = _region(await anext(events))
    assert name == "report", "what is made from what is known says the state, too"
    await house.parts.records.reviews.put_report(drafted(house, incident, 1, "# The first draft"))
    name, html = _region(await anext(events))
    assert name == "report"
    assert "The first draft" in html
    feed.close()


def _region(event: str) -> tuple[str, str]:
    lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
    assert lines["event"] == "region", event
    data = json.loads(lines["data"])
    return data["name"], data["html"]


@pytest.mark.parametrize(
    ("state", "buttons", "none"),
    [
        ("draft", ["Put it in review"], ["Back to", "Close it"]),
        ("in_review", ["It was reviewed", "Back to draft"], ["Close it"]),
        ("reviewed", ["Close it…", "Back to in review"], []),
        ("closed", [], ["Back to", "Close it", "Put it in review"]),
    ],
)
async def test_every_state_is_a_button_away(house: House, state: str, buttons: list[str], none: list[str]) -> None:
    incident = await reviewed(house, state=state)
    text = (await look(house, f"/reviews/{incident}")).text
    assert all(f">{words}</button>" in text for words in buttons)
    assert not any(words in text for words in none)


async def test_a_section_is_edited_on_the_version_that_is_shown(house: House) -> None:
    at = house.clock.at.isoformat()
    summary = {"text": "Cards failed for an hour.", "version": 3, "author": "dee", "at": at}
    incident = await reviewed(house, sections={"summary": summary})
    text = (await look(house, f"/reviews/{incident}")).text
    assert "version 3, Dee Novak" in text
    assert 'name="section" value="summary"><input type="hidden" name="version" value="3"' in text
    assert "Cards failed for an hour.</textarea>" in text
    assert 'name="section" value="lessons"><input type="hidden" name="version" value="0"' in text


async def test_every_version_of_the_report_can_be_read_and_taken_away(house: House) -> None:
    incident = await reviewed(house)
    text = (await look(house, f"/reviews/{incident}")).text
    assert "not drafted yet" in text
    for version in (1, 2):
        await house.parts.records.reviews.put_report(
            drafted(house, incident, version, f"# Draft no. {version} <b>x</b>")
        )
    text = (await look(house, f"/reviews/{incident}")).text
    assert "2 versions" in text
    assert "Draft no. 2" in text
    page = await look(house, f"/reviews/{incident}/report.html?version=1")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Draft no. 1 &lt;b&gt;" in page.text
    assert "<svg" in page.text, "the lanes of the night are in it"
    assert (await look(house, f"/reviews/{incident}/report.md")).text.startswith("# Draft no. 2")
    for wrong in ("report.docx", "report.html?version=9"):
        assert (await look(house, f"/reviews/{incident}/{wrong}")).status_code == 404


async def test_the_report_is_printed_on_paper_over_the_api(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await reviewed(house)
    headers = {"Authorization": f"Bearer {await house.token('ana')}", "Accept": "application/pdf"}
    printed: list[str] = []

    def paper(page: str) -> bytes:
        printed.append(page)
        return b"%PDF-1.7"

    monkeypatch.setattr("starter.report_desk.as_pdf", paper)
    answer = await house.http.get(f"/api/v1/reviews/{incident}/report", headers=headers)
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert "## " not in printed[0]
    assert "<h2>Service levels</h2>" in printed[0]

    def no_browser(page: str) -> bytes:
        raise printing.NotPrinted("no browser is installed that prints PDF", hint="install chromium")

    monkeypatch.setattr("starter.report_desk.as_pdf", no_browser)
    answer = await house.http.get(f"/api/v1/reviews/{incident}/report", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_printed")


async def test_before_the_first_draft_the_plan_is_held_against_the_night(house: House) -> None:
    incident = await reviewed(house)
    found = (await house.get(f"/api/v1/reviews/{incident}/report")).json()
    assert found["version"] == 0
    assert found["versions"] == []
    assert "Answer “page payments”" in found["markdown"]
    assert "**climbed" not in found["markdown"]
    assert "| page payments |" in found["markdown"], "the pinned plan is in the records"


async def test_who_does_not_write_in_the_review_is_told_so_and_may_leave_a_note(house: House) -> None:
    incident = await reviewed(house, writers=["dee"], viewers=[])
    text = (await look(house, f"/reviews/{incident}")).text
    assert "The report is written by those who were in the incident" in text
    assert "Note it</button>" in text
    assert "Write it</button>" not in text
    assert "Add a follow-up" not in text
    await said(house, incident, writers=["dee", "ana"], revision=1)
    text = (await look(house, f"/reviews/{incident}")).text
    assert "Write it</button>" in text
    assert "Add a follow-up" in text
    await said(house, incident, writers=["dee"], viewers=["ana"], revision=2)
    text = (await look(house, f"/reviews/{incident}")).text
    assert "/do/" not in text, "who only looked has no button at all"


STEWARDS = ["ana", "dee"]
WRITERS_HAVE = "actions action-done action-reassigned action-extended vendor-rcas notes report"


def weeks(house: House) -> dict[str, Any]:
    """Everything that can be owed is owed, and who may do it: raj owns the follow-up, lee is nobody."""
    at = house.clock.at
    days = [(at + timedelta(days=number)).isoformat() for number in range(9)]
    return {
        "state": "in_review",
        "meeting": {"starts_at": days[3], "ends_at": days[3], "uid": "u"},
        "actions": [
            {"id": "A1", "title": "Alert", "owner": "raj", "due_at": days[8], "added_at": days[0], "added_by": "kim"}
        ],
        "finals": [{"id": "customers", "audience": "customers", "text": "It works again.", "author": "ana"}],
        "findings": [
            {"id": "ratify:x", "kind": "ratification", "decision": "x", "text": "Glass broken", "due_at": days[1]},
            {"id": "old", "kind": "exception", "decision": "y", "text": "A vote nobody confirmed"},
        ],
        "vendor_rcas": [{"vendor": "gateway_co", "case": "VC-1", "asked": 2, "due_at": days[8]}],
        "writers": [*STEWARDS, "raj", "kim"],
        "may": {
            **dict.fromkeys(("set_state", "closing_form", "reschedule_meeting"), STEWARDS),
            **dict.fromkeys(("reassign_owner", "set_problem"), STEWARDS),
            "accept_ownership": [],
            "edit_report": [*STEWARDS, "raj", "kim", "owner"],
            "add_action": [*STEWARDS, "raj", "kim", "owner"],
            "complete_action:A1": ["raj", "kim", *STEWARDS],
            "reassign_action:A1": ["raj", "kim", *STEWARDS],
            "extend_action:A1": ["raj", "kim", *STEWARDS],
            "drop_action:A1": STEWARDS,
            "release:customers": ["dee", "li"],
            "rewrite:customers": ["dee", "li", "ana"],
            "answer_finding:ratify:x": ["chris"],
            "settle_finding:ratify:x": [],
            "answer_finding:old": [],
            "settle_finding:old": STEWARDS,
            "receive_rca:gateway_co": [*STEWARDS, "raj", "kim", "owner"],
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("person", "deeds", "said"),
    [
        (
            "ana",
            "state meeting owner problem rewrites closing-form settlements action-dropped " + WRITERS_HAVE,
            ["It is yours: a second person releases it.", "Chris Wong may answer."],
        ),
        (
            "raj",
            "actions action-done action-reassigned action-extended vendor-rcas notes report",
            ["are for Ana Ruiz or"],
        ),
        ("li", "releases rewrites notes", ["can finish it, or hand it on.", "may enter it."]),
        ("chris", "findings notes", ["are for Ana Ruiz or Dee Novak."]),
        ("lee", "notes", ["Dee Novak or Li Chen may release it.", "The report is written by those"]),
    ],
)
async def test_everybody_has_the_buttons_that_are_theirs(
    house: House, person: str, deeds: str, said: list[str]
) -> None:
    incident = await reviewed(house, **weeks(house))
    text = (await look(house, f"/reviews/{incident}", person)).text
    assert set(re.findall(rf"/reviews/{incident}/do/([\w-]+)", text)) == set(deeds.split())
    for words in said:
        assert words in text


async def test_between_them_they_have_every_button(house: House) -> None:
    incident = await reviewed(house, **weeks(house))
    found = set()
    for person in ("ana", "li", "chris"):
        text = (await look(house, f"/reviews/{incident}", person)).text
        found |= set(re.findall(rf"/reviews/{incident}/do/([\w-]+)", text))
    assert found == set(REVIEW_DEEDS) - {"accepts"}


async def test_a_closed_review_still_chases_and_is_steered_no_more(house: House) -> None:
    facts = weeks(house)
    facts["may"] = {**facts["may"], "set_state": [], "closing_form": [], "edit_report": []}
    incident = await reviewed(house, **{**facts, "state": "closed", "finals": []})
    text = (await look(house, f"/reviews/{incident}")).text
    found = set(re.findall(rf"/reviews/{incident}/do/([\w-]+)", text))
    assert {"action-done", "vendor-rcas", "settlements", "notes"} <= found
    assert not found & {"state", "meeting", "owner", "report", "closing-form"}


FORMS: dict[str, tuple[dict[str, str], str, dict[str, Any]]] = {
    "owner": ({"person": "dee", "reason": "away"}, "reassign_owner", {"person": "dee", "reason": "away"}),
    "meeting": ({"starts_at": "2026-03-09T10:00"}, "reschedule_meeting", {}),
    "problem": ({"number": "PRB-7", "url": "https://desk.example/7"}, "set_problem", {"number": "PRB-7"}),
    "actions": ({"title": "Drill", "owner": "lee", "due_at": "2026-03-09T10:00"}, "add_action", {"owner": "lee"}),
    "action-done": ({"action": "A1", "result": "ok"}, "complete_action", {"action": "A1", "result": "ok"}),
    "action-dropped": ({"action": "A1", "reason": "moot"}, "drop_action", {"reason": "moot"}),
    "action-reassigned": ({"action": "A1", "to": "kim"}, "reassign_action", {"to": "kim"}),
    "action-extended": (
        {"action": "A1", "due_at": "2026-03-09T10:00", "reason": "r"},
        "extend_action",
        {"reason": "r"},
    ),
    "rewrites": ({"item": "customers", "text": "New."}, "rewrite", {"text": "New."}),
    "settlements": ({"finding": "old", "text": "told"}, "settle_finding", {"text": "told"}),
    "vendor-rcas": ({"vendor": "gateway_co", "text": "a route"}, "receive_rca", {"vendor": "gateway_co"}),
    "notes": ({"text": "x", "occurred_at": "2026-03-02T10:00"}, "note", {"text": "x"}),
    "state": ({"state": "closed"}, "set_state", {"state": "closed"}),
    "releases": ({"item": "customers", "release": "no", "reason": "r"}, "release", {"withhold": True}),
    "findings": ({"finding": "ratify:x", "answer": "no", "reason": "r"}, "answer_finding", {"yes": False}),
}
ASKED_TWICE = ("action-dropped", "settlements", "vendor-rcas", "state", "releases", "findings")


@pytest.mark.parametrize("name", FORMS)
async def test_a_button_of_the_review_is_its_own_command(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sent: list[ReviewCommand] = []

    async def taken(parts: Any, record: Any, command: ReviewCommand) -> JSONResponse:
        sent.append(command)
        return JSONResponse({"state": "applied", "entry": 7, "detail": {}, "command": command.id})

    monkeypatch.setattr("starter.reviews.send", taken)
    incident = await reviewed(house, **weeks(house))
    form, kind, fields = FORMS[name]
    path = f"/reviews/{incident}/do/{name}"
    first = await press(house, path, form, "ana", Accept="application/json")
    assert first.status_code == 200, first.text
    assert ("confirm" in first.json()) == (name in ASKED_TWICE)
    if name in ASKED_TWICE:
        assert not sent, "asked once more first"
        page = await press(house, path, form, "ana")
        assert f'action="{path}"' in page.text
        assert f'href="/reviews/{incident}">No, go back' in page.text
        answer = await press(house, path, {**form, "sure": "yes"}, "ana")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/reviews/{incident}")
    [command] = sent
    assert (command.kind, command.actor, command.channel) == (kind, "ana", "console")
    assert command.model_dump(include=set(fields)) == fields


async def test_the_chain_is_checked_on_a_page(house: House) -> None:
    incident = await reviewed(house)
    text = (await look(house, f"/reviews/{incident}/chain")).text
    assert "It is as it was written" in text
    assert (await house.parts.records.timeline.entries(incident))[-1].hash in text
