"""The night in a few lines, for whoever reads no further: drafted from the facts, above what people write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mayday.domain.plain_words import spoken
from mayday.domain.report.model import Report
from mayday.domain.report.words import length, plain, when

__all__ = ["gist"]

_GOOD = ("in time", "not called for", "no trace")


def gist(report: Report) -> list[str]:
    """Sentences as Markdown; what nobody knows yet says so, and what there was none of is left out."""
    return list(_sentences(report)) if report.opened_at else []


def _sentences(report: Report) -> Iterator[str]:
    yield _course(report)
    yield _impact(report)
    yield _command(report)
    yield from _decisions(report)
    yield from _promises(report)
    yield from _vendors(report)
    yield from _steps(report)
    still = sum(item.state == "open" for item in report.actions)
    if report.actions:
        yield f"{_counted(len(report.actions), 'follow-up action')}, {still or 'none'} of them open."


def _course(report: Report) -> str:
    took = {fact.name: fact.seconds for fact in report.clocks}
    parts = [f"{report.severity} on {plain(report.naming.services.get(report.service, report.service)) or '-'}"]
    parts.append(f"opened {when(report.opened_at)}")
    if took.get("Time to mitigate") is not None:
        parts.append(f"mitigated after {length(took['Time to mitigate'])}")
    if report.resolved_at is None:
        parts.append("not resolved yet" if report.status not in ("merged", "cancelled", "rejected") else report.status)
    elif took.get("MTTR") is not None:
        parts.append(f"resolved after {length(took['MTTR'])}")
    again = f"; reopened {'once' if report.reopened == 1 else f'{report.reopened} times'}" if report.reopened else ""
    return f"{', '.join(parts)}{again}."


def _impact(report: Report) -> str:
    start, end = report.impact_started_at, report.impact_ended_at
    if start is None:
        known = "When the impact began is not known yet"
    elif end is None:
        known = f"Impact since {when(start)}; its end is not known yet"
    else:
        known = f"Impact for {length(int((end - start).total_seconds()))}, from {when(start)} to {when(end)}"
    count = report.customers_affected
    customers = "how many customers is not known yet" if count is None else f"{count:,} customers affected"
    return f"{known}; {customers}."


def _command(report: Report) -> str:
    led = list(dict.fromkeys(plain(report.naming.of(person)) for person in report.led_by))
    alone = sum(span.seconds or 0 for span in report.leaderless)
    without = f"; nobody was in command for {length(alone)}" if alone else ""
    return f"In command: {', then '.join(led) or 'nobody'}{without}."


def _decisions(report: Report) -> Iterator[str]:
    if report.decisions:
        ends = Counter(item.outcome for item in report.decisions)
        words = ", ".join(f"{count} {spoken(outcome)}" for outcome, count in ends.items())
        yield f"{_counted(len(report.decisions), 'decision')}: {words}."


def _promises(report: Report) -> Iterator[str]:
    kinds = []
    for kind, whose in (("SLA", "to customers"), ("OLA", "between teams")):
        judged = [fact for fact in report.promises if fact.kind == kind and fact.kept is not None]
        if judged:
            kinds.append(f"{sum(fact.kept is True for fact in judged)} of {len(judged)} {whose}")
    if kinds:
        missed = sum(len(fact.missed) for fact in report.audiences)
        late = f"; {_counted(missed, 'update')} missed" if missed else ""
        yield f"Promises kept: {', '.join(kinds)}{late}."


def _vendors(report: Report) -> Iterator[str]:
    for fact in report.vendors:
        name = plain(report.naming.vendors.get(fact.vendor, spoken(fact.vendor)))
        broke = f"broke its contract {_times(len(fact.breaches))}" if fact.breaches else "no breach of its contract"
        reply = "no reply" if fact.response_s is None else f"first reply after {length(fact.response_s)}"
        yield f"Vendor {name}: {reply}, {broke}."


def _steps(report: Report) -> Iterator[str]:
    called = [fact.how for fact in report.steps or [] if fact.how != "not called for"]
    if called:
        off = Counter(how for how in called if how not in _GOOD)
        words = ", ".join(f"{count} {how}" for how, count in off.most_common())
        yield f"Runbook: {_counted(len(called), 'step')} called for, {words or 'all of them in time'}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
