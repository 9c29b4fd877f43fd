"""A scripted incident of a quarter of a minute, and what the providers' desk says of it afterwards.

The script only ever waits for facts, never for time, so that it does the same whether or not processes are killed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from mayday.domain.timeline import timestamp
from mayday.records import Records
from mayday.records.schema import WORK_ORDERS
from tests.house import House, firing

RUNBOOKS = Path(__file__).parent / "runbooks"
ALERTS = 12
#: pages and answers about finding out whether a change happened exist only where a worker died in the middle of it
FIND_OUT = "bypass"
#: the worker looks at a service's changes beside the incident, in its own time: a short night may be over before
IN_ITS_OWN_TIME = "changes.looked"


class Night(NamedTuple):
    """What an incident left."""

    incident: str
    workflow_id: str
    effects: Counter[tuple[str, ...]]
    ticks: list[str]
    entries: list[dict[str, Any]]


async def walk(house: House) -> Night:
    """The whole incident, from the first alert to the last entry."""
    started_at = timestamp(datetime.now(UTC))
    opened = (await house.alert(firing([_labels(0)], started_at=started_at))).json()["incidents"]
    incident, workflow_id = await _identified(house, opened)
    storm = asyncio.create_task(_storm(house, started_at))
    try:
        await _decide(house, incident)
        await storm
    finally:
        storm.cancel()
    await house.until(lambda: _all_attached(house, incident), "all alerts to be attached", 120)
    await _finish(house, incident)
    return await left_behind(house.records, incident, workflow_id)


def _labels(number: int) -> dict[str, str]:
    return {"alertname": f"ShopDown{number}", "service": "shop", "severity": "critical", "pod": f"pod-{number}"}


async def _identified(house: House, answered: list[dict[str, Any]]) -> tuple[str, str]:
    """An alert that was queued has no incident yet; it is listed once it has."""
    workflow_id = answered[0]["workflow_id"]

    async def listed() -> str | None:
        found = (await house.get("/api/v1/incidents"))["items"]
        return next((item["id"] for item in found if item["workflow_id"] == workflow_id), None)

    found = await house.until(listed, "the incident to be listed", 120)
    assert found is not None
    return found, workflow_id


async def _storm(house: House, started_at: str) -> None:
    for number in range(1, ALERTS):
        answer = await house.alert(firing([_labels(number)], started_at=started_at))
        assert answer.status_code == 202, answer.text
        await asyncio.sleep(0.3)  # a storm lasts a while; nothing waits for this


async def _all_attached(house: House, incident: str) -> bool:
    fired = {e["data"]["title"] for e in await house.timeline(incident) if e["kind"] == "alert_fired"}
    return len(fired) == ALERTS


async def _decide(house: House, incident: str) -> None:
    await house.happened(incident, "role_offered", role="incident_commander")
    await _done(house, "ana", incident, "accepts", {"role": "incident_commander"})
    await _done(house, "dee", incident, "accepts", {"role": "deputy"})
    await house.happened(incident, "page_escalated", page="page_oncall")
    await _paged(house, incident, "lee")
    await _done(house, "lee", incident, "acks", {"page": "page_oncall", "joined": True})
    await house.happened(incident, "gate_opened", decision="emergency_change")
    refused = await house.post("lee", _at(incident, "votes"), _vote("approve", "quickly"))
    assert refused.status_code in (202, 409), refused.text
    await _done(house, "sam", incident, "votes", _vote("approve", "tested"))
    await house.happened(incident, "gate_decided", decision="nobody_asked", outcome="lapsed")
    await _done(house, "kim", incident, "votes", _vote("approve", "agreed"))
    await house.happened(incident, "gate_decided", decision="emergency_change", outcome="approved")
    await house.until(lambda: _change_ordered(house, incident), "the change to be ordered", 120)
    await house.happened(incident, "task_opened", task="verify")
    await _done(house, "lee", incident, "completions", {"task": "verify", "result": {"ok": True}})
    await house.happened(incident, "status_changed", status="mitigated")


async def _change_ordered(house: House, incident: str) -> bool:
    """A worker that died in the middle of the change leaves a question; who is asked looks at the desk."""
    ordered = await _ordered(house.records, incident)
    pending = (await house.get(f"/api/v1/incidents/{incident}"))["pending"]
    if any(item["id"] == "bypass" and item["kind"] == "task" for item in pending):
        happened = "done" if ordered else "not_done"
        await house.post("dee", _at(incident, "completions"), {"task": "bypass", "result": {"happened": happened}})
        return True
    return bool(ordered) and any(
        e["kind"] == "action_finished" and e["step"] == "bypass" for e in await house.timeline(incident)
    )


def _closes_a_late_page(path: str) -> bool:
    """A page whose worker died may ring after its question was over: it is closed once more then. The cards of finding
    out are closed where it was asked."""
    return path.startswith("close:") and (not path.endswith("#1") or path == f"close:{FIND_OUT}#1")


def _number_of_tick(key: str) -> int:
    return int(key.partition("#")[2].partition("/")[0])


async def _ordered(records: Records, incident: str) -> list[Any]:
    async with records.store.read() as connection:
        return list(await connection.execute(sa.select(WORK_ORDERS).where(WORK_ORDERS.c.incident_id == incident)))


async def _finish(house: House, incident: str) -> None:
    await house.happened(incident, "task_opened", task="confirm")
    await house.until(lambda: _words_sent(house, incident), "the third word to be sent", 120)
    await _done(house, "lee", incident, "completions", {"task": "confirm", "result": {"stable": True}})
    await house.happened(incident, "finished")


async def _words_sent(house: House, incident: str) -> bool:
    sent = [e for e in await house.timeline(incident) if e["kind"] == "message_sent" and e["data"]["subject"] == "word"]
    return len(sent) == 3


async def _paged(house: House, incident: str, person: str) -> None:
    async def look() -> bool:
        return any(e["kind"] == "paged" and person in e["data"]["people"] for e in await house.timeline(incident))

    await house.until(look, f"{person} to be paged", 120)


async def _done(house: House, who: str, incident: str, what: str, body: dict[str, Any]) -> None:
    """Applied, or promised: a decision that no worker took in time is signalled."""
    answer = await house.post(who, _at(incident, what), body)
    # The starter may have died between doing it and saying so, and the incident may have ended by the second asking.
    ended = answer.status_code == 409 and answer.json().get("code") == "closed"
    assert ended or answer.status_code in (200, 202), f"{what} by {who}: {answer.text}"


def _at(incident: str, what: str) -> str:
    return f"/api/v1/incidents/{incident}/{what}"


def _vote(choice: str, reason: str) -> dict[str, str]:
    return {"decision": "emergency_change", "choice": choice, "reason": reason}


# afterwards -----------------------------------------------------------------------------------------------------


async def left_behind(records: Records, incident: str, workflow_id: str) -> Night:
    effects: Counter[tuple[str, ...]] = Counter()
    ticks: list[str] = []
    for key, kind in await records.desk.effects.keys(incident):
        path = key.removeprefix(f"{incident}/")
        if path.startswith("cadence:"):
            ticks.append(path)
        elif not path.startswith(("note/", FIND_OUT, IN_ITS_OWN_TIME)) and not _closes_a_late_page(path):
            effects["effect", path, kind] += 1
    for page in await records.desk.pages.find(incident_id=incident):
        if page.page != FIND_OUT:
            effects["page", page.page, page.purpose, page.person, page.channel] += 1
    for message in await records.desk.chat.messages(incident_id=incident):
        if "tick" not in message.text:
            effects["message", message.channel, message.text] += 1
    for mail in await records.desk.outbox.mails(incident):
        effects["mail", *mail.recipients, mail.subject] += 1
    for post in await records.desk.outbox.status_posts(incident):
        effects["status", post.purpose, post.text] += 1
    for ticket in await records.desk.tickets.find(incident_id=incident):
        effects["ticket", ticket.kind, ticket.summary] += 1
    for case in await records.desk.cases.find(incident):
        effects["case", case.vendor, case.summary] += 1
        for contact in await records.desk.cases.contacts(case.number):
            effects["contact", case.vendor, contact.level, contact.channel] += 1
    for order in await _ordered(records, incident):
        effects["order", order.action] += 1
    for bridge in await records.desk.bridges.find(incident):
        effects["bridge", bridge.kind, str(bridge.closed_at is not None)] += 1
    entries = await records.timeline.entries(incident)
    return Night(
        incident, workflow_id, effects, sorted(ticks, key=_number_of_tick), [entry.public() for entry in entries]
    )
