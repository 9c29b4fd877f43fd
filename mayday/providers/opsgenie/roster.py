"""Who is on call by an Opsgenie schedule. It tells of one instant; the answer stands while it cannot be asked again."""

from __future__ import annotations

from datetime import datetime, timedelta

from mayday.providers.client import VendorClient, segment
from mayday.providers.rosters import Shift

#: how long an answer without times is good for at most
LASTS = timedelta(hours=1)


class OpsgenieSchedules:
    def __init__(self, client: VendorClient) -> None:
        self._client = client

    async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
        answer = await self._client.call(
            "GET", f"/v2/schedules/{segment(schedule)}/on-calls", params={"flat": "true", "date": at.isoformat()}
        )
        users = answer.at("data", "onCallRecipients")
        return [Shift(str(user), str(user), None, at + LASTS) for user in (users if isinstance(users, list) else [])]
