"""Pages without a browser: who gets in, what they read, what leaves as text only, and that no link of ours is dead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayday.domain.incident import Board, Pending, RoleHolder
from mayday.domain.review.owed import FollowUp as Action
from mayday.domain.timeline import GENESIS, Entry, append
from mayday.records.desk.bridges import DeskBridge
from mayday.records.reviews import FollowUp, ReviewRecord
from starter.safe_headers import POLICY
from tests.starter.conftest import House
from tests.starter.doubles import START

HTML = {"Accept": "text/html"}
ACTION = Action(id="A1", title="-", owner="lee", due_at=START, added_at=START, added_by="ana").model_dump(mode="json")
SCRIPT = "<script>alert(1)</script>"


async def look(house: House, path: str, person: str | None = "ana") -> httpx.Response:
    return await house.http.get(path, headers={"Authorization": f"Bearer {await house.token(person)}", **HTML})


async def press(house: House, path: str, form: dict[str, str], person: str | None = "ana", **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {await house.token(person)}", **HTML, **headers}
    return await house.http.post(path, data=form, headers=headers)


def shown(house: House, incident: str, *entries: tuple[str, str, dict[str, Any]], **facts: Any) -> None:
    """What the run of this incident says from now on."""
    run, head = house.run(incident), GENESIS
    run.entries = []
    for number, (kind, actor, data) in enumerate(entries, 1):
        entry: Entry = append(head, number, START + timedelta(seconds=number), kind, actor, "a_step", data)
        head = entry.hash
        run.entries.append(entry)
    run.board = Board(
        id=incident, workflow_id=run.start.workflow_id, title=facts.pop("title", run.start.title),
        severity=run.start.severity, priority="P1", status="investigating", service=run.start.service,
        services=run.start.services, drill=False, opened_at=run.start.opened_at, seq=len(entries), **facts,
    )  # fmt: skip


def pending(**facts: Any) -> Pending:
    return Pending.model_validate({"due_at": START + timedelta(minutes=5), **facts})


@pytest.mark.parametrize(
    "path", ["/", "/incidents/INC-01M80YPJAW4DFZ44RVP3AYJK1B", "/desk/tickets/MI-1001", "/bridges/x"]
)
async def test_nobody_looks_without_having_signed_in(house: House, path: str) -> None:
    answer = await house.http.get(path, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")
    anything = await house.http.get(path)
    assert (anything.status_code, anything.headers["location"]) == (303, answer.headers["location"]), "as curl asks"
    script = await house.http.get(path, headers={"Accept": "application/json"})
    assert (script.status_code, script.json()["code"]) == (401, "unauthenticated")


async def test_the_empty_board_teaches_the_next_step(house: House) -> None:
    answer = await look(house, "/")
    assert answer.status_code == 200
    assert "All quiet" in answer.text
    assert 'href="/declare"' in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY


async def test_the_board_has_a_row_an_incident(house: House) -> None:
    incident = await house.declared("payments", "SEV1")
    shown(house, incident, pending=[pending(id="p", kind="page", text="Join", **{"for": ["ana"]})])
    text = (await look(house, "/")).text
    assert "payments down" in text
    assert "for you" in text
    assert f'href="/incidents/{incident}"' in text


async def test_a_page_has_nothing_inline(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, ("noted", "ana", {"words": "x"}))
    for path in ("/", f"/incidents/{incident}"):
        text = (await look(house, path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"\s(style|on\w+)=", text)


async def test_what_waits_for_you_comes_first_with_its_buttons(house: House) -> None:
    incident = await house.declared()
    shown(
        house, incident,
        pending=[
            pending(id="page_it", kind="page", text="Wake up", detail={"level": 1, "levels": 3}, **{"for": ["raj"]}),
            pending(id="role:deputy", kind="role", text="deputy is offered", **{"for": ["ana"]}),
        ],
    )  # fmt: skip
    text = (await look(house, f"/incidents/{incident}")).text
    assert text.index("Deputy is offered") < text.index("Wake up")
    assert 'name="role" value="deputy"' in text


async def test_a_viewer_reads_and_has_no_buttons(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, pending=[pending(id="page_it", kind="page", text="Wake up", **{"for": ["ana"]})])
    secret, _ = await house.parts.records.tokens.create("ana", level="viewer")
    headers = {"Authorization": f"Bearer {secret}", **HTML}
    text = (await house.http.get(f"/incidents/{incident}", headers=headers)).text
    assert "Wake up" in text
    assert "<form" not in text
    refused = await house.http.post(f"/incidents/{incident}/do/notes", data={"text": "x"}, headers=headers)
    assert refused.status_code == 403


async def test_a_button_is_the_api_s_own_decision(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    form = {"decision": "dr", "choice": "approve", "reason": "tested", "key": "k1"}
    answer = await press(house, f"/incidents/{incident}/do/votes", form, "sam")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/incidents/{incident}")
    command = house.run(incident).commands[-1].command
    assert (command.kind, command.actor, command.channel) == ("vote", "sam", "console")
    assert command.received_at == house.clock.at
    again = await press(house, f"/incidents/{incident}/do/votes", form, "sam")
    assert again.status_code == 303
    other = await press(house, f"/incidents/{incident}/do/votes", {**form, "choice": "reject"}, "sam")
    assert other.status_code == 303
    ids = [envelope.command.id for envelope in house.run(incident).commands]
    assert ids[0] == ids[1] != ids[2]


async def test_a_refusal_says_the_reason(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    house.gateway.refusals["vote"] = ("excluded", "ana may not vote on dr: asked for it")
    form = {"decision": "dr", "choice": "approve"}
    answer = await press(house, f"/incidents/{incident}/do/votes", form)
    assert answer.status_code == 409
    assert "asked for it" in answer.text
    as_script = await press(house, f"/incidents/{incident}/do/votes", form, Accept="application/json")
    assert as_script.json()["code"] == "excluded"


async def test_the_owner_never_votes_from_a_page(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    answer = await press(house, f"/incidents/{incident}/do/votes", {"decision": "dr", "choice": "approve"}, None)
    assert answer.status_code == 403
    assert house.run(incident).commands == []


async def test_a_form_without_proof_is_refused(house: House) -> None:
    incident = await house.declared()
    answer = await house.http.post(f"/incidents/{incident}/do/notes", data={"text": "x"}, headers=HTML)
    assert answer.status_code == 303  # to the login
    assert house.run(incident).commands == []


async def test_what_cannot_be_undone_asks_once_more(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    form = {"status": "resolved", "reason": "stable"}
    asked = await press(house, f"/incidents/{incident}/do/status", form)
    assert asked.status_code == 200
    assert "Yes, do it" in asked.text
    assert house.run(incident).commands == []
    assert (await press(house, f"/incidents/{incident}/do/status", {**form, "sure": "yes"})).status_code == 303
    assert house.run(incident).commands[-1].command.kind == "status"


async def test_a_task_s_form_becomes_its_typed_result(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    form = {
        "task": "t", "f:boolean:ok": "true", "f:integer:n": "12", "f:datetime:at": "2026-03-02T02:00",
        "f:string:why": "", "f:list:hosts": "a\r\nb\r\n",
    }  # fmt: skip
    await press(house, f"/incidents/{incident}/do/completions", form)
    result = house.run(incident).commands[-1].command.model_dump()["result"]
    assert result == {"ok": True, "n": 12, "at": "2026-03-02T02:00:00Z", "hosts": ["a", "b"]}
    wrong = await press(house, f"/incidents/{incident}/do/completions", {"task": "t", "f:integer:n": "many"})
    assert wrong.status_code == 422


async def test_words_of_a_review_go_along_only_when_they_were_changed(house: House) -> None:
    incident = await house.declared()
    shown(house, incident)
    path = f"/incidents/{incident}/do/completions"
    form = {"task": "review:x", "release": "yes", "draft": "one\ntwo", "text": "one\r\ntwo"}
    await press(house, path, form)
    await press(house, path, {**form, "text": "other"})
    await press(house, path, {**form, "release": "no"})
    results = [envelope.command.model_dump()["result"] for envelope in house.run(incident).commands]
    assert results == [{}, {"text": "other"}, {"release": False}]


async def test_what_others_wrote_reaches_a_page_as_text(house: House) -> None:
    """Alert labels, chat text, vendor names, drafts, reasons, titles: from outside, never trusted."""
    incident = await house.declared()
    shown(
        house, incident,
        ("alert_fired", SCRIPT, {"title": SCRIPT, "alert": "a", "labels": {"x": SCRIPT}, "occurred_at": "x"}),
        ("noted", "ana", {"words": f"{SCRIPT} https://evil.example/'onmouseover='x javascript:alert(1)"}),
        ("vendor_engaged", "system", {"vendor": SCRIPT, "priority": SCRIPT, "summary": SCRIPT, "contract": SCRIPT}),
        ("vendor_replied", "ana", {"vendor": SCRIPT, "reply": "eta", "words": SCRIPT}),
        ("paged", "system", {"page": "p", "purpose": "page", "people": [SCRIPT], "channels": [SCRIPT]}),
        ("gate_opened", "system", {"decision": "d", "question": SCRIPT, "excluded": {"ana": SCRIPT}}),
        title=SCRIPT, summary=SCRIPT, bridge="javascript:alert(1)", ticket=SCRIPT, channel=SCRIPT,
        roles=[RoleHolder(role="incident_commander", person=SCRIPT)],
        pending=[
            pending(id=f"d{SCRIPT}", kind="decision", text=SCRIPT, then=SCRIPT,
                    detail={"voters": ["ana", SCRIPT], "votes": {SCRIPT: SCRIPT}, "options": [SCRIPT]},
                    **{"for": [SCRIPT]}),
            pending(id="review:x", kind="review", text=SCRIPT, detail={"draft": SCRIPT, "subject": SCRIPT},
                    **{"for": ["ana"]}),
            pending(id="t", kind="task", text=SCRIPT, **{"for": ["ana"]}, detail={
                "fields": {SCRIPT: {"type": "string", "description": SCRIPT, "enum": [SCRIPT]}}}),
            pending(id="v", kind="vendor", text=SCRIPT, then=SCRIPT, **{"for": [SCRIPT]}),
        ],
        sent=[{"n": 1, "audience": SCRIPT, "purpose": SCRIPT, "at": "2026-03-02T02:10:00.000Z", "text": SCRIPT,
               "held": SCRIPT, "delivered": False}],
    )  # fmt: skip
    for path in (f"/incidents/{incident}", "/"):
        answer = await look(house, path)
        assert answer.status_code == 200
        assert "<script>" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert 'href="javascript:' not in answer.text
        assert not re.search(r"<a [^>]*onmouseover", answer.text)


async def test_a_broken_glass_shows_what_was_written_as_text(house: House) -> None:
    incident = await house.declared(service="search", runbook="disaster_recovery", inputs={})
    asked = {"decision": "invoke_dr", "question": SCRIPT, "voters": ["chris"], "approvals": 2}
    shown(
        house, incident, ("gate_opened", "system", asked),
        ("glass_touched", SCRIPT, {"decision": "invoke_dr", "reason": SCRIPT}),
        pending=[pending(id="invoke_dr", kind="decision", text=SCRIPT, then="lapsed", **{"for": ["chris"]},
                         detail={"voters": ["chris"], "votes": {}, "approvals": 2, "options": []})],
    )  # fmt: skip
    for person in ("max", "raj"):
        text = (await look(house, f"/incidents/{incident}", person)).text
        assert "Break the glass" in text
        assert "Max" in text
        assert SCRIPT not in text
    lapsed = {"decision": "invoke_dr", "outcome": "lapsed", "reason": SCRIPT}
    touched = ("glass_touched", SCRIPT, {"decision": "invoke_dr", "reason": SCRIPT})
    shown(house, incident, ("gate_opened", "system", asked), touched, ("gate_decided", "system", lapsed))
    text = (await look(house, f"/incidents/{incident}", "kim")).text
    assert "lapsed without an answer" in text
    assert SCRIPT not in text


async def test_no_link_that_a_message_contains_is_dead(house: House) -> None:
    """Addresses are built from `base_url` in tickets, bridges, chat, templates and reviews."""
    incident = await house.declared()
    shown(house, incident)
    desk, store = house.parts.records.desk, house.parts.records.store
    async with store.write() as connection:
        number = await desk.tickets.open_in(connection, "incident", incident_id=incident, summary=SCRIPT)
        await desk.tickets.note_in(connection, number, SCRIPT)
        bridge = DeskBridge(
            id="br-1", incident_id=incident, name=SCRIPT, kind="technical", url="http://x/bridges/br-1",
            phone="+44", opened_at=house.clock.at,
        )  # fmt: skip
        await desk.bridges.open_in(connection, bridge)
    for path in (f"/desk/tickets/{number}", "/bridges/br-1", f"/incidents/{incident}", f"/reviews/{incident}"):
        answer = await look(house, path)
        assert answer.status_code == 200, path
        assert "<script>" not in answer.text
    assert (await look(house, "/desk/tickets/MI-9")).status_code == 404
    assert (await look(house, "/incidents/nope")).status_code == 404


async def test_while_nobody_answers_the_page_shows_what_was_stored_and_says_so(house: House) -> None:
    incident = await house.declared()
    house.gateway.silent = True
    text = (await look(house, f"/incidents/{incident}")).text
    assert "No worker answers" in text


async def test_assets_are_kept_by_browsers_and_change_their_address(house: House) -> None:
    text = (await look(house, "/")).text
    address = re.search(r'href="(/assets/\w+/console\.css)"', text)
    assert address is not None
    answer = await house.http.get(address[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert (await house.http.get("/assets/x/../app.py")).status_code == 404
    assert (await house.http.get("/assets/x/secrets.txt")).status_code == 404


async def test_the_ledger_of_follow_ups_is_a_page_with_filters_and_buttons(house: House) -> None:
    incident = await house.declared()
    due = house.clock() + timedelta(days=3)
    facts = {"priority": "high", "title": SCRIPT, "ticket": "PAY-7", "ticket_url": "https://jira.example/browse/PAY-7"}
    actions = [
        FollowUp(
            incident_id=incident, id=f"A{number}", owner="lee" if number % 2 else "raj", due_at=due,
            data={**ACTION, **facts, "id": f"A{number}", "owner": "lee" if number % 2 else "raj", "state": "open",
                  "due_at": due.isoformat()},
        )
        for number in range(60)
    ]  # fmt: skip
    review = ReviewRecord(incident_id=incident, workflow_id=f"review/{incident}", state="draft", revision=1)
    await house.parts.records.reviews.save(review, actions)
    page = (await look(house, "/actions")).text
    assert SCRIPT not in page
    assert page.count("PAY-7</a>") == 50
    assert 'href="https://jira.example/browse/PAY-7"' in page
    assert "It is done" in page
    following = re.search(r'href="(/actions[^"]*cursor=[^"]*)"', page)
    assert following is not None
    rest = (await look(house, following[1].replace("&amp;", "&"))).text
    assert rest.count("PAY-7</a>") == 10
    mine = (await look(house, "/actions?owner=me", "lee")).text
    assert mine.count("PAY-7</a>") == 30
    assert '<b class="lack">overdue</b>' not in mine
    assert "Nothing here" in (await look(house, "/actions?overdue=true")).text
    house.clock.at = due + timedelta(days=1)
    assert '<b class="lack">overdue</b>' in (await look(house, "/actions?overdue=true")).text
    assert (await look(house, "/actions?state=nonsense")).status_code == 404
