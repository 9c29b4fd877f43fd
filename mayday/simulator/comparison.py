"""When two runs of one story have the *same timeline* (DESIGN.md, idea 2).

Per lane (root step, cadence, clock, handler, role, task) the sequences of (kind, actor, step, data) are equal and the
times differ by at most two seconds; the order across lanes counts only beyond two seconds; sequence numbers, hashes and
minted ids are left out. On a real server concurrent activities finish in any order, so nothing more can be asked; for
the same reason receipts of effects that were under way together have no order among themselves.

That is for two runs of which each had an order of its own. Where the virtual clock is given the order in which the
server's answers came, timelines are equal entry by entry (docs/adr/0107, tests/fuzz/test_both_engines.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from mayday.domain.timeline import Entry, parse_timestamp
from mayday.language.plan import Plan
from mayday.language.runbook import Runbook, Step

TOLERANCE = timedelta(seconds=2)
#: keys of `data` that hold ids minted on the way
MINTED = frozenset({"ref", "refs", "effect_key", "command", "run_id", "case", "digest", "answer"})
#: entries that take down the answer of an effect
RECEIPTS = frozenset({
    "paged", "notified", "page_failed", "message_sent", "send_failed", "action_finished", "action_failed",
    "vendor_contacted", "vendor_contact_failed",
})  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class _Place(NamedTuple):
    """Where a step stands: the step or branch at the root of its lane; `beside`: not simply the top of its list."""

    root: str
    beside: bool
    step: Step


class Roots:
    """For each step path of a plan the root of its lane.

    That is the step at the top of its phase, handler or `finally`. What runs beside it is a lane of its own: a
    background step, each branch of a `parallel`, each item of a `for_each` that takes several at once; also where it
    stands in a runbook that is called.
    """

    def __init__(self, plan: Plan) -> None:
        self._root = _places(plan.runbook)
        self._calls = {name: _places(runbook) for name, runbook in plan.calls.items()}

    def __call__(self, path: str) -> str:
        places, before, lane, prefix = self._root, "", "", ""
        for segment in path.split("."):
            bare = segment.partition("[")[0]
            place = places.get(bare)
            if place is None:  # a step that somebody added
                return lane or bare
            if not lane:
                lane = place.root
            elif place.beside and place.root != before:
                lane = prefix + place.root
            before, prefix = place.root, f"{prefix}{segment}."
            if place.step.call is not None:
                places, before = self._calls.get(place.step.call, {}), ""
        return lane


def roots_of(plan: Plan) -> Roots:
    """What `same_timeline` takes to tell the lanes of a plan apart."""
    return Roots(plan)


def _places(runbook: Runbook) -> dict[str, _Place]:
    lists = [phase.steps for phase in runbook.phases] + [handler.steps for handler in runbook.handlers]
    found: dict[str, _Place] = {}
    for top in [step for steps in [*lists, runbook.finally_] for step in steps]:
        found |= _under(top, top.id, top.background)
    return found


def _under(step: Step, root: str, beside: bool) -> dict[str, _Place]:
    found = {step.id: _Place(root, beside, step)}
    for place, steps in step.children():
        branch = place.startswith("parallel.") or (step.for_each is not None and step.for_each.concurrency > 1)
        for inner in steps:
            if inner.background:
                found |= _under(inner, inner.id, True)
            else:
                found |= _under(inner, f"{step.id}/{place}" if branch else root, beside or branch)
    return found


def lane_of(entry: Entry, roots: Callable[[str], str] | None = None) -> str:
    """The lane of an entry: `cadence:NAME` and the like as they are, else the root of the step's path."""
    if entry.step is None:
        return "incident"
    if ":" in entry.step:
        return entry.step
    return roots(entry.step) if roots else re.split(r"[.\[]", entry.step, maxsplit=1)[0]


def lanes(entries: Iterable[Entry], roots: Callable[[str], str] | None = None) -> dict[str, list[Entry]]:
    """The entries lane by lane, each in the order they were written."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(lane_of(entry, roots), []).append(entry)
    return found


def same_timeline(one: Sequence[Entry], other: Sequence[Entry], roots: Callable[[str], str] | None = None) -> list[str]:
    """What differs between two timelines, in words, the first difference of each lane; empty when they are the same."""
    differences: list[str] = []
    left, right = ({lane: _settled(found) for lane, found in lanes(run, roots).items()} for run in (one, other))
    partner: dict[int, Entry] = {}
    for lane in dict.fromkeys([*left, *right]):
        mine, theirs = left.get(lane, []), right.get(lane, [])
        for index in range(max(len(mine), len(theirs))):
            a = mine[index] if index < len(mine) else None
            b = theirs[index] if index < len(theirs) else None
            problem = _difference(a, b)
            if problem:
                differences.append(f"lane {lane}, entry {index + 1}: {problem}")
                break
            if a is not None and b is not None:
                partner[b.seq] = a
    return differences or _disorder(other, partner)


def _settled(lane: list[Entry]) -> list[Entry]:
    """A lane with receipts that came together in a fixed order: effects under way at once are answered in any order."""
    settled: list[Entry] = []
    together: list[Entry] = []
    for entry in lane:
        near = together and parse_timestamp(entry.at) - parse_timestamp(together[0].at) <= TOLERANCE
        if entry.kind not in RECEIPTS or not near:
            settled += sorted(together, key=_receipt_order)
            together = []
        if entry.kind in RECEIPTS:
            together.append(entry)
        else:
            settled.append(entry)
    return settled + sorted(together, key=_receipt_order)


def _receipt_order(entry: Entry) -> tuple[str, str, str]:
    known = {key: value for key, value in entry.data.items() if key not in MINTED}
    return entry.kind, entry.step or "", json.dumps(known, sort_keys=True)


def _difference(a: Entry | None, b: Entry | None) -> str | None:
    if a is None or b is None:
        present = a or b
        assert present is not None
        return f"only the {'first' if a else 'second'} has {_words(present)}"
    for name in ("kind", "actor", "step"):
        if getattr(a, name) != getattr(b, name):
            return f"{_words(a)} became {_words(b)}"
    where = _data_difference(a.data, b.data, "data")
    if where:
        return f"{_words(a)}: {where}"
    if abs(parse_timestamp(a.at) - parse_timestamp(b.at)) > TOLERANCE:
        return f"{_words(a)} moved to {b.at}"
    return None


def _data_difference(a: Any, b: Any, path: str) -> str | None:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted((a.keys() | b.keys()) - MINTED):
            if key not in a or key not in b:
                return f"{path}.{key} is only in the {'first' if key in a else 'second'}"
            if key.endswith("_s") and isinstance(a[key], int) and isinstance(b[key], int):
                if abs(a[key] - b[key]) <= TOLERANCE.total_seconds():
                    continue  # seconds between two entries, each of which has its tolerance
            found = _data_difference(a[key], b[key], f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next(
            (d for i, (x, y) in enumerate(zip(a, b, strict=True)) if (d := _data_difference(x, y, f"{path}[{i}]"))),
            None,
        )
    if a == b or (isinstance(a, str) and isinstance(b, str) and _same_text(a, b)):
        return None
    return f"{path} is {a!r} and {b!r}"


def _disorder(other: Sequence[Entry], partner: Mapping[int, Entry]) -> list[str]:
    """Entries of the second that come after one which, in the first, is more than the tolerance later."""
    latest: Entry | None = None
    for entry in other:
        mine = partner[entry.seq]
        if latest is not None and parse_timestamp(latest.at) - parse_timestamp(mine.at) > TOLERANCE:
            return [f"{_words(mine)} and {_words(latest)} changed places"]
        if latest is None or mine.at > latest.at:
            latest = mine
    return []


def _same_text(a: str, b: str) -> bool:
    """Equal but for the moments in them, which may differ as much as entries do."""
    if _MOMENT.sub("*", a) != _MOMENT.sub("*", b):
        return False
    mine, theirs = _MOMENT.finditer(a), _MOMENT.finditer(b)
    return all(
        abs(parse_timestamp(x[0]) - parse_timestamp(y[0])) <= TOLERANCE for x, y in zip(mine, theirs, strict=True)
    )


def _words(entry: Entry) -> str:
    return f"{entry.at} {entry.kind} {entry.step or '-'} by {entry.actor}"
