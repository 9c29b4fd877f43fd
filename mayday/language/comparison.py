"""What a change to a runbook means: two plans side by side, in words, for who approves the change.

Steps are matched by their id, which is unique in a runbook. A step that stands elsewhere has moved; everything that
makes somebody wait, and everybody who decides, is said by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mayday.language.checks.layout import nested_lists
from mayday.language.plan import Plan
from mayday.language.runbook import Runbook, Step

__all__ = ["Change", "Comparison", "compare_plans"]

What = Literal["added", "removed", "moved", "changed wait", "changed voters", "changed"]
WAITS = (
    "timeout", "on_timeout", "wait", "every", "join_within", "remind_every", "due", "on_overdue", "ack_within",
    "repeat", "extend", "answer_within", "ratify_within", "within", "start", "until", "skip_if_sent_within",
    "respond_within", "resolve_within", "updates_every", "retry", "max",
)  # fmt: skip
VOTERS = ("voters", "break_glass", "verbal", "options", "authorities")
NESTED = ("steps", "choose", "else", "parallel", "outcomes")
SECTIONS = {
    "roles": "role",
    "escalations": "escalation",
    "cadences": "cadence",
    "inputs": "input",
    "vars": "variable",
    "templates": "text",
}
CATALOG = {
    "vendors": "vendor",
    "audiences": "audience",
    "severities": "severity",
    "authorities": "authority",
    "groups": "group",
    "services": "service",
    "people": "person",
    "schedules": "schedule",
    "actions": "action",
    "access": "access",
    "bridges": "bridge",
}


@dataclass(frozen=True)
class Change:
    """One difference. `path` is a place in the plan, `before` and `after` are its values as they were written."""

    what: What
    thing: str
    path: str
    text: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Comparison:
    """What is different, and how many steps stay exactly as they are."""

    before: str
    after: str
    same: bool
    kept: int
    changes: list[Change] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The shape of `runbook plan --diff A B --json`."""
        return asdict(self)

    def lines(self) -> list[str]:
        """One line a change, in groups; a first line that says what is compared."""
        first = f"{self.before} -> {self.after}: "
        if self.same:
            return [first + "the same plan"]
        said = [first + f"{len(self.changes)} change{'' if len(self.changes) == 1 else 's'}"]
        said.append(f"kept: {self.kept} step{'' if self.kept == 1 else 's'} as they were")
        for what in ("removed", "added", "moved", "changed wait", "changed voters", "changed"):
            said += [f"{what}: {change.text}" for change in self.changes if change.what == what]
        return said


def compare_plans(before: Plan, after: Plan) -> Comparison:
    """Compare two plans; equal digests are the same plan and have no changes."""
    old, new = before.canonical(), after.canonical()
    steps_before, steps_after = dict(_placed(before.runbook)), dict(_placed(after.runbook))
    changes = [
        *_phases(before.runbook, after.runbook),
        *_steps(steps_before, steps_after),
        *_orders(steps_before, steps_after),
        *_sections(old["runbook"], new["runbook"], SECTIONS),
        *_handlers(old["runbook"], new["runbook"]),
        *_sections(old, new, CATALOG),
        *_sections(old, new, {"calls": "called runbook"}),
    ]
    if old.get("templates") != new.get("templates"):
        own = {change.path for change in changes}
        changes += [change for change in _sections(old, new, {"templates": "text"}) if change.path not in own]
    for key in ("metadata", "applies_to", "review"):
        if old["runbook"].get(key) != new["runbook"].get(key):
            changes += _fields(key.replace("_", " "), key, old["runbook"].get(key), new["runbook"].get(key))
    same = before.digest == after.digest
    if not same and not changes:
        changes.append(Change("moved", "plan", "plan", "entries in another order; nothing else is different"))
    return Comparison(
        before=_name(before),
        after=_name(after),
        same=same,
        kept=sum(_same(steps_before[id_], steps_after[id_]) for id_ in steps_before if id_ in steps_after),
        changes=list(changes),
    )


@dataclass(frozen=True)
class _Placed:
    step: dict[str, Any]
    where: str
    verb: str
    title: str


def _placed(runbook: Runbook) -> Iterator[tuple[str, _Placed]]:
    for phase in runbook.phases:
        yield from _below(phase.steps, f"phase {phase.id}")
    for handler in runbook.handlers:
        yield from _below(handler.steps, f"whenever {handler.event}")
    yield from _below(runbook.finally_, "the very end")


def _below(steps: list[Step], where: str) -> Iterator[tuple[str, _Placed]]:
    for step in steps:
        data = step.model_dump(mode="json", by_alias=True, exclude_unset=True)
        title = step.name or step.decide or step.id.replace("_", " ")
        own = {key: value for key, value in data.items() if key not in NESTED}
        for key in ("for_each", "repeat"):
            if isinstance(own.get(key), dict):
                own[key] = {name: value for name, value in own[key].items() if name != "steps"}
        for key in ("on_timeout", "on_error"):
            if isinstance(own.get(key), list):
                own[key] = "steps"
        if step.choose:
            own["choose"] = [branch.when for branch in step.choose]
        for key, names in (("parallel", step.parallel), ("outcomes", step.outcomes)):
            if names is not None:
                own[key] = sorted(names)
        yield step.id, _Placed(own, where, step.verb, title)
        for slot, _, nested in nested_lists(step):
            yield from _below(nested, f"{step.id}, {slot}")


def _same(one: _Placed, other: _Placed) -> bool:
    return one.step == other.step and one.where == other.where


def _steps(old: Mapping[str, _Placed], new: Mapping[str, _Placed]) -> Iterator[Change]:
    for id_, placed in old.items():
        path = f"steps.{id_}"
        if id_ not in new:
            text = f"{placed.verb} {id_} ({placed.title}), from {placed.where}"
            yield Change("removed", "step", path, text, before=placed.step)
            continue
        there = new[id_]
        if there.where != placed.where:
            text = f"{id_}, from {placed.where} to {there.where}"
            yield Change("moved", "step", path, text, before=placed.where, after=there.where)
        if there.step != placed.step:
            yield from _fields(id_, path, placed.step, there.step)
    for id_, placed in new.items():
        if id_ not in old:
            text = f"{placed.verb} {id_} ({placed.title}), in {placed.where}"
            yield Change("added", "step", f"steps.{id_}", text, after=placed.step)


def _orders(old: Mapping[str, _Placed], new: Mapping[str, _Placed]) -> Iterator[Change]:
    """Places whose steps are the same ones in another order."""
    for where in dict.fromkeys(placed.where for placed in new.values()):
        before = [
            id_ for id_, placed in old.items() if placed.where == where and id_ in new and new[id_].where == where
        ]
        after = [id_ for id_, placed in new.items() if placed.where == where and id_ in before]
        if before != after:
            text = f"steps of {where}, now in the order {', '.join(after)}"
            yield Change("moved", "step", where, text, before=before, after=after)


def _phases(old: Runbook, new: Runbook) -> Iterator[Change]:
    before, after = {phase.id: phase for phase in old.phases}, {phase.id: phase for phase in new.phases}
    for id_ in sorted(before.keys() - after.keys()):
        yield Change("removed", "phase", f"phases.{id_}", f"phase {id_}", before=before[id_].name or id_)
    for id_ in sorted(after.keys() - before.keys()):
        yield Change("added", "phase", f"phases.{id_}", f"phase {id_}", after=after[id_].name or id_)
    for id_, phase in before.items():
        if id_ in after:
            one = {"until": phase.until, "name": phase.name, "doc": phase.doc}
            other = {"until": after[id_].until, "name": after[id_].name, "doc": after[id_].doc}
            yield from _fields(f"phase {id_}", f"phases.{id_}", one, other)
    orders = [id_ for id_ in before if id_ in after], [id_ for id_ in after if id_ in before]
    if orders[0] != orders[1]:
        text = f"phases, now in the order {', '.join(after)}"
        yield Change("moved", "phase", "phases", text, before=orders[0], after=orders[1])


def _sections(old: dict[str, Any], new: dict[str, Any], sections: Mapping[str, str]) -> Iterator[Change]:
    for section, word in sections.items():
        before, after = old.get(section) or {}, new.get(section) or {}
        for name in sorted(before.keys() | after.keys()):
            path, one, other = f"{section}.{name}", before.get(name), after.get(name)
            if one == other:
                continue
            if name not in after:
                yield Change("removed", word, path, f"{word} {name}", before=one)
            elif name not in before:
                yield Change("added", word, path, f"{word} {name}", after=other)
            elif section == "calls":
                yield Change("changed", word, path, f"{word} {name}", before=one, after=other)
            else:
                yield from _fields(f"{word} {name}", path, one, other, voters=section in ("authorities", "groups"))


def _handlers(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    names = [
        [f"{item['event']} {item.get('when', '')}".strip() for item in book.get("handlers", [])] for book in (old, new)
    ]
    for name in names[0]:
        if name not in names[1]:
            yield Change("removed", "handler", f"handlers.{name}", f"handler of {name}")
    for name in names[1]:
        if name not in names[0]:
            yield Change("added", "handler", f"handlers.{name}", f"handler of {name}")


def _fields(thing: str, path: str, old: Any, new: Any, *, voters: bool = False) -> Iterator[Change]:
    """The differing leaves of two values, each with the words for what it is about."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if old.get(key) != new.get(key):
                yield from _fields(thing, f"{path}.{key}", old.get(key), new.get(key), voters=voters)
        return
    if (
        isinstance(old, list)
        and isinstance(new, list)
        and len(old) == len(new)
        and any(isinstance(x, dict) for x in old)
    ):
        for index, (one, other) in enumerate(zip(old, new, strict=True), start=1):
            if one != other:
                yield from _fields(thing, f"{path}[{index}]", one, other, voters=voters)
        return
    if old == new:
        return
    keys = {part.partition("[")[0] for part in path.split(".")}
    what: What = "changed"
    if voters or keys & set(VOTERS):
        what = "changed voters"
    elif keys & set(WAITS):
        what = "changed wait"
    field_name = ".".join(path.split(".")[2:]) or path.rpartition(".")[2]
    yield Change(what, thing, path, f"{thing}: {field_name} {_said(old)} -> {_said(new)}", before=old, after=new)


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 90 else text[:89] + "…"


def _name(plan: Plan) -> str:
    return f"{plan.runbook.metadata.name}@{plan.runbook.metadata.version}"
