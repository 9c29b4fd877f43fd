"""The same night against another plan: what the system would have done otherwise, and nothing about people.

What people did is played at the moments at which they did it; what the outside answered is answered again where the
same thing is asked. Where a recorded answer no longer fits, or nothing was recorded for a new question, the result says
so. How fast people would have been with another plan, nobody knows, and nothing here claims it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import yaml

from mayday.archive.scenarios import happened
from mayday.archive.tape import Player, Tape
from mayday.domain.durations import offset_text
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.domain.wire import Wire
from mayday.language.catalog import Catalog
from mayday.language.plan import Plan
from mayday.language.scenario import Scenario
from mayday.simulator.comparison import TOLERANCE
from mayday.simulator.desk import Reply, ScenarioDesk, key_of
from mayday.simulator.runner import Rehearsal, Rehearser
from mayday.simulator.stage import Stage, open_virtually

#: parts of an effect's payload that may differ although the same thing is asked
_WORDING = frozenset({"effect_key", "incident", "text", "subject", "summary", "fallback", "approval_digest"})


class Change(Wire):
    """One thing that came otherwise; moments are offsets from the opening, None where it did not happen."""

    what: str
    before: str | None = None
    after: str | None = None


class WhatIf(Wire):
    """The difference. `no_longer_fits` are recorded answers that the other plan refuses, with its reason."""

    incident_id: str
    plan_before: str
    plan_after: str
    pages: list[Change] = []
    gates: list[Change] = []
    updates: list[Change] = []
    vendors: list[Change] = []
    course: list[Change] = []
    no_longer_fits: list[str] = []
    unanswered: list[str] = []

    @property
    def same(self) -> bool:
        found = (self.pages, self.gates, self.updates, self.vendors, self.course, self.no_longer_fits, self.unanswered)
        return not any(found)


class CannotChange(ValueError):
    """A `--set` that names nothing in the plan."""


class _Asked(NamedTuple):
    kind: str
    payload: dict[str, Any]


class RecordedDesk(ScenarioDesk):
    """Answers as the outside did where the same is asked; else as a rehearsal's desk does."""

    def __init__(self, catalog: Catalog, plan: Plan, scenario: Scenario, asked: Mapping[str, _Asked]) -> None:
        super().__init__(catalog, plan.actions, None, scenario.recorded.answers if scenario.recorded else None)
        self._asked = asked

    def answer(self, kind: str, payload: dict[str, Any], now: datetime) -> Reply:
        """See base class."""
        key = key_of(kind, payload)
        before = self._asked.get(key)
        if before is not None and (before.kind != kind or _essence(before.payload) != _essence(payload)):
            own, self.recorded = self.recorded, {}
            try:
                return super().answer(kind, payload, now)
            finally:
                self.recorded = own
        return super().answer(kind, payload, now)


def changed(plan: Plan, settings: Sequence[str]) -> Plan:
    """The plan with `STEP.KEY...=VALUE` set: a step, cadence or phase by its id, then keys and numbers of items.

    Raises CannotChange, and pydantic's ValidationError when the value does not fit.
    """
    data = copy.deepcopy(plan.canonical())
    for setting in settings:
        path, sign, value = setting.partition("=")
        keys = path.split(".")
        if not sign or len(keys) < 2:
            raise CannotChange(f"{setting}: write STEP.KEY=VALUE, for example page_payments.page.rounds=3")
        place = _named(data["runbook"], keys[0])
        if place is None:
            raise CannotChange(f"{setting}: the runbook has no step, cadence or phase {keys[0]}")
        for key in keys[1:-1]:
            place = _inner(place, key, setting)
        if isinstance(place, list):
            place[_number(keys[-1], place, setting)] = yaml.safe_load(value)
        elif isinstance(place, dict):
            place[keys[-1]] = yaml.safe_load(value)
        else:
            raise CannotChange(f"{setting}: {keys[-2]} holds no keys")
    made = Plan.model_validate(data)
    return made.model_copy(update={"digest": made.compute_digest()})


async def what_if(tapes: Sequence[Tape], plan: Plan, catalog: Catalog) -> WhatIf:
    """The night on `tapes` against another plan. `catalog` answers what was not asked that night."""
    found = happened(tapes, tapes[0].workflow_id)
    asked: dict[str, _Asked] = {}
    for tape in tapes:
        player = Player(tape)
        player.until()
        asked |= {key: _Asked(request.kind, request.payload) for key, (_, request) in player.requests.items()}
    items = [item for item in found.scenario["timeline"] if "expect" not in item]
    last = found.scenario["timeline"][-1]["at"]
    played = {**found.scenario, "timeline": [*items, {"at": last, "expect": {"never": {"task": "-"}}}]}
    scenario = Scenario.model_validate(played)
    desk = RecordedDesk(catalog, plan, scenario, asked)

    async def open_with_desk(start: Any, _: ScenarioDesk) -> Stage:
        return await open_virtually(start, desk)

    rehearsal = await Rehearser(scenario, plan, catalog, opener=open_with_desk).play()
    before = found.entries
    end = before[-1].at
    after = [entry for entry in rehearsal.timeline if entry.at <= end]
    opened = parse_timestamp(before[0].at)
    gates = {entry.data.get("decision") for entry in before if entry.kind == "gate_opened"}
    new = {str(entry.data["decision"]) for entry in after if entry.kind == "gate_opened"} - {
        str(gate) for gate in gates
    }
    return WhatIf(
        incident_id=found.scenario["recorded"]["id"], plan_before=found.plan.digest or found.plan.compute_digest(),
        plan_after=plan.digest or plan.compute_digest(),
        pages=_changes(before, after, opened, _page), gates=_changes(before, after, opened, _gate),
        updates=_changes(before, after, opened, _update), vendors=_changes(before, after, opened, _vendor),
        course=_changes(before, after, opened, _course),
        no_longer_fits=_no_longer_fits(rehearsal, before, after),
        unanswered=[f"{name} asks, and nobody's answer is recorded" for name in sorted(new)],
    )  # fmt: skip


def _no_longer_fits(rehearsal: Rehearsal, before: Sequence[Entry], after: Sequence[Entry]) -> list[str]:
    """Answers that are refused now. Of what came while no worker was there, only the timeline has the refusal."""
    found = [miss.message.partition("\n")[0] for miss in rehearsal.misses]
    known = [_refusal(entry) for entry in before if entry.kind == "refused"]
    for entry in after:
        if entry.kind == "refused" and _refusal(entry) in known:
            known.remove(_refusal(entry))
        elif entry.kind == "refused":
            said = f"by {entry.actor} was refused: {entry.data['code']}, {entry.data['reason']}"
            found += [] if any(said in each for each in found) else [f"{entry.data['command']} {said}"]
    return found


def _refusal(entry: Entry) -> tuple[str, Any, Any]:
    return entry.actor, entry.data.get("command"), entry.data.get("code")


def _changes(before: Sequence[Entry], after: Sequence[Entry], opened: datetime, name: Any) -> list[Change]:
    """What came only once, or at another moment; the n-th of a name is compared with the n-th."""
    left, right = _times(before, name), _times(after, name)
    found: list[tuple[datetime, Change]] = []
    for what in dict.fromkeys([*left, *right]):
        mine, theirs = left.get(what, []), right.get(what, [])
        for index in range(max(len(mine), len(theirs))):
            a = mine[index] if index < len(mine) else None
            b = theirs[index] if index < len(theirs) else None
            if a is None or b is None or abs(a - b) > TOLERANCE:
                said = what if max(len(mine), len(theirs)) == 1 else f"{what} ({index + 1})"
                found.append((a or b or opened, Change(what=said, before=_moment(a, opened), after=_moment(b, opened))))
    return [change for _, change in sorted(found, key=lambda each: each[0])]


def _times(entries: Sequence[Entry], name: Any) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for entry in entries:
        what = name(entry)
        if what is not None:
            found.setdefault(what, []).append(parse_timestamp(entry.at))
    return found


def _page(entry: Entry) -> str | None:
    if entry.kind == "page_exhausted":
        return f"{entry.data['page']}: nobody answered"
    people = ", ".join(entry.data.get("people", []))
    return f"{people} paged for {entry.data.get('page')}" if entry.kind == "paged" else None


def _gate(entry: Entry) -> str | None:
    if entry.kind == "gate_opened":
        return f"{entry.data['decision']} asked"
    return f"{entry.data['decision']}: {entry.data['outcome']}" if entry.kind == "gate_decided" else None


def _update(entry: Entry) -> str | None:
    if entry.kind == "update_missed":
        return f"update to {entry.data['audience']} missed"
    return f"{entry.data['purpose']} to {entry.data['audience']}" if entry.kind == "message_sent" else None


def _vendor(entry: Entry) -> str | None:
    kinds = {"vendor_engaged": "engaged", "vendor_escalated": "escalated", "vendor_closed": "closed"}
    if entry.kind in ("vendor_breached", "vendor_warning"):
        return f"{entry.data['vendor']}: {entry.data['clock']} {entry.kind.removeprefix('vendor_')}"
    return f"{entry.data['vendor']} {kinds[entry.kind]}" if entry.kind in kinds else None


def _course(entry: Entry) -> str | None:
    if entry.kind in ("phase_entered", "phase_skipped"):
        return f"phase {entry.data['phase']} {entry.kind.removeprefix('phase_')}"
    if entry.kind in ("step_failed", "step_timed_out", "step_skipped", "action_started"):
        return f"{entry.step} {entry.kind.replace('step_', '').replace('_', ' ')}"
    return f"status {entry.data['status']}" if entry.kind == "status_changed" else None


def _moment(at: datetime | None, opened: datetime) -> str | None:
    return None if at is None else offset_text(at - opened)


def _essence(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in _WORDING}


def _named(data: Any, name: str) -> Any:
    """The step or phase of this id, or the cadence of this name, wherever it stands."""
    if isinstance(data, dict):
        if data.get("id") == name:
            return data
        cadences = data.get("cadences")
        if isinstance(cadences, dict) and name in cadences:
            return cadences[name]
        return next((found for value in data.values() if (found := _named(value, name)) is not None), None)
    if isinstance(data, list):
        return next((found for value in data if (found := _named(value, name)) is not None), None)
    return None


def _inner(place: Any, key: str, setting: str) -> Any:
    if isinstance(place, list):
        return place[_number(key, place, setting)]
    if isinstance(place, dict):
        return place.setdefault(key, {})
    raise CannotChange(f"{setting}: {key} is below something that holds no keys")


def _number(key: str, place: list[Any], setting: str) -> int:
    if not key.isdecimal() or not 0 <= int(key) < len(place):
        raise CannotChange(f"{setting}: {key} is none of the {len(place)} items, counted from 0")
    return int(key)
