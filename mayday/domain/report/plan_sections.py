"""Sections of the report that hold plan and timeline against each other: service levels, and runbook adherence."""

from __future__ import annotations

from mayday.domain.plain_words import spoken
from mayday.domain.report.model import PromiseFact, Report, StepFact
from mayday.domain.report.words import length, plain, shortened, table, when
from mayday.domain.timeline_words import Naming, thing

_VERDICTS = {True: "kept", False: "**broken**", None: "-"}
_NEUTRAL = ("in time", "not called for", "no trace")


def promised(report: Report) -> str:
    """What was promised to customers, and of teams to each other."""
    if not report.promises:
        return ""
    lines = ["## Service levels"]
    for kind, title in (("SLA", "To customers (SLA)"), ("OLA", "Of teams to each other (OLA)")):
        facts = [fact for fact in report.promises if fact.kind == kind]
        if facts:
            judged = [fact for fact in facts if fact.kept is not None]
            kept = sum(fact.kept is True for fact in judged)
            head = ("promise", "limit", "took", "verdict", "note")
            lines += ["", f"### {title}: {kept} of {len(judged)} kept", "", table(head, map(_promise, facts))]
    return "\n".join(lines)


def _promise(fact: PromiseFact) -> tuple[str, ...]:
    took = f"{length(fact.took_s)} at most" if fact.name.startswith("Updates") and fact.took_s else length(fact.took_s)
    return (plain(fact.name), length(fact.limit_s), took, _VERDICTS[fact.kept], plain(fact.note) or "-")


def followed(report: Report) -> str:
    """Step by step: late, skipped, overridden. Steps in time stand there too: a list of lapses alone tells half."""
    if not report.steps:
        return "## Runbook adherence\n\nThe pinned plan is not in the records: the steps cannot be held against it."
    counts: dict[str, int] = {}
    for fact in report.steps:
        counts[fact.how] = counts.get(fact.how, 0) + 1
    called = sum(count for how, count in counts.items() if how != "not called for")
    summary = ", ".join(f"{count} {how}" for how, count in sorted(counts.items(), key=lambda item: -item[1]))
    head = ("phase", "step", "what", "began", "took", "how", "why")
    lines = ["## Runbook adherence", "", f"{called} steps were called for. {summary.capitalize()}."]
    return "\n".join([*lines, "", table(head, [_step(fact, report.naming) for fact in report.steps])])


def _step(fact: StepFact, naming: Naming) -> tuple[str, ...]:
    how = fact.how if fact.how in _NEUTRAL else f"**{fact.how}**"
    what = plain(shortened(naming.text(fact.what), 90))
    phase, step = plain(spoken(fact.phase)), plain(thing(fact.path))
    return (
        phase, step, what, when(fact.began_at)[11:] or "-", length(fact.seconds), how,
        plain(shortened(fact.note, 120)) or "-",
    )  # fmt: skip
