"""Who is on call by a PagerDuty schedule (GET /oncalls). Source: specs/pagerduty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.providers.client import VendorClient
from mayday.providers.pagerduty.pager import rfc3339
from mayday.providers.rosters import Shift


class PagerDutySchedules:
    def __init__(self, rest: VendorClient) -> None:
        self._rest = rest

    async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
        answer = await self._rest.call("GET", "/oncalls", params={
            "schedule_ids[]": schedule, "since": rfc3339(at), "until": rfc3339(until), "include[]": "users",
            "limit": "100",
        })  # fmt: skip
        return [
            Shift(str(user["id"]), user.get("email"), _time(row.get("start")), _time(row.get("end")))
            for row in answer.rows("oncalls")
            if isinstance(user := row.get("user"), dict) and user.get("id")
        ]


def _time(value: Any) -> datetime | None:
    """None for a shift without an end."""
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")) if value else None
    except ValueError:
        return None
