"""SIGKILL of worker, starter and server at random moments: afterwards nothing is missing and nothing is twice.

The script of night.py is walked with a reaper beside it. What the desk holds afterwards has to be what a walk
without one leaves, every alert has to be accounted for, and the history has to replay, strictly too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from mayday.settings import load_settings
from mayday.temporal.connection import connect
from mayday.temporal.histories import replay
from tests.faults.night import ALERTS, RUNBOOKS, Night, walk
from tests.faults.reaper import Reaper
from tests.house import House
from workflows.incident import IncidentWorkflow

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]

IN_EVERY_RUN, IN_THE_SOAK = range(3), range(3, 33)


async def test_a_walk_without_kills(tmp_path: Path) -> None:
    """What all others are held against."""
    async with House(tmp_path, RUNBOOKS) as house:
        night = await walk(house)
        compare(night, [])
        await every_alert_is_accounted_for(house, night)
        await replays(house, night)


@pytest.mark.parametrize("seed", IN_EVERY_RUN)
async def test_kills_change_nothing_that_reaches_the_outside(seed: int, tmp_path: Path) -> None:
    await night_with_kills(seed, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", IN_THE_SOAK)
async def test_many_kills_change_nothing_that_reaches_the_outside(seed: int, tmp_path: Path) -> None:
    await night_with_kills(seed, tmp_path)


async def night_with_kills(seed: int, folder: Path) -> None:
    async with House(folder, RUNBOOKS) as house:
        reaper = Reaper(house, seed)
        reaping = asyncio.create_task(reaper.reap())
        try:
            night = await walk(house)
        except AssertionError as error:
            raise AssertionError(f"after {reaper.kills}: {error}") from error
        finally:
            reaping.cancel()
            await asyncio.gather(reaping, return_exceptions=True)
        assert reaper.kills, "the incident was over before anything was killed"
        compare(night, reaper.kills)
        await every_alert_is_accounted_for(house, night)
        await replays(house, night)


def compare(night: Night, kills: list[str]) -> None:
    different = {"missing": dict(UNDISTURBED - night.effects), "too many": dict(night.effects - UNDISTURBED)}
    assert different == {"missing": {}, "too many": {}}, f"after {kills}"
    assert night.ticks == [f"cadence:technical_update#{n}/chat" for n in range(1, len(night.ticks) + 1)]


async def every_alert_is_accounted_for(house: House, night: Night) -> None:
    counts = await house.records.inbox.count()
    assert set(counts) <= {"forwarded", "done"}, counts
    fired = Counter(e["data"]["title"] for e in night.entries if e["kind"] == "alert_fired")
    assert fired == Counter({f"ShopDown{number}": 1 for number in range(ALERTS)})


async def replays(house: House, night: Night) -> None:
    client = await connect(load_settings(data=house.data), address=house.server.address)
    history = await client.get_workflow_handle(night.workflow_id).fetch_history()
    await replay(history, workflows=[IncidentWorkflow])
    await replay(history, workflows=[IncidentWorkflow], strict=True)


UNDISTURBED: Counter[tuple[str, ...]] = Counter(
    [
        ("bridge", "technical", "True"),
        ("case", "gateway_co", "ShopDown0"),
        ("contact", "gateway_co", "support", "email"),
        ("effect", "archive#1", "bridge.close"),
        ("effect", "channel#1", "chat.open_channel"),
        ("effect", "close:emergency_change#1", "paging.close_page"),
        ("effect", "close:nobody_asked#1", "paging.close_page"),
        ("effect", "close:page_oncall#1", "paging.close_page"),
        ("effect", "close:role:deputy#1", "paging.close_page"),
        ("effect", "close:role:incident_commander#1", "paging.close_page"),
        ("effect", "confirm#1/lee/push", "paging.page_responder"),
        ("effect", "emergency_change#1/kim/push", "paging.page_responder"),
        ("effect", "emergency_change#1/sam/push", "paging.page_responder"),
        ("effect", "nobody_asked#1/dana/push", "paging.page_responder"),
        ("effect", "open_bridge#1", "bridge.open"),
        ("effect", "page_oncall#1/raj/push", "paging.page_responder"),
        ("effect", "page_oncall#2/lee/voice", "paging.page_responder"),
        ("effect", "role:deputy#1/dee/push", "paging.page_responder"),
        ("effect", "role:incident_commander#1/ana/push", "paging.page_responder"),
        ("effect", "ticket#1", "itsm.open_incident"),
        ("effect", "told#1/email", "messaging.send_message"),
        ("effect", "vendor_case#1/case", "vendor.open_case"),
        ("effect", "vendor_case#1/support/email", "vendor.contact"),
        ("effect", "verify#1/lee/push", "paging.page_responder"),
        ("effect", "words[1].word#1/chat", "chat.post"),
        ("effect", "words[2].word#1/chat", "chat.post"),
        ("effect", "words[3].word#1/chat", "chat.post"),
        ("mail", "dana@example.com", "shop is down"),
        *[("message", "mi-1001", "word\nthree of these")] * 3,
        ("order", "change.execute"),
        ("page", "confirm", "task", "lee", "push"),
        ("page", "emergency_change", "vote", "kim", "push"),
        ("page", "emergency_change", "vote", "sam", "push"),
        ("page", "nobody_asked", "vote", "dana", "push"),
        ("page", "page_oncall", "page", "lee", "voice"),
        ("page", "page_oncall", "page", "raj", "push"),
        ("page", "role:deputy", "role", "dee", "push"),
        ("page", "role:incident_commander", "role", "ana", "push"),
        ("page", "verify", "task", "lee", "push"),
        ("ticket", "incident", "shop outage"),
    ]
)
"""What a walk without kills leaves, by kind."""
