"""Whether what a scenario expects has happened, and in words what happened instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from mayday.domain.durations import parse_offset
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.language.scenario import Expectation
from mayday.language.values import words_of
from mayday.simulator.facts import Facts
from mayday.simulator.story import since

#: an expectation is looked at this much after its moment, and `max_gap` allows as much
GRACE = timedelta(seconds=1)


class Checker:
    """Checks expectations against a timeline; `now` is the moment up to which things have happened."""

    def __init__(self, facts: Facts, start: datetime, now: datetime) -> None:
        self._facts = facts
        self._start = start
        self._now = now

    def problem(self, expected: Expectation) -> str | None:
        """What is wrong, or None: it is as expected."""
        kind = expected.kind
        if kind == "never":
            assert expected.never is not None
            inner = self.problem(expected.never)
            return None if inner is not None else f"{words(expected.never)} happened, and never should"
        problem: str | None = getattr(self, f"_{kind}")(expected)
        return problem

    def _task(self, expected: Expectation) -> str | None:
        return self._counted(self._facts.tasks(expected.task or ""), expected, f"no task {expected.task} was opened")

    def _paged(self, expected: Expectation) -> str | None:
        pages = self._facts.pages(expected.paged or "", expected.page)
        return self._counted(pages, expected, f"{expected.paged} was not paged")

    def _decided(self, expected: Expectation) -> str | None:
        found = self._facts.decided(expected.decided or "")
        if not found:
            state = "still open" if self._facts.is_open(expected.decided or "") else "not opened"
            return f"{expected.decided} is {state}"
        outcome = found[-1].data.get("outcome")
        if expected.outcome is not None and outcome != expected.outcome:
            return f"{expected.decided} came out as {outcome}, not {expected.outcome}"
        return None

    def _undecided(self, expected: Expectation) -> str | None:
        if self._facts.is_open(expected.undecided or ""):
            return None
        found = self._facts.decided(expected.undecided or "")
        return f"{expected.undecided} is {found[-1].data.get('outcome') if found else 'not opened'}, not open"

    def _action(self, expected: Expectation) -> str | None:
        found = self._facts.actions(expected.action or "", expected.with_)
        if not found and expected.with_ and (others := self._facts.actions(expected.action or "", None)):
            return f"{expected.action} was started with {others[-1].data.get('inputs')}"
        return self._counted(found, expected, f"{expected.action} was not started")

    def _sent(self, expected: Expectation) -> str | None:
        found = self._between(self._facts.sent(expected.sent or "", expected.audience, expected.text), expected)
        if expected.max_gap is not None:
            return self._gap(found, expected)
        return self._counted(found, expected, f"{expected.sent} was not sent")

    def _status(self, expected: Expectation) -> str | None:
        found = self._facts.statuses()
        statuses = [self._facts.status_of(entry) for entry in found]
        if expected.status in statuses:
            return None
        return f"the status is {statuses[-1] if found else 'unknown'}, it was not {expected.status}"

    def _vendor_breached(self, expected: Expectation) -> str | None:
        found = self._facts.breaches(expected.vendor_breached or "")
        return None if found else f"{expected.vendor_breached} is not in breach"

    def _finished(self, expected: Expectation) -> str | None:
        end = self._facts.finished()
        if end is None:
            return "the incident has not finished"
        if isinstance(expected.finished, str):
            latest = self._start + parse_offset(expected.finished)
            if parse_timestamp(end.at) > latest + GRACE:
                return f"the incident finished at {self._since(end)}, after {expected.finished}"
        return None

    def _counted(self, found: Sequence[Entry], expected: Expectation, otherwise: str) -> str | None:
        found = self._between(found, expected)
        if expected.count is None:
            return None if found else otherwise
        if len(found) != expected.count:
            moments = ", ".join(map(self._since, found)) or "never"
            return f"{words(expected)} happened {len(found)} times, not {expected.count}: {moments}"
        return None

    def _between(self, found: Sequence[Entry], expected: Expectation) -> list[Entry]:
        from_at, to_at = self._window(expected)
        return [entry for entry in found if from_at <= parse_timestamp(entry.at) <= to_at + GRACE]

    def _window(self, expected: Expectation) -> tuple[datetime, datetime]:
        from_at = self._start + parse_offset(expected.from_) if expected.from_ else self._start
        to_at = self._start + parse_offset(expected.to) if expected.to else self._now
        return from_at, to_at

    def _gap(self, found: Sequence[Entry], expected: Expectation) -> str | None:
        assert expected.max_gap is not None
        from_at, to_at = self._window(expected)
        moments = [from_at, *(parse_timestamp(entry.at) for entry in found), to_at]
        allowed = expected.max_gap.as_timedelta() + GRACE
        for before, after in pairwise(moments):
            if after - before > allowed:
                return (
                    f"no {expected.sent} for {words_of(after - before)} from {since(before, self._start)} "
                    f"to {since(after, self._start)}, at most {expected.max_gap.in_words()} are allowed"
                )
        return None

    def _since(self, entry: Entry) -> str:
        return since(parse_timestamp(entry.at), self._start)


def words(expected: Expectation) -> str:
    """An expectation in the author's words: `paged schedule.payments_secondary`."""
    if expected.never is not None:
        return f"never {words(expected.never)}"
    value = getattr(expected, expected.kind)
    return expected.kind if value is True else f"{expected.kind} {value}"
