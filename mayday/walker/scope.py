"""What expressions and templates see: `incident`, `inputs`, `vars`, `roles`, `bridge`, `steps`, `decisions`, `event`.

Built on demand: an expression pays only for the names it uses. A fact nobody has set is None, which the evaluator
reports as unset, so that a person can be asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mayday.domain.ranks import Priority, Severity, Status
from mayday.walker import handlers, people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


class Lazy(Mapping[str, Any]):
    """Known names whose values are made when looked at."""

    def __init__(
        self,
        names: Callable[[], Iterable[str]],
        value: Callable[[str], Any],
        known: Callable[[str], bool] | None = None,
    ) -> None:
        self._names, self._value = names, value
        self._known = known or (lambda name: name in self._names())

    def __getitem__(self, name: str) -> Any:
        if not self._known(name):
            raise KeyError(name)
        return self._value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return sum(1 for _ in self._names())


class Result(Mapping[str, Any]):
    """A step's result: what it does not hold yet is unset rather than unknown."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Scope(Mapping[str, Any]):
    """The names in scope for the step at `path` (None: outside any step)."""

    def __init__(self, w: Walker, path: str | None, extra: dict[str, Any]) -> None:
        self._w, self._path, self._extra = w, path, extra
        self._made: dict[str, Any] = {}
        self._prefix = path.rpartition(".")[0] if path and "." in path else ""

    def __getitem__(self, name: str) -> Any:
        if name in self._extra:
            return self._extra[name]
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(
            ("incident", "inputs", "vars", "roles", "bridge", "steps", "decisions", "now", *self._items(), *self._extra)
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True

    def _make(self, name: str) -> Any:
        w = self._w
        if name == "incident":
            return Lazy(lambda: _INCIDENT, lambda field: _INCIDENT[field](w))
        if name == "inputs":
            return self._inputs()
        if name == "vars":
            return {**self._vars(), **w.state.variables}
        if name == "roles":
            known = people.unique([*w.plan.runbook.roles, *w.state.roles, *_ROLES])
            return Lazy(lambda: known, lambda role: _person(w, people.holder(w, role)))
        if name == "bridge":
            url, phone = w.bridge()
            return {"url": url, "phone": phone}
        if name == "steps":
            return Lazy(self._ids, self._step, self._is_id)
        if name == "decisions":
            return Lazy(self._ids, self._decision, self._is_id)
        if name == "now":
            return w.now
        if name == "event":
            found = handlers.event_of(w, self._path)
            if found is None:
                raise KeyError(name)
            return Result(found)
        items = self._items()
        if name in items:
            return items[name]
        raise KeyError(name)

    def _inputs(self) -> dict[str, Any]:
        """The runbook's inputs, or inside a `call` what the calling step hands over."""
        state = self._w.state
        for outer in self._outer():
            called = state.steps.get(outer)
            if called is not None and called.verb == "call":
                return dict(called.result)
        return dict(state.inputs)

    def _vars(self) -> dict[str, Any]:
        """What the runbooks around the step begin with, a called one's before its caller's; what `set` says is one."""
        found = dict(self._w.plan.runbook.vars)
        if self._w.start.edition >= 3 and self._prefix:
            for outer in reversed(self._outer()):
                step = self._w.state.steps.get(outer)
                called = self._w.plan.calls.get(self._w.step(outer).call or "") if step is not None else None
                if called is not None:
                    found.update(called.vars)
        return found

    def _outer(self) -> list[str]:
        """Paths of the enclosing prefixed steps, innermost first, without their round numbers."""
        found, rest = [], self._prefix
        while rest:
            outer, _, last = rest.rpartition(".")
            bare = last.partition("[")[0]
            found.append(f"{outer}.{bare}" if outer else bare)
            rest = outer
        return found

    def _items(self) -> dict[str, Any]:
        """The names of enclosing `for_each` steps with their items."""
        names: dict[str, Any] = {}
        rest = self._prefix
        while rest:
            outer, _, last = rest.rpartition(".")
            bare, bracket, number = last.partition("[")
            step = self._w.state.steps.get(f"{outer}.{bare}" if outer else bare)
            if bracket and step is not None and step.verb == "for_each" and step.items is not None:
                definition = self._w.step(step.path).for_each
                if definition is not None:
                    names.setdefault(definition.as_, step.items[int(number.rstrip("]")) - 1])
            rest = outer
        return names

    def _ids(self) -> list[str]:
        return [
            *self._w.definitions.root,
            *self._w.definitions.ad_hoc(),
            *(path.rpartition(".")[2] for path in self._w.state.steps),
        ]

    def _is_id(self, name: str) -> bool:
        """Whether `name` is among `_ids`."""
        known = self._w.definitions
        return (
            name in known.root
            or name in known.ad_hoc()
            or any(path.rpartition(".")[2] == name for path in self._w.state.steps)
        )

    def _lookup(self, name: str) -> str:
        """The path of a step id as seen from here: the nearest enclosing round first."""
        prefix = self._prefix
        while prefix:
            if f"{prefix}.{name}" in self._w.state.steps or f"{prefix}.{name}" in self._w.state.gates:
                return f"{prefix}.{name}"
            prefix = prefix.rpartition(".")[0]
        return name

    def _step(self, name: str) -> dict[str, Any]:
        step = self._w.state.steps.get(self._lookup(name))
        if step is None:
            return {"status": "pending", "result": Result({})}
        return {"status": step.status, "result": Result(step.result)}

    def _decision(self, name: str) -> Result:
        gate = self._w.state.gates.get(self._lookup(name))
        if gate is None:
            return Result({})
        return Result(
            {
                "outcome": gate.outcome,
                "reason": gate.reason,
                "ref": gate.ref,
                "digest": gate.digest,
                "approvals": sum(1 for ballot in gate.ballots.values() if ballot.choice == "approve"),
            }
        )


_ROLES = ("incident_commander", "deputy", "scribe", "operations_lead", "tech_lead", "comms_lead", "customer_liaison")


def _person(w: Walker, person: str | None) -> str | None:
    return people.name_of(w, person) if person else None


def _service_name(w: Walker) -> str:
    """What people outside call the service; its id where the catalog has no name for it."""
    known = w.plan.services.get(w.state.service)
    return known.name if known is not None and known.name else w.state.service


def priority(w: Walker) -> str:
    """Set by hand, else the severity's default."""
    policy = w.plan.severities.get(w.state.severity)
    return w.state.priority or (policy.priority if policy else "P3")


_INCIDENT: dict[str, Callable[[Any], Any]] = {
    "id": lambda w: w.state.id,
    "title": lambda w: w.state.title,
    "summary": lambda w: w.state.summary or None,
    "service": lambda w: w.state.service,
    "service_name": lambda w: _service_name(w),
    "services": lambda w: w.state.services,
    "severity": lambda w: Severity(w.state.severity),
    "priority": lambda w: Priority(priority(w)),
    "status": lambda w: Status(w.state.status),
    "status_since": lambda w: w.state.status_at,
    "opened_at": lambda w: w.state.opened_at,
    "declared_at": lambda w: w.state.declared_at,
    "impact_started_at": lambda w: w.state.impact_started_at,
    "impact_ended_at": lambda w: w.state.impact_ended_at,
    "resolved_at": lambda w: w.state.resolved_at,
    "customers_affected": lambda w: w.state.customers_affected,
    "commander": lambda w: _person(w, people.own_holder(w, people.COMMANDER)),
    "responders": lambda w: list(w.state.responders),
    "declared_by": lambda w: w.state.declared_by,
    "ticket": lambda w: w.state.ticket,
    "channel": lambda w: w.state.chat_channel,
    "problem": lambda w: w.state.problem,
    "alerts": lambda w: w.state.alerts.seen,
    "drill": lambda w: w.start.drill,
    "url": lambda w: f"{w.start.base_url}/incidents/{w.state.id}" if w.start.base_url else None,
}
