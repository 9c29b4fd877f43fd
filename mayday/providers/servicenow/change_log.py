"""What changed lately, and what may not change now: changes on a service's items, and the blackouts of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mayday.domain.errors import Refused, Unauthorised
from mayday.domain.ports import Change, ChangeHistory, Freeze
from mayday.providers.servicenow.tables import NAME, NamesOf, Row, Tables, named, plain

#: rows asked for; the newest of them are what matters at three in the morning
_MOST = "200"
#: encoded queries read a time in the zone of our account, rows tell it in UTC: so much more is asked for, then checked
_ZONES = timedelta(hours=15)
_CHANGE_FIELDS = (
    "number,short_description,state,type,work_start,start_date,sys_created_on,cmdb_ci.name,business_service.name"
)
_ITEMS = ("cmdb_ci.name", "business_service.name")
_TIMES = ("work_start", "start_date", "sys_created_on")
#: change_request.state of a new instance
STATES = {
    "-5": "new", "-4": "assess", "-3": "authorize", "-2": "scheduled", "-1": "implement", "0": "review", "3": "closed",
    "4": "cancelled",
}  # fmt: skip


class ServiceNowChangeLog:
    """Reads `change_request`, and `cmn_schedule_blackout` with its spans (repeating spans are left out)."""

    name = NAME

    def __init__(self, tables: Tables, names_of: NamesOf) -> None:
        self._tables = tables
        self._names_of = names_of

    async def recent(self, service: str, since_at: datetime) -> ChangeHistory:
        names = self._names_of(service)
        asked = since_at.astimezone(UTC) - _ZONES
        since = f"{asked:%Y-%m-%d %H:%M:%S}"
        query = (
            "^OR".join(f"{field}={named(name)}" for name in names for field in _ITEMS)
            + f"^work_start>={since}^ORstart_date>={since}^ORsys_created_on>={since}^ORDERBYDESCsys_created_on"
        )
        rows = await self._tables.rows("change_request", query, _CHANGE_FIELDS, limit=_MOST)
        changes = [change for row in rows if (change := _change(row, service, names, since_at)) is not None]
        return ChangeHistory(changes=changes, freezes=await self._freezes(since_at))

    async def _freezes(self, since_at: datetime) -> list[Freeze]:
        """Blackouts that had not ended then. An instance that does not let us read them has none."""
        query = "schedule.sys_class_name=cmn_schedule_blackout^repeat_typeISEMPTY"
        fields = "name,start_date_time,end_date_time,schedule.name,schedule.sys_class_name"
        try:
            rows = await self._tables.rows("cmn_schedule_span", query, fields, limit=_MOST)
        except (Refused, Unauthorised):
            return []
        found = []
        for row in rows:
            from_at, to_at = span_time(row.get("start_date_time")), span_time(row.get("end_date_time"))
            blackout = plain(row.get("schedule.sys_class_name")) == "cmn_schedule_blackout"
            if blackout and from_at and to_at and to_at > since_at:
                name = plain(row.get("schedule.name")) or plain(row.get("name")) or "change freeze"
                found.append(Freeze(name=name, from_at=from_at, to_at=to_at))
        return sorted(found, key=lambda freeze: freeze.from_at)


def table_time(value: Any) -> datetime | None:
    """`2026-01-19 12:00:00`, always UTC in a row; None for anything else."""
    try:
        return datetime.strptime(plain(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def span_time(value: Any) -> datetime | None:
    """`20260119T120000Z` of a schedule's span; one without Z floats in its schedule's zone and is read as UTC."""
    try:
        return datetime.strptime(plain(value).removesuffix("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _change(row: Row, service: str, names: list[str], since_at: datetime) -> Change | None:
    """None for a row that another service or an older time has: an ignored part of the query shows them too."""
    if not any(plain(row.get(field)) in names for field in _ITEMS):
        return None
    times = [at for name in _TIMES if (at := table_time(row.get(name))) is not None]
    if not times or max(times) < since_at:
        return None
    state = plain(row.get("state"))
    return Change(
        number=plain(row.get("number")), summary=plain(row.get("short_description")), state=STATES.get(state, state),
        at=times[0], service=service,
    )  # fmt: skip
