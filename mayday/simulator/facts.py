"""What the timeline says about a rehearsal: the questions that a scenario's expectations ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from mayday.domain.timeline import Entry, parse_timestamp
from mayday.language.actions import INTERNAL
from mayday.language.plan import Plan
from mayday.language.runbook import Message, Runbook, Step, all_steps

#: templates that no runbook names: sent for what they are for
_BY_PURPOSE = {"first_post": "first_post", "holding_line": "holding", "_holding": "holding"}


class Sender(NamedTuple):
    """Where a message comes from: the step or cadence of its entry, and the status whose final it is."""

    step: str
    final: str | None = None


class Facts:
    """The entries of a run up to now, with the plan that they come from."""

    def __init__(self, plan: Plan, entries: Sequence[Entry]) -> None:
        self.plan = plan
        self.entries = entries

    def of(self, *kinds: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.kind in kinds)

    def tasks(self, name: str) -> list[Entry]:
        opened = [entry for entry in self.of("task_opened") if name in (entry.data.get("task"), entry.step)]
        return opened + self._taken_over("tasks", name)

    def pages(self, target: str, page: str | None) -> list[Entry]:
        """Pages that reached a target (`schedule.X`, `person.X`) or a person."""
        person = target.removeprefix("person.")
        return [
            entry
            for entry in self.of("paged", "notified")
            if (page is None or page in (entry.data.get("page"), entry.step))
            and (target in entry.data.get("targets", []) or person in entry.data.get("people", []))
            and entry.data.get("people")
        ]

    def decided(self, decision: str) -> list[Entry]:
        return [entry for entry in self.of("gate_decided") if entry.data.get("decision") == decision]

    def is_open(self, decision: str) -> bool:
        """Whether a gate is open now: opened (again) and not decided since."""
        history = [
            entry.kind
            for entry in self.of("gate_opened", "gate_reopened", "gate_decided")
            if entry.data.get("decision") == decision
        ]
        return history[-1] != "gate_decided" if history else bool(self._taken_over("gates", decision))

    def _taken_over(self, what: str, name: str) -> list[Entry]:
        """Mergers that brought it along. What a duplicate calls as we do has its last letters behind it (ADR 0032)."""

        def here(path: str, source: str) -> str:
            last = path.rpartition(".")[2]
            return f"{last}_{source[-6:].lower()}" if last in self._ids else last

        return [
            entry
            for entry in self.of("merged_in")
            if name in [here(path, str(entry.data["source"])) for path in entry.data.get(what, [])]
        ]

    @cached_property
    def _ids(self) -> set[str]:
        return {step.id for step in _steps_of(self.plan.runbook)}

    def actions(self, name: str, inputs: dict[str, Any] | None) -> list[Entry]:
        """Starts of an action (not of its retries), those with at least these inputs."""
        wanted = inputs or {}
        found = (
            (entry, entry.data if name in INTERNAL else entry.data.get("inputs", {})) for entry in self._starts(name)
        )
        return [entry for entry, given in found if all(given.get(key) == value for key, value in wanted.items())]

    def _starts(self, name: str) -> Iterator[Entry]:
        """Where an action started; the walker's own actions show as the change that they made."""
        if name not in INTERNAL:
            return (entry for entry in self.of("action_started") if entry.data.get("action") == name)
        steps = {
            step.id
            for runbook in (self.plan.runbook, *self.plan.calls.values())
            for step in _steps_of(runbook)
            if step.do == name
        }
        changes = self.of("status_changed", "severity_changed", "impact_set")
        return (entry for entry in changes if (entry.step or "").rpartition(".")[2] in steps)

    def sent(self, name: str, audience: str | None = None, text: str | None = None) -> list[Entry]:
        """Messages of a template, a cadence or a step; a holding line counts as sent.

        `update:AUDIENCE` are those that a person wrote.
        """
        senders = [Sender(name)] if name.startswith("update:") else list(self._senders(name))
        purpose = next((purpose for text, purpose in _BY_PURPOSE.items() if name.endswith(text)), None)
        return [
            entry
            for entry in self.of("message_sent")
            if (any(self._is_from(entry, sender) for sender in senders) or entry.data.get("purpose") == purpose)
            and (audience is None or entry.data.get("audience") == audience.removeprefix("audience."))
            and (text is None or text in str(entry.data.get("text", "")))
        ]

    def statuses(self) -> list[Entry]:
        return list(self.of("opened", "status_changed", "reopened"))

    def status_of(self, entry: Entry) -> str:
        """The status from one of `statuses` on: an incident opens as a candidate, or under investigation."""
        if entry.kind == "opened":
            return "candidate" if entry.data.get("declare") == "propose" else "investigating"
        return str(entry.data.get("status", "investigating"))

    def breaches(self, engagement: str) -> list[Entry]:
        return [entry for entry in self.of("vendor_breached") if engagement in (entry.step, entry.data.get("vendor"))]

    def finished(self) -> Entry | None:
        return next(iter(self.of("finished")), None)

    def around(self, moment: datetime, *, within: timedelta = timedelta(minutes=10), most: int = 8) -> list[Entry]:
        """The last entries before a moment, for a failure's message."""
        near = [entry for entry in self.entries if moment - within <= parse_timestamp(entry.at) <= moment]
        return near[-most:]

    def _senders(self, name: str) -> Iterator[Sender]:
        for runbook in (self.plan.runbook, *self.plan.calls.values()):
            for cadence_name, cadence in runbook.cadences.items():
                own = Sender(f"cadence:{cadence_name}")
                if name == cadence_name:
                    yield own
                elif cadence.send.template == name:
                    yield own._replace(final="")
                for status, template in cadence.final.items():
                    if template == name:
                        yield own._replace(final=status)
            for step in _steps_of(runbook):
                if step.id == name or (step.send is not None and _template(step.send) == name):
                    yield Sender(step.id)

    def _is_from(self, entry: Entry, sender: Sender) -> bool:
        step = entry.step or ""
        if sender.step not in (step, step.rpartition(".")[2]):
            return False
        if sender.final is None:
            return True
        is_final = entry.data.get("purpose") == "final"
        return is_final and self._status_at(entry) == sender.final if sender.final else not is_final

    def _status_at(self, entry: Entry) -> str | None:
        before = [other for other in self.statuses() if other.seq < entry.seq]
        return self.status_of(before[-1]) if before else None


def _template(message: Message) -> str | None:
    return message.template


def _steps_of(runbook: Runbook) -> Iterator[Step]:
    for phase in runbook.phases:
        yield from all_steps(phase.steps)
    for handler in runbook.handlers:
        yield from all_steps(handler.steps)
    yield from all_steps(runbook.finally_)
