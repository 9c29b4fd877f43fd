"""On call over HTTP: who stands where, when nobody does, and overrides made at run time ("I take Ana's shift")."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from mayday.domain.on_duty import on_duty
from mayday.domain.oncall import ExternalSchedule, gaps
from mayday.domain.timeline import timestamp
from mayday.records.errors import UnknownRecord
from mayday.records.overrides import ScheduleOverride
from starter.access import Acting, Principal, Reading
from starter.bodies import Moment, ScheduleOverrideBody
from starter.once import OnceRoute
from starter.paging import Cursor, Limit, page
from starter.parts import Here, Parts
from starter.problems import Problem

router = APIRouter(prefix="/api/v1/oncall", tags=["on call"], route_class=OnceRoute)


@router.get("")
async def show(
    principal: Reading, parts: Here, schedule: str | None = None, at: Moment | None = None
) -> dict[str, Any]:
    """Who is on call on each schedule, until when, and who is next; overrides are counted in."""
    moment = at or parts.clock()
    await parts.playbooks.read_overrides(moment)
    items: list[dict[str, Any]] = []
    for name, entry in sorted(parts.playbooks.catalog.schedules.items()):
        if schedule is not None and name != _named(schedule):
            continue
        if isinstance(entry, ExternalSchedule):
            items.append({"schedule": name, "person": None, "source": entry.source, "fallback": entry.fallback})
            continue
        roster = parts.playbooks.roster(name)
        assert roster is not None
        items.append(on_duty(name, roster, moment))
    if schedule is not None and not items:
        raise Problem(404, "unknown_schedule", f"there is no schedule {_named(schedule)}")
    return {"items": items, "next": None}


@router.get("/gaps")
async def show_gaps(
    principal: Reading,
    parts: Here,
    schedule: str | None = None,
    at: Moment | None = None,
    days: Annotated[int, Query(ge=1, le=366)] = 28,
) -> dict[str, Any]:
    """When nobody is on call."""
    begin = at or parts.clock()
    await parts.playbooks.read_overrides(begin)
    items = []
    for name in sorted(parts.playbooks.catalog.schedules):
        roster = parts.playbooks.roster(name)
        if roster is None or (schedule is not None and name != _named(schedule)):
            continue
        items += [
            {"schedule": name, "starts_at": timestamp(gap.starts_at), "ends_at": timestamp(gap.ends_at)}
            for gap in gaps(roster, begin, begin + timedelta(days=days))
        ]
    return {"items": items, "next": None}


@router.get("/overrides")
async def list_overrides(
    principal: Reading, parts: Here, schedule: str | None = None, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    """Overrides made at run time that are not over yet, in the order in which they were made."""
    named = _named(schedule) if schedule else None
    found = await parts.records.overrides.find(named, from_at=parts.clock())
    return page(found, limit, cursor, lambda made: made.id, _public)


@router.post("/overrides", status_code=201)
async def override(body: ScheduleOverrideBody, principal: Acting, parts: Here) -> dict[str, Any]:
    """Put somebody on a schedule for a while: oneself, somebody whose shift one has, or, as administrator, anybody."""
    name = _named(body.schedule)
    if parts.playbooks.roster(name) is None:
        raise Problem(422, "invalid", f"schedule: {name} is no schedule of the catalog, or is kept elsewhere")
    if body.person not in parts.playbooks.at_the_door.people:
        raise Problem(422, "invalid", f"person: {body.person} is not in the catalog")
    _allowed(parts, principal, name, body)
    try:
        made = await parts.records.overrides.add(
            name, body.person, body.from_at, body.to_at, created_by=principal.actor, reason=body.reason
        )
    except ValueError as error:
        raise Problem(422, "invalid", f"to_at: {error}") from None
    await parts.playbooks.read_overrides(parts.clock())
    await parts.records.audit.write(principal.actor, "oncall_override", channel="api", detail=_public(made))
    return _public(made)


@router.delete("/overrides/{override_id}", status_code=204)
async def remove(override_id: str, principal: Acting, parts: Here) -> Response:
    """Take an override back: one's own, of one's own shift, or, as administrator, any."""
    made = next((one for one in await parts.records.overrides.find() if one.id == override_id), None)
    if made is not None and not takes_back(principal, made):
        names = parts.naming
        detail = f"{names.actor(principal.actor)} takes back their own overrides, not that of {names.of(made.person)}"
        raise Problem(403, "forbidden", detail)
    try:
        await parts.records.overrides.remove(override_id)
    except UnknownRecord as error:
        raise Problem(404, "unknown_override", str(error)) from None
    await parts.playbooks.read_overrides(parts.clock())
    await parts.records.audit.write(
        principal.actor, "oncall_override_removed", channel="api", detail={"id": override_id}
    )
    return Response(status_code=204)


def takes_back(principal: Principal, made: ScheduleOverride) -> bool:
    """Whether an override is theirs to take back."""
    return principal.actor in (made.created_by, made.person) or principal.at_least("administrator")


def _allowed(parts: Parts, principal: Principal, schedule: str, body: ScheduleOverrideBody) -> None:
    """A shift is taken, or given away by who has it; only administrators move others."""
    if principal.at_least("administrator") or principal.person == body.person:
        return
    if principal.person is not None and principal.person == parts.playbooks.on_call(schedule, body.from_at):
        return
    who, moved = parts.naming.actor(principal.actor), parts.naming.of(body.person)
    raise Problem(403, "forbidden", f"{who} may take a shift, or give their own away, not move {moved}")


def _named(schedule: str) -> str:
    return schedule.removeprefix("schedule.")


def _public(override: ScheduleOverride) -> dict[str, Any]:
    return {
        name: timestamp(value) if hasattr(value, "isoformat") else value
        for name, value in override.model_dump().items()
    }
