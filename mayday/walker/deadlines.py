"""Deadlines of people, as they were promised and where they stand: time in which nobody could answer is given back.

A deadline stands in the state of what it is about (a gate, a task, a ladder). Beside it is kept how it was set, and
since when it runs. Where it stands is worked out from these and from all the time that was lost, each time anew: so no
time counts twice, in whatever order and however often an outage is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from mayday.domain.incident import StartInput
from mayday.domain.wire import Wire
from mayday.walker.state import Outage, Promise

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

AT_LEAST = timedelta(minutes=5)
#: so many moved deadlines are listed in an entry
LISTED = 50

Span = tuple[datetime, datetime]


class Deadline(NamedTuple):
    """Where a deadline of people stands: `field` of `holder`. `kind` and `of` are how the board calls it; no `kind`:
    a reminder on the way to it."""

    name: str
    holder: Wire
    field: str
    kind: str | None = None
    of: str = ""

    @property
    def at(self) -> datetime | None:
        found: datetime | None = getattr(self.holder, self.field)
        return found


def of_people(w: Walker) -> Iterator[Deadline]:
    """All that run now, reminders included. Cadences, vendors' clocks and service levels are not people's."""
    state = w.state
    for gate in state.gates.values():
        if gate.outcome is None:
            yield Deadline(f"gate:{gate.path}", gate, "due_at", "decision", gate.path)
            yield Deadline(f"gate_reminder:{gate.path}", gate, "remind_at")
            if not gate.delegates_paged:
                yield Deadline(f"gate_delegates:{gate.path}", gate, "answer_at")
    for task in state.tasks.values():
        if task.done_at is None and task.overdue < 2:
            yield Deadline(f"task:{task.id}", task, "due_at", "task", task.id)
    for ladder in state.ladders.values():
        if not ladder.closed and ladder.acked_by is None:
            if ladder.exhausted_at is None:
                yield Deadline(f"page:{ladder.path}", ladder, "due_at", "page", ladder.path)
            else:
                yield Deadline(f"page_again:{ladder.path}", ladder, "nag_at")
    for number, join in enumerate(state.joins):
        if not join.joined and join.rounds <= 3:
            yield Deadline(f"join:{number}", join, "due_at", "page", join.page)
    for role in state.roles.values():
        if role.offer is not None:
            yield Deadline(f"role:{role.role}", role.offer, "due_at", "role", f"role:{role.role}")
    if state.proposal is not None:
        yield Deadline("candidate", state.proposal, "expires_at", "candidate", "candidate")
        yield Deadline("candidate_reminder", state.proposal, "remind_at")
    if state.confirmation is not None and state.confirmation.open:
        yield Deadline("confirmation", state.confirmation, "due_at", "confirm", "confirm:declaration")
    for final in state.finals:
        if final.state == "waiting":
            yield Deadline(f"final:{final.cadence}", final, "due_at", "review", f"review:final:{final.cadence}")
    for step in state.steps.values():
        if step.over:
            continue
        if step.due_at is not None and step.verb != "decide":
            yield Deadline(f"step:{step.path}", step, "due_at", None if step.verb == "do" else "wait", step.path)
        if step.verb == "send" and step.place == "review":
            yield Deadline(f"send:{step.path}", step, "next_round_at", "review", f"review:{step.path}")


def looked(w: Walker) -> None:
    """Everything was looked at: what people were promised until now is kept, where time is given back."""
    if w.start.gives_time_back:
        keep(w)
        w.state.looked_at = w.now


def not_before(start: StartInput, now: datetime) -> datetime:
    """Within a run time never goes back (`Walker._at`). Nor between two: a server's clock may have been set meanwhile,
    and no entry is older than the one before it."""
    looked_at = (start.state or {}).get("looked_at")
    return max(now, datetime.fromisoformat(looked_at)) if looked_at and start.edition >= 3 else now


def answered_after_s(w: Walker, received_at: datetime, opened_at: datetime) -> int:
    """How long an answer took, by the door's clock; which may be behind the server's, and then it took no time."""
    seconds = int((received_at - opened_at).total_seconds())
    return max(seconds, 0) if w.start.edition >= 3 else seconds


def keep(w: Walker, since: datetime | None = None) -> None:
    """Note what was set since the last look: it runs from now, or from `since`."""
    kept: dict[str, Promise] = {}
    for each in of_people(w):
        at, known = each.at, w.state.promises.get(each.name)
        if at is not None:
            stands = known is not None and known.stands_at == at
            kept[each.name] = known if known and stands else Promise(due_at=at, stands_at=at, since=since or w.now)
    w.state.promises = kept


def move(w: Walker, before: Sequence[Outage]) -> list[dict[str, Any]]:
    """Let every deadline stand where it has to by all the time that was lost; returns those that stood elsewhere when
    only `before` was known."""
    keep(w)
    then, now = spans(before), spans(w.state.outages)
    moved: list[dict[str, Any]] = []
    for each in of_people(w):
        promise = w.state.promises.get(each.name)
        if promise is None:
            continue
        was, stands = (stretched(promise.due_at, promise.since, lost) for lost in (then, now))
        promise.stands_at = stands
        setattr(each.holder, each.field, stands)
        if each.kind is not None and stands != was:
            moved.append({"kind": each.kind, "of": each.of, "due_at": stands, "before": was})
    w.touch()
    return moved


def taken_over(w: Walker, since: datetime) -> None:
    """What another incident handed over at `since`: it ran meanwhile, also while nobody could answer."""
    keep(w, since=min(since, w.now))
    move(w, w.state.outages)


def spans(outages: Sequence[Outage]) -> list[Span]:
    """The time that was lost, in order, no moment of it twice."""
    found: list[Span] = []
    for begin, end in sorted((outage.from_at, outage.to_at) for outage in outages):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif begin < end:
            found.append((begin, end))
    return found


def stretched(due: datetime, since: datetime, lost: Sequence[Span]) -> datetime:
    """When a deadline that was set to `due` and runs `since` then really ends. One that falls into lost time leaves
    five minutes at least after it."""
    for begin, end in lost:
        begin = max(begin, since)
        if begin >= end:
            continue
        if due < begin:
            break
        later = due + (end - begin)
        due = max(later, end + AT_LEAST) if due <= end else later
    return due


def lost_between(w: Walker, begin: datetime, end: datetime) -> timedelta:
    """How much of that time nobody could use."""
    overlaps = (min(end, to_at) - max(begin, from_at) for from_at, to_at in spans(w.state.outages))
    return sum((each for each in overlaps if each > timedelta()), timedelta())
