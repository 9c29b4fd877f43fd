"""Who is meant by `person.X`, `group.X` and `schedule.X` at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from temporalio import activity

from activities.dependencies import Dependencies
from mayday.domain.effects import RESOLVE, NextHandoff, ResolveRequest, Roster
from mayday.domain.errors import ProviderError
from mayday.domain.schedules import ExternalSchedule

#: the source of schedules that are written down in the catalog
CATALOG = "catalog"


class Resolved(NamedTuple):
    """`reason` says why the answer is not the roster's own, or nobody; `stale` that it is an old one."""

    people: Sequence[str]
    reason: str | None = None
    stale: bool = False


class _OnCall(NamedTuple):
    """`note` says where the answer comes from when not from the roster itself; `stale` that it is an old one."""

    people: Sequence[str]
    note: str | None = None
    stale: bool = False


class People:
    """Resolves targets; when the roster cannot be read, or names nobody, the plan's snapshot stands in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    async def of(self, target: str, fallback: Mapping[str, Sequence[str]]) -> Resolved:
        """Never raises for what the roster does."""
        kind, _, name = target.partition(".")
        if kind == "person":
            return Resolved([name])
        if kind == "group":
            members = self._given.catalog.current().groups.get(name) or fallback.get(target, [])
            return Resolved(members, None if members else f"{target} has no members")
        snapshot = list(fallback.get(target, []))
        try:
            people, note, stale = await self._on_call(name)
        except ProviderError as error:
            return Resolved(snapshot, f"the roster cannot be read ({error})", stale=bool(snapshot))
        if people:
            return Resolved(people, note, stale)
        return Resolved(snapshot, f"nobody is on call for {target}", stale=bool(snapshot))

    async def _on_call(self, name: str, seen: tuple[str, ...] = ()) -> _OnCall:
        """Who is on call by the schedule. Raises ProviderError.

        A schedule kept elsewhere falls back to the one that the catalog names for it.
        """
        schedule = self._given.catalog.current().schedules.get(name)
        rosters, now = self._given.ports.rosters, self._given.now()
        if not isinstance(schedule, ExternalSchedule):
            return _OnCall(await rosters[CATALOG].on_call(name, now))
        why = f"{schedule.source} is not set up"
        roster = rosters.get(schedule.source)
        try:
            if roster is not None:
                people = await roster.on_call(schedule.id, now)
                since = roster.stale_since(schedule.id)
                if since is None:
                    return _OnCall(people)
                return _OnCall(people, f"{schedule.source} does not answer: on call as of {since:%d %b %H:%M}", True)
        except ProviderError as error:
            if not schedule.fallback or schedule.fallback in seen:
                raise
            why = str(error)
        if schedule.fallback is None or schedule.fallback in seen:
            return _OnCall([])
        found = await self._on_call(schedule.fallback.removeprefix("schedule."), (*seen, f"schedule.{name}"))
        return found._replace(note=f"{schedule.fallback} stands in ({why})")

    async def next_handoff(self, target: str, seen: tuple[str, ...] = ()) -> NextHandoff | None:
        """When somebody else is on call for a schedule; None for all else, and where no roster says."""
        kind, _, name = target.partition(".")
        if kind != "schedule" or target in seen:
            return None
        schedule = self._given.catalog.current().schedules.get(name)
        rosters, now = self._given.ports.rosters, self._given.now()
        elsewhere = schedule if isinstance(schedule, ExternalSchedule) else None
        roster = rosters.get(elsewhere.source if elsewhere else CATALOG)
        if roster is not None:
            with suppress(ProviderError):
                return await roster.next_handoff(elsewhere.id if elsewhere else name, now)
        fallback = elsewhere.fallback if elsewhere else None
        return await self.next_handoff(fallback, (*seen, target)) if fallback else None


class RosterActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._people = People(dependencies)

    @activity.defn(name=RESOLVE)
    async def resolve(self, request: ResolveRequest) -> Roster:
        """People by target; `stale` when the plan's snapshot had to stand in for any of them. Never fails.

        A hand-off is left out where the roster cannot be read: it is a courtesy, nobody waits for it.
        """
        found = {target: await self._people.of(target, request.fallback) for target in request.targets}
        changes = {}
        if request.handoffs:
            changes = {target: await self._people.next_handoff(target) for target in request.targets}
        return Roster(
            people={target: list(resolved.people) for target, resolved in found.items()},
            handoffs={target: change for target, change in changes.items() if change is not None},
            stale=any(resolved.stale for resolved in found.values()),
        )
