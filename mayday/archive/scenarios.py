"""A scenario from reality: what was done and answered in an incident, as a scenario that plays it on the virtual clock.

Inputs come from the tapes of its runs, to the millisecond and in their order; effects are answered as they were, by
their key. So the virtual clock makes the same timeline, and each incident becomes a regression test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from math import ceil
from typing import Any, NamedTuple

from mayday.archive.tape import Absorbed, Alerts, Answered, Commanded, Player, Tape, Told, TurnedAway
from mayday.domain.commands import CommandBase
from mayday.domain.durations import offset_text
from mayday.domain.effects import EffectResult
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.signed import UNSIGNED
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.language.plan import Plan
from mayday.simulator.comparison import TOLERANCE

#: two changes of the status closer than this are not told apart by an expectation, which looks a second later
APART = timedelta(seconds=3)
#: of a command's fields, those that every command has
_COMMON = frozenset({"id", "actor", "channel", "received_at", "kind"})


class Happened(NamedTuple):
    """An incident as its runs had it: the entries, and the scenario that plays them."""

    entries: list[Entry]
    plan: Plan
    scenario: dict[str, Any]


@dataclass
class _Course:
    """What is taken down while the tapes are played."""

    start: StartInput
    began_at: datetime
    items: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    commands: set[str] = field(default_factory=set)

    def at(self, moment: datetime) -> str:
        return offset_text(moment - self.began_at)


def happened(tapes: Sequence[Tape], name: str) -> Happened:
    """The scenario of an incident whose runs are on `tapes`, first to last. Raises UntapedRun."""
    first = tapes[0].begin()
    assert tapes[0].began_at is not None
    course = _Course(first.start, tapes[0].began_at)
    for number, tape in enumerate(tapes):
        _play(course, tape, goes_on=number > 0)
    for key in course.asked.keys() - course.answers.keys():
        course.answers[key] = {"hang": True}
    entries = [course.entries[seq] for seq in sorted(course.entries)]
    return Happened(entries, first.plan, _scenario(course, first.plan, name, entries))


def _play(course: _Course, tape: Tape, *, goes_on: bool) -> None:
    player = Player(tape)
    if goes_on and tape.start is not None and tape.began_at is not None:
        _begun_again(course, tape.start, tape.began_at)
    before = tape.began_at
    assert before is not None
    away_from: datetime | None = None
    for given in tape.inputs:
        wanted = player.walker.next_wake
        # also one that is too short to count as an outage: a worker that began anew for twenty seconds
        late = wanted is not None and given.at - wanted > TOLERANCE and not player.walker.finished
        if wanted is not None and late and given.at > before:
            away_from, seconds = _away(before, min(wanted, *_waiting(tape, given.at, before), given.at), given.at)
            course.items.append((away_from, {"outage": f"{seconds}s", "told": False}))
        elif given.at > before:
            away_from = None
        before = given.at
        match given.what:
            case Commanded():
                _command(course, given.what, given.at, away_from)
            case Alerts():
                alerts = [_alert(event) for event in given.what.events]
                course.items.append((away_from or given.at, {"alert": alerts}))
            case Absorbed():
                course.items.append((away_from or given.at, {"absorbed": given.what.handover}))
            case Told():
                course.items.append(
                    (
                        away_from or given.at,
                        {"outage_told": given.what.notice.model_dump(mode="json", exclude={"kind"})},
                    )
                )
            case TurnedAway():
                course.items.append((away_from or given.at, {"turned_away": _turned_away(given.what)}))
            case Answered():
                _answer(course, given.what, given.at)
        player.step()
        for key, (at, _) in player.requests.items():
            course.asked.setdefault(key, at)
    course.entries |= {entry.seq: entry for entry in player.entries}


def _waiting(tape: Tape, at: datetime, before: datetime) -> list[datetime]:
    """When the commands had come that the engine took up at `at`."""
    found = [given.what.command.received_at for given in tape.inputs
             if given.at == at and isinstance(given.what, Commanded)]  # fmt: skip
    return [received for received in found if received > before]


def _away(before: datetime, due: datetime, back: datetime) -> tuple[datetime, int]:
    """From when the engine did not run, and for how many seconds: whole ones, so that it is back to the millisecond."""
    seconds = max(1, ceil((back - due).total_seconds()))
    if back - timedelta(seconds=seconds) > before:
        return back - timedelta(seconds=seconds), seconds
    return before, max(1, round((back - before).total_seconds()))


def _begun_again(course: _Course, start: StartInput, at: datetime) -> None:
    """A run that goes on: nothing happened but what its start brings."""
    if start.reopened_by:
        course.items.append((at, {"reopen": True, "by": start.reopened_by, "reason": start.reopen_reason or ""}))
    if start.events:
        course.items.append((at, {"alert": [_alert(event) for event in start.events]}))


def _command(course: _Course, given: Commanded, at: datetime, away_from: datetime | None) -> None:
    command = given.command
    if command.id in course.commands:
        return  # sent twice: it was answered with the first answer again
    course.commands.add(command.id)
    item = {**_item(command), "by": command.actor, "channel": command.channel}
    if away_from is not None:  # it waited for the engine
        at = min(max(command.received_at, away_from), at)
    elif given.signalled:
        item["signalled"] = True
    course.items.append((at, {key: value for key, value in item.items() if value is not None}))


def _item(command: CommandBase) -> dict[str, Any]:
    """The command in the words of a scenario: the reverse of `mayday.simulator.commands.command_of`."""
    data = command.model_dump(mode="json", exclude_none=True)
    kind = str(data["kind"])
    own = {key: value for key, value in data.items() if key not in _COMMON}
    renamed = {
        "ack": {"page": "ack"}, "accept": {"target": "accept"}, "decline": {"target": "decline"},
        "vote": {"decision": "vote"},
        "delegate": {"to": "delegate"}, "complete": {"task": "complete"}, "update": {"audience": "update"},
        "correct": {"n": "correct"}, "note": {"text": "note"}, "event": {"name": "event"},
        "override": {"step": "override"}, "add_step": {"step": "add_step"}, "merge": {"into": "merge"},
        "hold_outward": {"on": "hold_outward"}, "vendor_reply": {"step": "vendor_reply", "reply": "kind"},
        "drill": {"action": "drill"},
    }.get(kind, {})  # fmt: skip
    item = {renamed.get(key, key): value for key, value in own.items()}
    match kind:
        case "candidate":
            item["candidate"] = "accept" if item.pop("accept") else "reject"
        case "reopen":
            item["reopen"] = True
        case "impact":
            return {"impact": item}
        case "merge":
            item.pop("into_workflow", None)
    if kind == "event" and not item.get("data"):
        item.pop("data", None)
    return item


def _alert(event: AlertEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {"state": event.state}


def _turned_away(given: TurnedAway) -> dict[str, Any]:
    why = given.refusal.model_dump(mode="json") if given.refusal != UNSIGNED else {}
    return {"command": given.what, "claimed": given.claimed, **why}


def _answer(course: _Course, given: Answered, at: datetime) -> None:
    asked_at = course.asked.get(given.key)
    if asked_at is None:
        return  # carried over from a run that is not on the tapes
    answer: dict[str, Any] = {"after_ms": max(0, round((at - asked_at).total_seconds() * 1000))}
    answer |= _result(given.result)
    course.answers.setdefault(given.key, answer)


def _result(result: EffectResult) -> dict[str, Any]:
    if result.failure is not None:
        return {"fail": result.failure.model_dump(mode="json", exclude_defaults=True)}
    return {"return": result.value} if result.value else {}


def _scenario(course: _Course, plan: Plan, name: str, entries: Sequence[Entry]) -> dict[str, Any]:
    start, runbook = course.start, plan.runbook.metadata
    incident = {
        "title": start.title, "service": start.service, "severity": start.severity, "summary": start.summary,
        "services": start.services, "customers_affected": start.customers_affected, "declare": start.declare,
        "declared_by": start.declared_by, "source": start.source, "confirm_within": start.confirm_within,
        "accept_within": start.accept_within, "page": start.page, "resolve_on_clear": start.resolve_on_clear or None,
        "impact_started_at": start.impact_started_at and start.impact_started_at.isoformat(),
        "drill": start.drill or None,
    }  # fmt: skip
    recorded = {
        "id": start.id, "base_url": start.base_url, "on_call": start.on_call,
        "alerts": [_alert(event) for event in start.events],
        "injects": [inject.model_dump(mode="json", exclude_none=True) for inject in start.injects],
        "answers": course.answers, "plan": {**plan.canonical(), "digest": start.plan_digest},
    }  # fmt: skip
    timeline = [{"at": course.at(at), **item} for at, item in course.items] + _expected(course, entries)
    given = {"start": course.began_at.isoformat(), "incident": _filled(incident), "inputs": start.inputs}
    return {
        "apiVersion": "runbook/v1", "kind": "Scenario",
        "metadata": {"name": name, "description": f"What happened in {name}, written by `mayday review scenario`."},
        "runbook": f"{runbook.name}@{runbook.version}",
        "given": {**_filled(given), **({"roles": start.roles} if start.roles else {})},
        "catalog": {"people": {person.id: {"name": person.name} for person in plan.people.values()}},
        "timeline": timeline,
        "recorded": _filled(recorded),
    }  # fmt: skip


def _expected(course: _Course, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What makes it a regression test: statuses and decisions come when they came."""
    found: list[tuple[datetime, dict[str, Any]]] = []
    changes = [entry for entry in entries if entry.kind in ("status_changed", "reopened")]
    for entry, after in zip_longest(changes, changes[1:]):
        at = parse_timestamp(entry.at)
        if entry.kind == "status_changed" and (after is None or parse_timestamp(after.at) - at > APART):
            found.append((at, {"status": entry.data["status"]}))
    for entry in entries:
        if entry.kind == "gate_decided":
            decided = {"decided": entry.data["decision"], "outcome": entry.data["outcome"]}
            found.append((parse_timestamp(entry.at), decided))
    if entries:  # the last moment, so that it is played to its end
        ended = entries[-1].kind == "finished"
        status = [entry.data["status"] for entry in changes if entry.kind == "status_changed"]
        last = {"finished": True} if ended else {"status": status[-1]} if status else {"never": {"finished": True}}
        found.append((parse_timestamp(entries[-1].at), last))
    return [{"at": course.at(at), "expect": expect} for at, expect in sorted(found, key=lambda each: each[0])]


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}
