"""What has to be true after a night, whatever was killed in it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from mayday.domain.timeline import Entry, first_broken
from mayday.settings import load_settings
from mayday.temporal.connection import connect
from mayday.temporal.histories import replay
from tests.faults.night import ALERTS, Night, left_behind
from tests.house import House
from workflows.incident import IncidentWorkflow

REVIEWED_WITHIN_SECONDS = 90.0
SETTLED_WITHIN_SECONDS = 90.0
RESPONDERS = ("ana", "dee", "lee", "sam", "kim")
"""In the order in which they first answered."""


async def holds(house: House, night: Night, kills: list[str]) -> None:
    """Nothing is missing or twice, every alert is accounted for, and the history replays to the same entries."""
    night = await reviewed(house, night)
    if UNDISTURBED - night.effects:
        kills = [*kills, await house.open_runs(), house.worker.last_words()]
    compare(night, kills)
    await every_alert_is_accounted_for(house, night)
    await replays(house, night)


async def reviewed(house: House, night: Night) -> Night:
    """What is there once the review, which begins when the incident has ended, has done its first duties."""
    deadline = time.monotonic() + REVIEWED_WITHIN_SECONDS
    while True:
        found = await left_behind(house.records, night.incident, night.workflow_id)
        whole = broken_at(found) is None  # the run's last entries and the review's first ones are stored by two runs
        if (whole and not UNDISTURBED - found.effects) or time.monotonic() > deadline:
            assert whole, f"the chain of the timeline is broken at {broken_at(found)}"
            return found
        await asyncio.sleep(0.2)


def broken_at(night: Night) -> int | None:
    return first_broken(Entry.model_validate(entry) for entry in night.entries)


def compare(night: Night, kills: list[str]) -> None:
    missing, too_many = dict(UNDISTURBED - night.effects), dict(night.effects - UNDISTURBED)
    assert not missing, f"after {kills}: missing {missing}, too many {too_many}"
    assert not too_many, f"after {kills}: too many {too_many}"
    assert night.ticks == [f"cadence:technical_update#{n}/chat" for n in range(1, len(night.ticks) + 1)]


async def every_alert_is_accounted_for(house: House, night: Night) -> None:
    deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
    while set(counts := await house.records.inbox.count()) - {"forwarded", "done"}:
        # a starter that died before it noted what it had forwarded does so again, once the lease has ended
        assert time.monotonic() < deadline, counts
        await asyncio.sleep(0.2)
    fired = Counter(e["data"]["title"] for e in night.entries if e["kind"] == "alert_fired")
    assert fired == Counter({f"ShopDown{number}": 1 for number in range(ALERTS)})


async def replays(house: House, night: Night) -> None:
    client = await connect(load_settings(data=house.data), address=house.server.address)
    run = client.get_workflow_handle(night.workflow_id)
    await asyncio.wait_for(run.result(), SETTLED_WITHIN_SECONDS)  # then all that it wrote is stored
    history = await run.fetch_history()
    stored = {entry.seq: entry.hash for entry in await house.records.timeline.entries(night.incident)}
    (house.data / "history.json").write_text(history.to_json())  # what a failed test leaves to look into
    for strict in (False, True):
        made = await replay(history, workflows=[IncidentWorkflow], strict=strict)
        assert made, "the replay made no entries"
        assert {seq: stored[seq] for seq in made} == made


UNDISTURBED: Counter[tuple[str, ...]] = Counter(
    [
        ("bridge", "technical", "True"),
        ("case", "gateway_co", "ShopDown0"),
        # when the vendor is engaged, and when the review asks for its root cause analysis
        *[("contact", "gateway_co", "support", "email")] * 2,
        ("effect", "archive#1", "bridge.close"),
        ("effect", "channel#1", "chat.open_channel"),
        ("effect", "close:confirm#1", "paging.close_page"),
        ("effect", "close:emergency_change#1", "paging.close_page"),
        ("effect", "close:nobody_asked#1", "paging.close_page"),
        ("effect", "close:page_oncall#1", "paging.close_page"),
        ("effect", "close:role:deputy#1", "paging.close_page"),
        ("effect", "close:role:incident_commander#1", "paging.close_page"),
        ("effect", "close:verify#1", "paging.close_page"),
        ("effect", "confirm#1/lee/push", "paging.page_responder"),
        ("effect", "emergency_change#1/kim/push", "paging.page_responder"),
        ("effect", "emergency_change#1/sam/push", "paging.page_responder"),
        ("effect", "nobody_asked#1/dana/push", "paging.page_responder"),
        ("effect", "open_bridge#1", "bridge.open"),
        ("effect", "page_oncall#1/raj/push", "paging.page_responder"),
        ("effect", "page_oncall#2/lee/voice", "paging.page_responder"),
        ("effect", "review:meeting:invite#1/invite", "calendar.invite"),
        ("effect", "review:owner#1/ana/email", "paging.page_responder"),
        ("effect", "review:problem#1", "itsm.open_problem"),
        ("effect", "review:vendor:gateway_co#1/support/email", "vendor.contact"),
        ("effect", "role:deputy#1/dee/push", "paging.page_responder"),
        ("effect", "role:incident_commander#1/ana/push", "paging.page_responder"),
        ("effect", "role:incident_commander#2/ana/push", "paging.page_responder"),
        ("effect", "ticket#1", "itsm.open_incident"),
        ("effect", "told#1/email", "messaging.send_message"),
        ("effect", "vendor_case#1/case", "vendor.open_case"),
        ("effect", "vendor_case#1/support/email", "vendor.contact"),
        ("effect", "verify#1/lee/push", "paging.page_responder"),
        ("effect", "words[1].word#1/chat", "chat.post"),
        ("effect", "words[2].word#1/chat", "chat.post"),
        ("effect", "words[3].word#1/chat", "chat.post"),
        ("mail", "dana@example.com", "shop is down"),
        ("mail", *(f"{person}@example.com" for person in RESPONDERS), "Review: SEV1 ShopDown0"),
        *[("message", "mi-1001", "word\nthree of these")] * 3,
        ("order", "change.execute"),
        ("page", "confirm", "task", "lee", "push"),
        ("page", "emergency_change", "vote", "kim", "push"),
        ("page", "emergency_change", "vote", "sam", "push"),
        ("page", "nobody_asked", "vote", "dana", "push"),
        ("page", "page_oncall", "page", "lee", "voice"),
        ("page", "page_oncall", "page", "raj", "push"),
        ("page", "review:owner", "nag", "ana", "email"),
        ("page", "role:deputy", "role", "dee", "push"),
        ("page", "role:incident_commander", "role", "ana", "push"),
        ("page", "role:incident_commander", "task", "ana", "push"),
        ("page", "verify", "task", "lee", "push"),
        ("ticket", "incident", "shop outage"),
        ("ticket", "problem", "SEV1 ShopDown0"),
    ]
)
"""What a walk without kills leaves, by kind."""
