"""Who is on call by a schedule of JSM Operations.

Source: developer.atlassian.com/cloud/jira/service-desk-ops/rest/v2/api-group-schedule-on-calls; account ids come as
`onCallUsers` when asked flat, as `onCallParticipants` else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.providers.client import VendorClient, segment
from mayday.providers.opsgenie.roster import LASTS
from mayday.providers.rosters import Shift


class JsmSchedules:
    def __init__(self, client: VendorClient, base: str) -> None:
        self._client = client
        self._base = base

    async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
        answer = await self._client.call(
            "GET", f"{self._base}/schedules/{segment(schedule)}/on-calls",
            params={"flat": "true", "date": at.isoformat()},
        )  # fmt: skip
        listed: Any = answer.at("onCallUsers") or answer.at("onCallParticipants")
        users = [each.get("id") if isinstance(each, dict) else each for each in listed or []]
        return [Shift(str(user), None, None, at + LASTS) for user in users if user]
