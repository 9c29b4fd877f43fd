"""Level 5: everything that waits or goes round has an end, and every step can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from mayday.language.checks.layout import Layout, Placed
from mayday.language.documents import Document
from mayday.language.findings import Finding, define
from mayday.language.runbook import EscalationPolicy, Runbook

__all__ = ["ending_findings"]

ENDLESS = define(
    "F520",
    "wait or loop without an end",
    "`wait: { until }` and `wait: { event }` have a `timeout` and an `on_timeout`; a `repeat` has an `until` "
    "or a `max`, "
    "and something in it that takes time.",
    wrong='- { id: hold, wait: { until: incident.status >= "mitigated" } }\n',
    right='- { id: hold, wait: { until: incident.status >= "mitigated" }, timeout: 1h, on_timeout: [] }\n',
    frame="steps",
)
NOBODY_LEFT = define(
    "F521",
    "page that ends with nobody",
    "`on_exhausted` says who is woken when nobody of the policy answers.",
    wrong="escalations: { oncall: { levels: [{ notify: schedule.primary, ack_within: 5m }] } }\n",
    right="escalations: { oncall: { levels: [{ notify: schedule.primary, ack_within: 5m }], "
    "on_exhausted: { notify: person.dana } } }\n",
    frame="runbook",
)
UNREACHABLE = define(
    "F530",
    "step that is never reached",
    "It stands after an `end`, behind a condition that never holds, or in an `on_timeout` of a step without `timeout`.",
    wrong="- { id: leave, end: phase }\n- { id: after, log: hello }\n",
    right="- { id: before, log: hello }\n- { id: leave, end: phase }\n",
    frame="steps",
)
JOIN = define(
    "F531",
    "more branches to wait for than there are",
    "`join` says how many branches of a `parallel` have to end: `all`, `any`, or a number of them.",
    wrong="- { id: both, parallel: { left: [{ id: a, log: x }], right: [{ id: b, log: x }] }, join: 3 }\n",
    right="- { id: both, parallel: { left: [{ id: a, log: x }], right: [{ id: b, log: x }] }, join: 2 }\n",
    frame="steps",
)
NO_DUE = define(
    "F542",
    "question without a deadline",
    "An `ask` says by when (`due`) and who hears of it when nobody answered (`on_overdue`).",
    wrong='- { id: stable, ask: { to: role.deputy, question: "Stable?", fields: { ok: { type: boolean } } } }\n',
    right='- { id: stable, ask: { to: role.deputy, question: "Stable?", fields: { ok: { type: boolean } }, due: 10m, '
    "on_overdue: { notify: role.deputy } } }\n",
    frame="steps",
)


def ending_findings(runbook: Runbook, layout: Layout, document: Document) -> Iterator[Finding]:
    """Waits, loops, pages, questions, and steps behind an end."""
    for name, policy in runbook.escalations.items():
        yield from _policy(name, policy, document)
    for placed in layout.steps:
        yield from _wait(placed, document)
        yield from _repeat(placed, layout, document)
        yield from _ask(placed, document)
        yield from _unreachable(placed, document)


def _policy(name: str, policy: EscalationPolicy, document: Document) -> Iterator[Finding]:
    if policy.on_exhausted is None:
        message = f"when nobody of `{name}` answers, nobody is woken"
        yield document.find(NOBODY_LEFT, ("escalations", name), message, "write on_exhausted: { notify: person.X }")


def _wait(placed: Placed, document: Document) -> Iterator[Finding]:
    wait = placed.step.wait
    if wait is None or wait.for_ is not None:
        return
    missing = [
        key
        for key, value in (("timeout", placed.step.timeout), ("on_timeout", placed.step.on_timeout))
        if value is None
    ]
    if missing:
        message = (
            f"`{placed.id}` may wait for ever" if "timeout" in missing else f"`{placed.id}` does not say what follows"
        )
        yield document.find(ENDLESS, placed.path, message, f"write {' and '.join(missing)}")


def _repeat(placed: Placed, layout: Layout, document: Document) -> Iterator[Finding]:
    loop = placed.step.repeat
    if loop is None:
        return
    if loop.until is None and loop.max is None:
        message = f"`{placed.id}` goes round for ever"
        yield document.find(ENDLESS, (*placed.path, "repeat"), message, "write until: or max:")
    elif loop.max is None and loop.every is None and not any(_takes_time(inner) for inner in layout.inside(placed)):
        message = f"`{placed.id}` goes round without pause until it holds"
        yield document.find(ENDLESS, (*placed.path, "repeat"), message, "write every: or max:")


def _takes_time(placed: Placed) -> bool:
    return placed.step.verb in ("wait", "ask", "task", "decide", "page") and not placed.step.background


def _ask(placed: Placed, document: Document) -> Iterator[Finding]:
    form = placed.step.ask
    if form is None:
        return
    missing = [key for key, value in (("due", form.due), ("on_overdue", form.on_overdue)) if value is None]
    if missing:
        message = f"nobody notices when `{placed.id}` is not answered"
        yield document.find(NO_DUE, (*placed.path, "ask"), message, f"write {' and '.join(missing)}")


def _unreachable(placed: Placed, document: Document) -> Iterator[Finding]:
    step = placed.step
    if step.when is not None and step.when.strip().lower() == "false":
        yield document.find(UNREACHABLE, (*placed.path, "when"), f"`{placed.id}` is never walked", "delete it")
    if step.on_timeout and step.timeout is None:
        message = f"`{placed.id}` has no `timeout`, so its `on_timeout` is never reached"
        yield document.find(UNREACHABLE, (*placed.path, "on_timeout"), message, "write timeout:", key=True)
    for index, branch in enumerate(step.choose or []):
        last = index == len(step.choose or []) - 1
        if branch.when.strip().lower() == "false":
            yield document.find(UNREACHABLE, (*placed.path, "choose", index), "this branch is never taken", "delete it")
        elif branch.when.strip().lower() == "true" and not (last and step.else_ is None):
            message = "this branch is always taken, and what follows it never"
            yield document.find(UNREACHABLE, (*placed.path, "choose", index), message, "write it as `else`")
    branches = len(step.parallel or {})
    if isinstance(step.join, int) and not 1 <= step.join <= branches:
        message = f"`{placed.id}` has {branches} branches, and waits for {step.join}"
        yield document.find(JOIN, (*placed.path, "join"), message, "write join: all, any, or a number of them")
    if step.end is not None and step.when is None:
        yield from _after_end(placed, document)


def _after_end(placed: Placed, document: Document) -> Iterator[Finding]:
    """What stands in the same list after an `end` that is always walked."""
    following = (*placed.path[:-1], placed.index + 1)
    if following in document.marks:
        message = f"nothing is reached after `{placed.id}`"
        yield document.find(UNREACHABLE, following, message, "move it before the `end`")
