"""What commander and deputy may overrule, as the form lists it: steps, cadences and the phase, with how they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mayday.domain.incident import Board
from mayday.domain.timeline import Entry
from mayday.language.plan import Plan
from mayday.language.runbook import Step, all_steps
from starter.console.sheets import spoken

__all__ = ["Overridable", "overridable"]

_ENDED = {
    "step_skipped": "skipped", "step_failed": "failed", "step_cancelled": "cancelled", "step_timed_out": "timed out",
    "action_finished": "done", "task_completed": "done", "gate_decided": "decided", "acknowledged": "acknowledged",
    "vendor_closed": "closed",
}  # fmt: skip
_NOT_STEPS = ("role", "candidate", "confirm", "review")


class Overridable(NamedTuple):
    """`name` is what an override names, `stands` what it is now."""

    name: str
    stands: str


def overridable(plan: Plan | None, board: Board | None, entries: list[Entry]) -> list[Overridable]:
    """What waits comes first, then phase and cadences, then what was, then what has not begun."""
    if board is None:
        return []
    found: dict[str, str] = {}
    for item in board.pending:
        if item.kind == "cadence":
            continue
        if item.kind not in _NOT_STEPS:
            found[item.id] = f"{item.kind}, waits now"
    if board.phase:
        found[f"phase:{board.phase}"] = "the phase of now"
    found |= {f"cadence:{name}": stands for name, stands in _cadences(entries).items()}
    begun: dict[str, str] = {}
    for entry in entries:
        if entry.step and ":" not in entry.step:
            begun[entry.step] = _ENDED.get(entry.kind) or begun.get(entry.step) or "begun"
    for name, stands in {**dict(reversed(begun.items())), **dict.fromkeys(_ids(plan), "not begun")}.items():
        found.setdefault(name, begun.get(name, stands))
    return [Overridable(name, stands) for name, stands in found.items()]


def _cadences(entries: list[Entry]) -> dict[str, str]:
    words = {
        "cadence_started": "runs",
        "cadence_resumed": "runs",
        "cadence_changed": "runs",
        "cadence_paused": "paused",
    }
    found: dict[str, str] = {}
    for entry in entries:
        name = str(entry.data.get("cadence", ""))
        if entry.kind in words:
            found[name] = f"{spoken(name)}, {words[entry.kind]}"
        elif entry.kind == "cadence_stopped":
            found.pop(name, None)
    return found


def _ids(plan: Plan | None) -> Iterable[str]:
    """Steps whose path is their id alone: not those of calls and of rounds, which have one only once they began."""
    for phase in plan.runbook.phases if plan is not None else ():
        yield from _plain(phase.steps)


def _plain(steps: list[Step]) -> Iterable[str]:
    for step in steps:
        yield step.id
        if step.for_each is None and step.repeat is None:
            for _, nested in step.children():
                yield from (each.id for each in all_steps(nested))
