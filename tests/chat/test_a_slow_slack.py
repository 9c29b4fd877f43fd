"""A Slack that does not answer: what was asked for beside its page is known all the same; all are called once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mayday.domain.bundles import TOLD_SIGNAL
from mayday.settings import load_settings
from mayday.temporal.connection import connect
from tests.chat.conftest import USERS
from tests.chat.test_a_night_in_slack import Night
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_blocks import words_of
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(180)]

#: the two who are offered a role are reached
ANSWERED = 2


async def test_one_page_hangs_and_the_other_is_known(tmp_path: Path, runbooks: Path) -> None:
    """An engineer and the voters are paged at the same moment; for one of them Slack never answers."""
    async with SlackDouble() as slack, House(tmp_path / "house", runbooks, settings=slack.settings()) as house:
        slack.fail("slow", path="/api/conversations.open", after=ANSWERED)
        night = Night(house, slack)
        await night.says("ana", "declare shop sev1 Cards are refused")
        [item] = (await house.get("/api/v1/incidents"))["items"]
        pages = [await house.happened(item["id"], "paged", page=page) for page in ("wake", "bypass")]
        first, last = sorted(datetime.fromisoformat(page["at"]) for page in pages)
        assert last - first > timedelta(seconds=5)

        client = await connect(load_settings(data=tmp_path), address=house.server.address)
        history = await client.get_workflow_handle(item["workflow_id"]).fetch_history()
        signals = [
            event.workflow_execution_signaled_event_attributes.signal_name
            for event in history.events
            if event.HasField("workflow_execution_signaled_event_attributes")
        ]
        assert signals == [TOLD_SIGNAL]
        assert "refused" not in [entry["kind"] for entry in await house.timeline(item["id"])]
        desk = Counter(page.person for page in await house.records.desk.pages.find(incident_id=item["id"]))
        for person, words in (("raj", "the shop is down"), ("sam", "Bypass the gateway?")):
            rooms = [room for room in slack.channels.values() if room.name == f"dm-{USERS[person]}"]
            direct = [message for room in rooms for message in room.messages.values() if words in words_of(message)]
            assert len(direct) + desk[person] == 1  # by Slack, or by the desk that stands behind it
        assert slack.violations == []
