"""The rules of a night, judged from outside: from its timeline and from what reached the desk, never from the walker.

Each rule reads the entries (and the calls of providers) and says in words where they break it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mayday.domain.effects import CLOSE_PAGE, PAGE, SEND
from mayday.domain.outage import LATE_AFTER
from mayday.domain.timeline import Entry, first_broken, parse_timestamp
from mayday.domain.timeline_kinds import KINDS
from mayday.language.plan import Plan
from mayday.simulator.desk import Call
from tests.fuzz import voting

SECOND = timedelta(seconds=1)
#: what falls into an outage has so long after it
AT_LEAST = timedelta(minutes=5)


class Record(NamedTuple):
    """What there is to judge. `aways`: from when to when the engine did not run."""

    plan: Plan
    entries: Sequence[Entry]
    calls: Sequence[Call]
    aways: Sequence[tuple[datetime, datetime]]

    def of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind in kinds]

    def asked(self, *kinds: str) -> list[Call]:
        return [call for call in self.calls if call.kind in kinds]


def broken_rules(record: Record) -> list[str]:
    """Every breach of every rule."""
    return [f"{rule.__name__.removeprefix('_')}: {words}" for rule in RULES for words in rule(record)]


def at(entry: Entry) -> datetime:
    return parse_timestamp(entry.at)


def _the_chain_holds(record: Record) -> Iterator[str]:
    broken = first_broken(record.entries)
    if broken is not None:
        yield f"the chain breaks at {broken}"
    for before, after in zip(record.entries, record.entries[1:], strict=False):
        if after.at < before.at:
            yield f"time goes back at {after.seq}"


def _every_kind_is_known(record: Record) -> Iterator[str]:
    """The closed list, and of each kind only the documented data."""
    for entry in record.entries:
        known = KINDS.get(entry.kind)
        if known is None:
            yield f"{entry.kind} is no kind"
            continue
        documented = known.data
        if documented.startswith("as "):
            documented = KINDS[documented[3:]].data
        names = {name.strip().rstrip("?") for name in documented.split(",")}
        for name in entry.data:
            if name not in names:
                yield f"{entry.kind} has data.{name}, which is not documented"
        for name in (name.strip() for name in documented.split(",")):
            if not name.endswith("?") and name not in ("-", "") and name not in entry.data:
                yield f"{entry.kind} has no data.{name}"
        if "{" in entry.text and "}" in entry.text and "{{" not in entry.text:
            yield f"{entry.kind} reads {entry.text!r}"


def _each_effect_is_asked_once(record: Record) -> Iterator[str]:
    seen: set[str] = set()
    for call in record.calls:
        key = str(call.payload.get("effect_key"))
        if key in seen:
            yield f"{key} was asked for twice"
        seen.add(key)


def _nothing_after_the_end(record: Record) -> Iterator[str]:
    """After `finished` nothing is written, and nobody is woken, until the incident is reopened."""
    over: datetime | None = None
    for entry in record.entries:
        if entry.kind == "reopened":
            over = None
        elif over is not None:
            yield f"{entry.kind} at {entry.at} after the end"
        if entry.kind == "finished":
            over = at(entry)
    for begin, end in _ended(record):
        for call in record.asked(PAGE, SEND):
            if begin < call.at < end:
                what = call.payload.get("page") or call.payload.get("audience")
                yield f"{call.kind} {what} at {call.at} after the end"


def _ended(record: Record) -> Iterator[tuple[datetime, datetime]]:
    """The times in which the incident was over."""
    begin: datetime | None = None
    for entry in record.of("finished", "reopened"):
        if entry.kind == "finished":
            begin = at(entry)
        elif begin is not None:
            yield begin, at(entry)
            begin = None
    if begin is not None:
        yield begin, begin + timedelta(days=400)


def _nothing_rings_on(record: Record) -> Iterator[str]:
    """Whatever woke somebody is silenced by the end."""
    ends = [begin for begin, _ in _ended(record)]
    if not ends:
        return
    ringing: dict[str, Call] = {}
    for call in sorted(record.asked(PAGE, CLOSE_PAGE), key=lambda call: call.at + call.reply.after):
        if call.at > ends[-1]:
            break
        if call.kind == CLOSE_PAGE:
            ringing.pop(str(call.payload["page"]), None)
        elif call.payload.get("urgent", True) and call.reply.value.get("paged"):
            ringing[str(call.payload["page"])] = call
    for page, call in ringing.items():
        yield f"{page} ({call.payload['purpose']}) rings since {call.at}"


def _no_page_after_its_ack(record: Record) -> Iterator[str]:
    """But those of `join_within`. A page that begins anew (retry, handler, reopening, next round) is another page."""
    anew = [
        (at(entry), str(entry.step))
        for entry in record.of("overridden", "handler_started", "reopened")
        if entry.kind != "overridden" or entry.data["action"] in ("retry", "reassign")
    ]
    for entry in record.of("acknowledged"):
        page, acked = str(entry.data["page"]), at(entry)
        for call in record.asked(PAGE):
            if call.payload["page"] != page or call.at <= acked:
                continue
            if any(acked <= moment <= call.at for moment, _ in anew):
                break
            if call.payload["purpose"] == "page" or call.payload["purpose"] == "exhausted":
                yield f"{page} was acknowledged at {acked} and rings at {call.at} ({call.payload['purpose']})"


def _every_task_ends(record: Record) -> Iterator[str]:
    """Completed or withdrawn; a spoken vote's confirmation goes to the review of a resolved incident."""
    left: dict[str, Entry] = {}
    for entry in record.entries:
        if entry.kind == "task_opened":
            if entry.data["task"] in left:
                yield f"task {entry.data['task']} opened twice"
            left[entry.data["task"]] = entry
        elif entry.kind in ("task_completed", "task_withdrawn") and left.pop(entry.data["task"], None) is None:
            yield f"task {entry.data['task']} ended without being open ({entry.kind})"
    if record.entries[-1].kind != "finished":
        return
    reviewed = record.entries[-1].data["status"] == "resolved"
    for name, entry in left.items():
        if not (reviewed and entry.data["task_kind"] == "confirm"):
            yield f"task {name} ({entry.data['task_kind']}) never ended"


def _every_gate_ends(record: Record) -> Iterator[str]:
    """With exactly one outcome an opening; a ratification may go to the review."""
    left: dict[str, bool] = {}
    for entry in record.of("gate_opened", "gate_reopened", "gate_decided", "merged_into"):
        if entry.kind == "merged_into":
            left = {name: True for name in left if name not in entry.data["gates"]}
            continue
        name = entry.data["decision"]
        if entry.kind == "gate_decided":
            glass = entry.data["outcome"] == "unapproved_emergency"
            if not left.pop(name, False) and not glass and entry.data["outcome"] != "withdrawn":
                yield f"{name} decided ({entry.data['outcome']}) and not open"
        elif name in left:
            yield f"{name} opened twice"
        else:
            left[name] = True
    if record.entries[-1].kind == "finished":
        reviewed = record.entries[-1].data["status"] == "resolved"
        for name in left:
            if not (reviewed and name.rpartition(".")[2].startswith("ratify:")):
                yield f"{name} was never decided"


def _every_case_ends(record: Record) -> Iterator[str]:
    """A vendor's case that was opened is closed once, by the vendor, or with the incident; a reopening takes it up."""
    left: set[str] = set()
    for entry in record.of("vendor_engaged", "vendor_taken_up", "vendor_closed", "merged_into", "finished"):
        if entry.kind in ("vendor_engaged", "vendor_taken_up"):
            if entry.step in left:
                yield f"{entry.step} engages a vendor twice"
            left.add(str(entry.step))
        elif entry.kind == "vendor_closed":
            if entry.step not in left:
                yield f"the case of {entry.step} closed, and was not open"
            left.discard(str(entry.step))
        elif entry.kind == "merged_into":
            left -= set(entry.data["engagements"])
        else:
            yield from (f"the case of {step} was never closed" for step in sorted(left))


def _irreversible_needs_approval(record: Record) -> Iterator[str]:
    """It starts only under an approval that holds, and once an approval, unless it is known not to have happened."""
    irreversible = {name for name, spec in record.plan.actions.items() if spec.effect == "irreversible"}
    granted: dict[str, int] = {}
    used: dict[tuple[str, str], int] = {}
    refs: dict[str, str] = {}
    for entry in record.entries:
        if entry.kind in ("gate_decided", "gate_reopened", "gate_opened"):
            if entry.data.get("outcome") in ("approved", "unapproved_emergency"):
                granted[entry.data["decision"]] = entry.seq
                refs[entry.data["ref"]] = entry.data["decision"]
            else:
                granted.pop(entry.data["decision"], None)
        elif entry.kind == "step_failed" and not entry.data.get("ambiguous"):
            used = {key: seq for key, seq in used.items() if key[0] != entry.step}
        elif entry.kind == "action_started" and entry.data["action"] in irreversible:
            step = str(entry.step)
            mine = [call for call in record.asked(entry.data["action"]) if call.at == at(entry) and _is_of(call, step)]
            gate = refs.get(str(mine[-1].payload.get("approval"))) if mine else None
            if gate is None or gate not in granted:
                yield f"{step} started at {entry.at} without an approval that holds"
            elif used.get((step, gate)) == granted[gate]:
                yield f"{step} started at {entry.at} a second time under one approval"
            else:
                used[step, gate] = granted[gate]


def _is_of(call: Call, step: str) -> bool:
    return bool(re.fullmatch(rf"[^/]+/{re.escape(step)}#\d+", str(call.payload.get("effect_key"))))


def _cadences_have_no_gap(record: Record) -> Iterator[str]:
    """While a cadence runs, never longer than its interval without a word, sent, held, held back or counted as sent."""
    for name in {entry.data["cadence"] for entry in record.of("cadence_started")}:
        yield from _gaps(record, f"cadence:{name}")


def _gaps(record: Record, step: str) -> Iterator[str]:
    tick_kinds = ("tick_skipped", "message_held", "update_missed", "send_refused", "cadence_started", "cadence_resumed")
    moments = [(at(entry), entry) for entry in record.entries if entry.step == step]
    audience = next(entry.data["audience"] for _, entry in moments if entry.kind == "cadence_started")
    asked = [
        call.at
        for call in record.asked(SEND)
        if f"/{step}#" in str(call.payload["effect_key"]) or f"/update:{audience}#" in str(call.payload["effect_key"])
    ]
    running, last, every = False, None, 0
    events: list[tuple[datetime, int, str, Entry | None]] = [(moment, 0, "sent", None) for moment in asked]
    events += [(moment, 1, entry.kind, entry) for moment, entry in moments]
    for moment, _, kind, entry in sorted(events, key=lambda event: event[:2]):
        if running and last is not None and (kind in (*tick_kinds, "sent", "cadence_stopped", "cadence_paused")):
            gap = moment - last - _away(record, last, moment)
            if gap > timedelta(seconds=every + 1):
                yield f"{step}: nothing for {gap} until {moment} ({kind}), at most {every} s"
        if kind in tick_kinds or kind == "sent":
            last = moment
        if entry is not None and kind == "cadence_started":
            running, every = True, entry.data["every_s"]
        elif entry is not None and kind == "cadence_changed":
            every = max(every, entry.data["every_s"])
        elif kind in ("cadence_stopped", "cadence_paused"):
            running = False
        elif kind == "cadence_resumed":
            running = True


def _away(record: Record, begin: datetime, end: datetime) -> timedelta:
    """How much of a time the engine did not run."""
    parts = (min(end, until) - max(begin, since) for since, until in record.aways)
    return sum((part for part in parts if part > timedelta()), timedelta())


def _outward_waits(record: Record) -> Iterator[str]:
    """Nothing leaves for outside audiences while somebody holds it."""
    held: datetime | None = None
    times: list[tuple[datetime, datetime]] = []
    for entry in record.of("outward_held", "outward_released", "finished"):
        if entry.kind == "outward_held":
            held = at(entry)
        elif held is not None:
            times.append((held, at(entry)))
            held = None if entry.kind == "outward_released" else held
    for call in record.asked(SEND):
        if call.payload.get("outward") and any(begin < call.at < end for begin, end in times):
            yield f"{call.payload['purpose']} to {call.payload['audience']} left at {call.at}, and outward was held"


def _everybody_has_their_time(record: Record) -> Iterator[str]:
    """Whoever is asked has as long as was said, without the time in which nobody could answer; and not much longer."""
    begun: dict[tuple[str, str], tuple[datetime, datetime]] = {}
    for entry in record.of(
        "gate_opened", "gate_reopened", "gate_escalated", "gate_decided", "task_opened", "task_overdue"
    ):
        what = (entry.kind[:4], str(entry.data["task" if entry.kind.startswith("task") else "decision"]))
        opened = begun.pop(what, None)
        late = entry.data.get("reason") == "no decision in time" or entry.data.get("times") == 1
        if opened is not None and late:
            had = at(entry) - opened[0]
            away = [until - max(since, opened[0]) for since, until in record.aways if opened[0] < until <= at(entry)]
            lost = sum((each for each in away if each > LATE_AFTER), timedelta())
            promised = max(opened[1] - opened[0], timedelta())  # a gate may open again when its time is up
            least, most = promised + lost, promised + sum(away, len(away) * AT_LEAST)
            if not least - SECOND <= had <= most + SECOND:
                yield f"{what[1]} had {had} until {entry.at}, and not {least}"
        if entry.data.get("due_at") is not None and entry.kind not in ("gate_decided", "task_overdue"):
            begun[what] = (at(entry), parse_timestamp(entry.data["due_at"]))


def _phases_are_left_once(record: Record) -> Iterator[str]:
    """Each phase that is entered is left before the next, and none twice without a reopening."""
    current: str | None = None
    for entry in record.of("phase_entered", "phase_left", "phase_skipped", "reopened", "finished"):
        if entry.kind == "reopened":
            current = None
        elif entry.kind == "phase_entered":
            if current is not None:
                yield f"{entry.data['phase']} entered inside {current}"
            current = entry.data["phase"]
        elif entry.kind == "phase_left":
            if current != entry.data["phase"]:
                yield f"{entry.data['phase']} left at {entry.at}, and the phase is {current}"
            current = None
        elif entry.kind == "finished" and current is not None:
            yield f"finished inside {current}"


def _votes_decide(record: Record) -> Iterator[str]:
    yield from voting.broken_rules(record.plan, record.entries)


RULES: tuple[Callable[[Record], Iterator[str]], ...] = (
    _the_chain_holds,
    _every_kind_is_known,
    _each_effect_is_asked_once,
    _nothing_after_the_end,
    _nothing_rings_on,
    _no_page_after_its_ack,
    _every_task_ends,
    _every_gate_ends,
    _every_case_ends,
    _irreversible_needs_approval,
    _cadences_have_no_gap,
    _outward_waits,
    _phases_are_left_once,
    _votes_decide,
    _everybody_has_their_time,
)
