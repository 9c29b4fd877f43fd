"""Runbook adherence: each step of the pinned plan, and what became of it: in time, late, skipped, overridden, or not.

A step is judged by its own entries. Blocks (`parallel`, `choose`, ...) and waits leave none and are not judged; the
steps in them are, and so are the steps of a runbook that is called, under the step that calls it. A step of a branch
that was not taken was not called for, which is no lapse.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mayday.domain.plain_words import plain_condition, spoken
from mayday.domain.report.model import StepFact, StepState
from mayday.domain.report.reading import at, of, seconds, text
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import ACTIONS, NAMELESS, thing

BLOCKS = frozenset({"wait", "choose", "parallel", "for_each", "repeat", "steps", "end"})
VERBS = (
    "do", "send", "page", "engage", "decide", "ask", "task", "wait", "choose", "parallel", "for_each", "repeat",
    "call", "set_cadence", "set", "log", "end",
)  # fmt: skip
#: entries that say that a step was late, or that somebody else had to be asked
LATE = frozenset(
    {
        "page_escalated", "page_exhausted", "not_joined", "task_overdue", "gate_escalated", "vendor_breached",
        "step_timed_out",
    }
)  # fmt: skip
#: actions on the incident itself that write nothing where it is as they want it
SILENT = frozenset({"incident.set_status", "incident.set_severity"})
FILLED_IN = re.compile(r"\{\{.*?\}\}", re.DOTALL)
#: calls in calls: the checks of a runbook refuse one that comes back to itself
DEEPEST = 10
#: overrides that take a step out of the runbook's hands
TAKEN = ("skip", "complete", "cancel", "retry", "reassign", "end_phase")


class PlannedStep(NamedTuple):
    """A step of the plan. `branch` is what had to happen for it to be walked; empty on the main way."""

    path: str
    phase: str
    verb: str
    what: str
    branch: str


def planned_steps(plan: Mapping[str, Any]) -> list[PlannedStep]:
    """All steps of a plan that leave entries, in the order of the file: phases, handlers, finally."""
    runbook: Mapping[str, Any] = plan.get("runbook") or {}
    called = plan.get("calls") or {}
    found: list[PlannedStep] = []
    for phase in runbook.get("phases", []):
        found += _steps(phase.get("steps", []), _Place(text(phase.get("id")), called))
    for handler in runbook.get("handlers", []):
        place = _Place("handlers", called, branch=f"event {text(handler.get('event'))}")
        found += _steps(handler.get("steps", []), place)
    found += _steps(runbook.get("finally", []), _Place("finally", called))
    return found


def adherence(plan: Mapping[str, Any], entries: Sequence[Entry]) -> list[StepFact]:
    """What became of each step; steps that people added come last."""
    planned = planned_steps(plan)
    calls = {step.path for step in planned if step.verb == "call"}
    own: dict[str, list[Entry]] = {}
    for entry in entries:
        path = entry.step or ""
        if entry.kind == "cadence_changed" and text(entry.data.get("reason")).startswith("step "):
            path = text(entry.data["reason"]).removeprefix("step ")
        if path:
            own.setdefault(_own_path(path, calls), []).append(entry)
    left = {text(entry.data.get("phase")): text(entry.data.get("reason")) for entry in of(entries, "phase_left")}
    skipped = {text(entry.data.get("phase")): text(entry.data.get("reason")) for entry in of(entries, "phase_skipped")}
    entered = {text(entry.data.get("phase")) for entry in of(entries, "phase_entered")}
    facts = [
        _judged(step, own[step.path]) if step.path in own else _without_trace(step, entered, left, skipped)
        for step in planned
        if step.verb not in BLOCKS or _told(own.get(step.path, ()))
    ]
    known = {step.path for step in planned}
    for entry in of(entries, "step_added"):
        path = _own_path(entry.step or "", calls)
        if path not in known:
            known.add(path)
            added = PlannedStep(path, "by hand", text(entry.data.get("verb")), text(entry.data.get("verb")), "")
            fact = _judged(added, own.get(path, [entry]))
            fact.note = "; ".join(part for part in (f"added by {entry.by}", fact.note) if part)
            facts.append(fact)
    return facts


def _own_path(path: str, calls: Container[str]) -> str:
    """`loop[2].ask` is the step `ask`, and in a called runbook `moves.loop[2].ask` is `moves.ask`."""
    *outer, last = path.split(".")
    prefix = ""
    for part in outer:
        name = f"{prefix}{part.partition('[')[0]}"
        if name in calls:
            prefix = f"{name}."
    return f"{prefix}{last}"


def _told(entries: Iterable[Entry]) -> bool:
    """Whether something was decided about a block itself."""
    return any(entry.kind in ("step_skipped", "overridden", "step_timed_out", "step_failed") for entry in entries)


def _judged(step: PlannedStep, entries: Sequence[Entry]) -> StepFact:
    began, ended = at(entries[0]), at(entries[-1])
    how, note = _verdict(entries)
    return StepFact(
        path=step.path, phase=step.phase, what=step.what, how=how, note=note, began_at=began, ended_at=ended,
        seconds=seconds(began, ended),
    )  # fmt: skip


def _verdict(entries: Sequence[Entry]) -> tuple[StepState, str]:
    """The gravest of what the entries say comes first."""
    for entry in of(entries, "overridden"):
        if entry.data.get("action") in TAKEN:
            reason = text(entry.data.get("reason"))
            return "overridden", f"{entry.by}: {text(entry.data.get('action'))}{f', {reason}' if reason else ''}"
    for entry in entries:
        if entry.kind == "step_skipped":
            return "skipped", text(entry.data.get("reason"))
    failed = [entry for entry in entries if entry.kind in ("step_failed", "send_failed")]
    if failed:
        by_hand = next((entry for entry in of(entries, "task_completed")), None)
        reason = text(failed[-1].data.get("reason"))
        return ("by hand", f"{by_hand.by} did it: {reason}") if by_hand else ("failed", reason)
    lapsed = next((entry for entry in of(entries, "gate_decided") if entry.data.get("outcome") == "lapsed"), None)
    late = [entry for entry in entries if entry.kind in LATE]
    if lapsed is not None:
        return "late", "nobody decided in time"
    if late or any(entry.data.get("late") for entry in of(entries, "task_completed")):
        return "late", late[0].text if late else "done after its time"
    decided = next((entry for entry in of(entries, "gate_decided")), None)
    if decided is not None:  # what follows from it may be cut short: it was decided all the same
        return "in time", text(decided.data.get("outcome")).replace("_", " ")
    cancelled = next((entry for entry in of(entries, "step_cancelled")), None)
    return ("cancelled", cancelled.said("reason")) if cancelled is not None else ("in time", "")


def _without_trace(
    step: PlannedStep, entered: set[str], left: Mapping[str, str], skipped: Mapping[str, str]
) -> StepFact:
    fact = StepFact(path=step.path, phase=step.phase, what=step.what, how="not reached")
    if step.branch:
        fact.how, fact.note = "not called for", step.branch
    elif step.phase in skipped:
        fact.how, fact.note = "skipped", f"its phase: {skipped[step.phase]}"
    elif step.phase not in entered and step.phase not in ("finally", "handlers"):
        fact.note = "its phase was not entered"
    elif step.verb == "set_cadence" or step.what in SILENT:
        fact.how, fact.note = "no trace", "it leaves an entry only where it changes something"
    elif step.phase in left:
        fact.note = f"its phase was left: {left[step.phase]}"
    return fact


# -- the plan, as the canonical JSON that is pinned


class _Place(NamedTuple):
    """Where steps stand: in which phase, which runbooks can be called, under which call, and what had to happen."""

    phase: str
    called: Mapping[str, Any]
    prefix: str = ""
    branch: str = ""


def _steps(steps: Iterable[Mapping[str, Any]], place: _Place) -> Iterator[PlannedStep]:
    for step in steps:
        verb = next((verb for verb in VERBS if step.get(verb) is not None), "steps")
        path = f"{place.prefix}{text(step.get('id'))}"
        yield PlannedStep(path, place.phase, verb, _what(step, verb), place.branch)
        for inside, under in _inside(step, path):
            yield from _steps(inside, place._replace(branch=place.branch or under))
        if verb == "call" and path.count(".") < DEEPEST:
            runbook: Mapping[str, Any] = place.called.get(text(step["call"])) or {}
            under = f"when {plain_condition(text(step['when']))}" if step.get("when") else ""
            for phase in runbook.get("phases", []):
                inner = place._replace(prefix=f"{path}.", branch=place.branch or under)
                yield from _steps(phase.get("steps", []), inner)


def _inside(step: Mapping[str, Any], path: str) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
    """Steps in a step, each list with what has to happen for it."""
    under = f"when {plain_condition(text(step['when']))}" if step.get("when") and "decide" not in step else ""
    yield from ((found, under) for found in (step.get("steps"),) if isinstance(found, list))
    for verb in ("for_each", "repeat"):
        found = step.get(verb)
        if isinstance(found, Mapping) and isinstance(found.get("steps"), list):
            yield found["steps"], under
    for found in (step.get("parallel") or {}).values():
        yield found, under
    for outcome, found in (step.get("outcomes") or {}).items():
        yield found, f"{thing(path, quoted=True)} {spoken(outcome)}"
    for chosen in step.get("choose") or []:
        yield chosen.get("steps", []), f"{thing(path, quoted=True)}: {plain_condition(text(chosen.get('when')))}"
    if isinstance(step.get("else"), list):
        yield step["else"], f"{thing(path, quoted=True)}: else"
    for key, words in (("on_timeout", "timed out"), ("on_error", "failed")):
        if isinstance(step.get(key), list):
            yield step[key], f"{thing(path, quoted=True)} {words}"


def _what(step: Mapping[str, Any], verb: str) -> str:
    """In words; what is filled in only when it is walked is left open."""
    return FILLED_IN.sub("…", _words(step, verb))


def _words(step: Mapping[str, Any], verb: str) -> str:
    value = step.get(verb)
    if step.get("name"):
        return text(step["name"])
    if verb in BLOCKS:
        return verb
    if verb == "send" and isinstance(value, Mapping):
        return f"message to {text(value.get('to'))}"
    if isinstance(value, Mapping):
        return text(value.get("question") or value.get("text") or verb)
    if verb in ("page", "engage", "call", "set_cadence"):
        return f"{verb.replace('_', ' ')} {thing(NAMELESS.of(text(value)))}"
    return ACTIONS.get(text(value), text(value)) if verb == "do" else text(value)
