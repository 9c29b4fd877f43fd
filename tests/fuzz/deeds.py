"""From a deed of chance to a command: what is there when its time comes is what people act on, rightly or wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from mayday.domain.commands import COMMAND, Command
from mayday.domain.incident import AlertEvent
from mayday.walker import ballots, declining, ladders, people
from mayday.walker.state import Gate, Ladder, RoleState, TaskState
from mayday.walker.walker import Walker
from tests.fuzz.words import PEOPLE, Body

T = TypeVar("T")

AUDIENCES = ("technical", "executives", "customers", "stakeholders", "nobody")
EVENTS = ("deploy", "failed_over", "coffee", "severity.changed")
ANSWERS: dict[str, Sequence[Any]] = {
    "boolean": (True, False, "yes"),
    "integer": (7, 0, 1.5),
    "number": (2, 0.5, "x"),
    "string": ("fine", "", 3),
    "datetime": ("2026-03-02T02:20:00Z", "2026-03-02T02:30:00+01:00", "today"),
    "list": (["a"], [], "a"),
    "person": ("raj", "nobody", 1),
    "object": ({}, {"a": 1.25}, "x"),
}
ADDED: tuple[Body, ...] = (
    {
        "id": "extra_task",
        "task": {"to": "person.raj", "text": "Look", "due": "10m", "fields": {"ok": {"type": "boolean"}}},
    },
    {"page": "schedule.payments_secondary", "message": "help with {{ incident.title }}"},
    {
        "decide": "Go?",
        "voters": {"from": ["person.sam", "person.kim"]},
        "timeout": "20m",
        "outcomes": {"approved": [{"id": "went", "log": "gone"}], "rejected": []},
    },
    {"engage": "vendor.dns_co", "with": {"priority": "P1"}},
    {"send": {"text": "{{ incident.title }}", "to": "audience.technical"}},
    {"id": "extra_wait", "wait": {"for": "10m"}, "timeout": "5m", "on_timeout": [{"id": "waited", "log": "over"}]},
    {
        "steps": [
            {"id": "in_one", "log": "{{ incident.status }}"},
            {"id": "in_two", "do": "bridge.open", "with": {"name": "x"}},
        ]
    },
    {"repeat": {"max": 3, "every": "5m"}, "steps": [{"id": "again", "log": "{{ now | time }}"}]},
    {"id": "s1", "log": "taken"},
    {"do": "change.execute", "with": {"change": "CHG-9"}},
    {"do": "no.such"},
    {},
)


def alert_of(deed: Body, number: int, at: datetime) -> AlertEvent:
    """An alert; one that comes `again` has an id that was seen before."""
    name, state = deed["key"], deed["state"]
    return AlertEvent(
        source="alertmanager",
        dedupe_key=f"{name}/{state}/{'' if deed['again'] else number}",
        alert_key=name,
        state=state,
        title=f"{name} {state}",
        labels={"service": "checkout"},
        received_at=at,
    )


class Deeds:
    """Makes commands for the incident as it stands."""

    def __init__(self, walker: Walker, deed: Body, number: int, at: datetime) -> None:
        self.w, self.deed, self.number, self.at = walker, deed, number, at
        self.apt: bool = deed["apt"]

    def command(self) -> Command:
        kind = self.deed["command"]
        fields: Body = getattr(self, f"_{kind}")()
        body = {"kind": kind, **fields, "id": f"deed-{self.number}", "received_at": self.at}
        body.setdefault("actor", self._leader())
        return COMMAND.validate_python(body)

    def _answer(self) -> Body:
        """Whoever is asked something answers it: a page, a role, a question, a task, a candidate, a vendor's case."""
        state = self.w.state
        open_now = [
            *("candidate" for _ in range(state.status == "candidate")),
            *("vote" for gate in state.gates.values() if gate.outcome is None for _ in range(3)),
            *("complete" for task in state.tasks.values() if task.done_at is None),
            *("ack" for ladder in state.ladders.values() if self._open(ladder)),
            *("accept" for role in state.roles.values() if role.offer is not None),
            *("decline" for ladder in state.ladders.values() if self._open(ladder) and self.deed["how"] % 3 == 0),
            *("vendor_reply" for case in state.engagements.values() if not case.ended),
        ]
        self.apt, kind = True, self._one(open_now) or "note"
        return {"kind": kind, **getattr(self, f"_{kind}")()}

    # choosing -------------------------------------------------------------------------------------------------

    def _one(self, options: Sequence[T], by: str = "what") -> T | None:
        return options[self.deed[by] % len(options)] if options else None

    def _who(self, apt: Sequence[str]) -> str:
        """Somebody who may, where there is one and the deed is apt; else anybody."""
        known = [person for person in people.unique(apt) if person]
        chosen = self._one(known, "who") if self.apt else None
        return chosen or PEOPLE[self.deed["who"] % len(PEOPLE)]

    def _leader(self) -> str:
        roles = (people.COMMANDER, people.DEPUTY)
        held = [person for role in roles if (person := people.own_holder(self.w, role))]
        return self._who(held or [*held, people.OWNER])

    def _text(self, what: str) -> str:
        return f"{what} {self.number}" if self.deed["how"] % 9 else " "

    # commands -------------------------------------------------------------------------------------------------

    def _ack(self) -> Body:
        state = self.w.state
        pages = [*(ladder.path for ladder in state.ladders.values() if self._open(ladder)), *state.ladders]
        others = [*state.gates, *state.tasks, *(f"role:{role}" for role in state.roles), "s1", "nothing"]
        page = self._one(pages if pages and self.apt else [*pages, *others]) or "nothing"
        ladder = state.ladders.get(page)
        may = [person for person in PEOPLE if ladder and person in ladders.answerers(self.w, ladder)]
        return {"page": page, "joined": (None, True, False)[self.deed["how"] % 3], "actor": self._who(may)}

    def _open(self, ladder: Any) -> bool:
        return ladder.acked_by is None and not ladder.closed

    def _accept(self) -> Body:
        offers = [role for role in self.w.state.roles.values() if role.offer is not None]
        tasks = [task for task in self.w.state.tasks.values() if task.done_at is None]
        targets = [*(f"role:{role.role}" for role in offers), *(task.id for task in tasks), "tech_lead"]
        target = self._one(targets) or ""
        offered = [
            person
            for role in offers
            if target == f"role:{role.role}"
            for person in (role.offer.people if role.offer else [])
        ]
        mine = [person for task in tasks if task.id == target for person in people.people_of(self.w, task.to or "")]
        return {"target": target, "actor": self._who([*offered, *mine])}

    def _vote(self) -> Body:
        gates = list(self.w.state.gates.values())
        open_ones = [gate for gate in gates if gate.outcome is None]
        gate = self._one(open_ones if open_ones and self.apt else gates)
        if gate is None:
            return {"decision": "s1", "choice": "approve", "actor": self._who([])}
        how = self.deed["how"]
        choices = [*(gate.options or ["approve", "approve", "reject"]), "abstain"]
        choice = choices[how % len(choices)]
        voters = self._voters(gate)
        if gate.break_by and how % 5 == 4:
            return {
                "decision": gate.path,
                "choice": "break_glass",
                "reason": "it burns",
                "actor": self._who([*gate.break_by, *gate.break_second]),
            }
        if gate.verbal and how % 5 == 3:
            voter = self._who(voters)
            return {
                "decision": gate.path,
                "choice": choice,
                "on_behalf_of": voter,
                "heard_by": self._one(PEOPLE),
                "actor": PEOPLE[how % len(PEOPLE)],
            }
        return {"decision": gate.path, "choice": choice, "reason": self._text("because"), "actor": self._who(voters)}

    def _voters(self, gate: Gate) -> list[str]:
        silent = ballots.silent(self.w, gate)
        delegates = [found for person in gate.seats if (found := people.delegate_of(self.w, person, gate.path))]
        return [*silent, *(delegates if self.deed["how"] % 4 == 0 else [])] or gate.seats

    def _complete(self) -> Body:
        every = list(self.w.state.tasks.values())
        task = self._one([task for task in every if task.done_at is None] or every)
        if task is None:
            return {"task": "s1", "actor": self._who([])}
        leaders = [person for role in (people.COMMANDER, people.DEPUTY) if (person := people.own_holder(self.w, role))]
        may = [person for person in [*people.people_of(self.w, task.to or ""), *leaders] if person not in task.by_not]
        return {"task": task.id, "result": self.result(task), "actor": self._who(may)}

    def result(self, task: TaskState) -> Body:
        made: Body = {}
        for place, (name, spec) in enumerate(task.fields.items()):
            values = ANSWERS.get(str(spec.get("type", "string")), ("x",))
            made[name] = values[(self.deed["how"] // (place + 1)) % (2 if self.apt else len(values))]
            if spec.get("enum"):
                made[name] = spec["enum"][self.deed["how"] % len(spec["enum"])]
        return made

    def _decline(self) -> Body:
        """Mostly of whom something asks; sometimes of anybody, or of what nobody can decline."""
        state = self.w.state
        asked: list[RoleState | Ladder] = [role for role in state.roles.values() if role.offer is not None]
        asked += [ladder for ladder in state.ladders.values() if self._open(ladder)]
        thing = self._one(asked)
        if thing is None:
            other = self._one([*state.gates, *state.tasks, "role:deputy", "nothing"]) or "s1"
            return {"target": other, "reason": self._text("no time"), "actor": self._who([])}
        target = f"role:{thing.role}" if isinstance(thing, RoleState) else thing.path
        may = declining.decliners(self.w, thing)
        return {"target": target, "reason": self._text("no time"), "actor": self._who(may)}

    def _update(self) -> Body:
        return {"audience": self._one(AUDIENCES), "text": self._text("update"), "actor": self._who([])}

    def _correct(self) -> Body:
        numbers = [sent.n for sent in self.w.state.sent if sent.delivered] or [0]
        return {"n": self._one(numbers), "text": self._text("correction"), "actor": self._who([])}

    def _note(self) -> Body:
        return {
            "text": self._text("note"),
            "actor": self._who([]),
            "occurred_at": self.at if self.deed["how"] % 2 else None,
        }

    def _severity(self) -> Body:
        return {"severity": self._one(["SEV1", "SEV2", "SEV3", "SEV4", "SEV9"]), "reason": "so it is"}

    def _status(self) -> Body:
        words = ["identified", "mitigated", "investigating", "mitigated", "resolved", "cancelled", "closed"]
        return {"status": words[self.deed["what"] % (4 if self.deed["how"] % 3 else len(words))], "reason": "so it is"}

    def _role(self) -> Body:
        roles = [*self.w.state.roles, "tech_lead", "comms_lead", "incident_commander", "cook"]
        return {"role": self._one(roles), "person": PEOPLE[self.deed["how"] % len(PEOPLE)]}

    def _event(self) -> Body:
        return {"name": self._one(EVENTS), "data": {"n": self.number, "x": 0.5}, "actor": self._who([])}

    def _add_step(self) -> Body:
        return {"step": dict(ADDED[self.deed["what"] % len(ADDED)])}

    def _candidate(self) -> Body:
        return {"accept": self.deed["how"] % 4 != 3, "reason": "as we see it", "actor": self._who(["ana", "dee"])}

    def _reopen(self) -> Body:
        return {"reason": "it is back"}

    def _delegate(self) -> Body:
        gates = [gate for gate in self.w.state.gates.values() if gate.outcome is None]
        gate = self._one(gates)
        decision = gate.path if gate and self.deed["how"] % 2 else None
        to = PEOPLE[self.deed["how"] % len(PEOPLE)]
        return {"to": to, "decision": decision, "actor": self._who(gate.seats if gate else [])}

    def _hold_outward(self) -> Body:
        return {"on": self.deed["how"] % 2 == 0, "reason": "wait"}

    def _impact(self) -> Body:
        values = (
            {"customers_affected": 4000},
            {"customers_affected": 0},
            {"ended_at": self.at},
            {"started_at": self.at},
            {},
        )
        return {**values[self.deed["what"] % len(values)], "actor": self._who([])}

    def _vendor_reply(self) -> Body:
        replies = ("reply", "eta", "downgrade", "waiting_on_us", "resumed", "resolved")
        cases = [case.path for case in self.w.state.engagements.values() if not case.ended or not self.apt]
        return {
            "step": self._one(cases) or "s1",
            "reply": replies[self.deed["how"] % 6],
            "text": "they say",
            "actor": self._who([]),
        }

    def _override(self) -> Body:
        state, how = self.w.state, self.deed["how"]
        live = [step.path for step in state.steps.values() if not step.over]
        phases = self.w.plan.runbook.phases
        here = [f"phase:{phases[state.phase].id}"] if 0 <= state.phase < len(phases) else []
        places = [*live, *(f"cadence:{name}" for name in state.cadences), *here]
        if not self.apt:
            places = [*state.steps, *self.w.definitions.root, *state.tasks, "phase:none", "s99", "cadence:none"]
        step = self._one(places) or "s1"
        actions: Sequence[str] = ("skip", "retry", "complete", "cancel", "reassign")
        if step.startswith("cadence:"):
            actions = ("pause", "resume")
        elif step.startswith("phase:"):
            actions = ("end_phase",)
        result = {"number": "MI-1", "url": "https://x.example"} if how % 2 else None
        return {
            "step": step,
            "action": actions[how % len(actions)],
            "reason": self._text("by hand"),
            "to": PEOPLE[how % len(PEOPLE)],
            "result": result,
        }
