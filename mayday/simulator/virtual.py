"""The walker on a virtual clock: a heap of things to come, and no waiting.

At one moment the order is: what people and alerts bring, then deadlines, then answers of effects, one by one. What a
person answers at the very moment of a deadline therefore counts (LANGUAGE.md "Late answers"), as it does on a real
server, where handlers run before deadlines are judged; and what a tool answers then is late, as it is there.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mayday.domain.commands import Answer, Command, Refusal
from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.limits import failed, limits_of, unanswered
from mayday.domain.outage import LATE_AFTER, OutageNotice
from mayday.domain.timeline import Entry
from mayday.simulator.desk import ScenarioDesk
from mayday.walker.walker import Walker

#: looks at one moment after which a plan is taken to be in a loop
MOST_LOOKS = 100_000


class NeverSettles(RuntimeError):
    """The walker asks to be looked at again and again without time passing: a defect of ours."""


class VirtualIncident:
    """One incident under way in virtual time. `after_each` sees the walker after every input and may replace it."""

    def __init__(
        self,
        start: StartInput,
        desk: ScenarioDesk,
        *,
        after_each: Callable[[Walker, datetime], Walker] | None = None,
    ) -> None:
        self.now = start.opened_at
        self.entries: list[Entry] = []
        self._desk = desk
        self._after_each = after_each
        self._coming: list[tuple[datetime, int, str, EffectResult]] = []
        self._number = 0
        self._away_from: datetime | None = None
        self._away_until: datetime | None = None
        self._tells = False
        self._waiting: list[Callable[[], None]] = []
        self.walker = Walker.begin(start, self.now)
        self._look()

    # inputs ---------------------------------------------------------------------------------------------------

    def send(self, command: Command, *, signalled: bool = False) -> Answer:
        """A person's command, as an update: refused at once, or judged at once. While the engine is away it waits.

        `signalled`: as a signal, whose refusal is an entry.
        """
        if self._away_until is not None:
            self._waiting.append(lambda: self._take(self.walker.deliver(command, self.now, signalled=True)))
            return Answer(state="pending")
        refusal = self.walker.refusal(command, self.now)
        if refusal is not None and not signalled:
            return Answer(state="refused", refusal=refusal)
        answer = self.walker.deliver(command, self.now, signalled=signalled)
        self._look()
        return answer

    def alert(self, events: list[AlertEvent]) -> None:
        if self._away_until is not None:
            self._waiting.append(lambda: self.walker.alerts_arrived(events, self.now))
            return
        self.walker.alerts_arrived(events, self.now)
        self._look()

    def absorb(self, handover: dict[str, Any]) -> None:
        if self._away_until is not None:
            self._waiting.append(lambda: self.walker.absorbed(handover, self.now))
            return
        self.walker.absorbed(handover, self.now)
        self._look()

    def turn_away(self, what: str, claimed: str, refusal: Refusal) -> None:
        """A decision that nobody of the house signed."""
        if self._away_until is not None:
            self._waiting.append(lambda: self.walker.turn_away(what, claimed, refusal, self.now))
            return
        self.walker.turn_away(what, claimed, refusal, self.now)
        self._look()

    def go_away(self, duration: timedelta, *, told: bool | None = None) -> None:
        """The engine does not run for `duration` from now: what arrives waits, deadlines pass unseen. `told`: as it is
        back, its worker says so; by default of an outage that is one."""
        self._away_from, self._away_until = self.now, self.now + duration
        self._tells = duration > LATE_AFTER if told is None else told

    def outage_told(self, notice: OutageNotice) -> None:
        """A worker that came back tells of an outage."""
        if self._away_until is not None:
            self._waiting.append(lambda: self.walker.outage_told(notice, self.now))
            return
        self.walker.outage_told(notice, self.now)
        self._look()

    def refusal(self, command: Command) -> Refusal | None:
        return self.walker.refusal(command, self.now)

    # time -----------------------------------------------------------------------------------------------------

    def run_to(self, moment: datetime, *, inclusive: bool = True) -> None:
        """Let time pass up to `moment`; with `inclusive` also what is due at that very moment."""
        while True:
            if self._away_until is not None:
                if self._away_until > moment or (self._away_until == moment and not inclusive):
                    break
                self._come_back(self._away_until)
                continue
            due = self._next()
            if due is None or due > moment or (due == moment and not inclusive):
                break
            self._happen(due)
        self.now = max(self.now, moment)

    def run_out(self, limit: datetime) -> None:
        """Let time pass until the incident has finished, or `limit`."""
        while not (self.walker.finished and not self._coming):
            due = self._away_until or self._next()
            if due is None or due > limit:
                return
            self.run_to(due)

    def _next(self) -> datetime | None:
        moments = [self._coming[0][0]] if self._coming else []
        if self.walker.next_wake is not None:
            moments.append(max(self.walker.next_wake, self.now))
        return min(moments, default=None)

    def _happen(self, due: datetime) -> None:
        self.now = max(self.now, due)
        self._look()

    def _come_back(self, moment: datetime) -> None:
        """The engine is back: first what people and alerts sent meanwhile, then answered effects, then time."""
        self.now, self._away_until = moment, None
        waiting, self._waiting = self._waiting, []
        for bring in waiting:
            bring()
        if self._tells and self._away_from is not None:
            self.walker.outage_told(OutageNotice(from_at=self._away_from, to_at=moment), moment)
        self._look()

    # what follows ---------------------------------------------------------------------------------------------

    def _take(self, answer: Answer) -> None:
        """Nobody waits for the answer to a signal; a refusal is an entry."""

    def _look(self) -> None:
        for _ in range(MOST_LOOKS):
            self._rebuild()
            self.walker.advance(self.now)
            for request in self.walker.take_effects():
                self._start(request)
            self._collect()
            if not (self._coming and self._coming[0][0] <= self.now):
                return
            _, _, key, result = heapq.heappop(self._coming)
            self.walker.effect_finished(key, result, self.now)
        raise NeverSettles(f"no rest at {self.now.isoformat()}")

    def _rebuild(self) -> None:
        """Let `after_each` put another walker in the place of this one; what it has asked for is asked first."""
        if self._after_each is not None:
            for request in self.walker.take_effects():
                self._start(request)
            self.walker = self._after_each(self.walker, self.now)

    def _start(self, request: EffectRequest) -> None:
        reply = self._desk.answer(request.kind, request.payload, self.now)
        after, result = reply.after, EffectResult(value=reply.value)
        if reply.hangs:
            after, result = limits_of(request.effect_class, request.timeout_s).total, unanswered(request)
        elif reply.failure is not None and reply.final:
            result = EffectResult(failure=reply.failure)
        elif reply.failure is not None:
            result = failed(reply.failure.code, reply.failure.message, request.effect_class)
        self._number += 1
        heapq.heappush(self._coming, (self.now + after, self._turn(request.key), request.key, result))

    def _turn(self, key: str) -> int:
        """Of answers that come at one moment, the one of the least number comes first: here the one asked for first."""
        return self._number

    def _collect(self) -> None:
        """Entries leave the walker as they leave a run: to the records, which here are a list."""
        fresh = self.walker.unflushed()
        if fresh:
            self.entries += fresh
            self.walker.flushed(fresh[-1].seq)

    def state(self) -> dict[str, Any]:
        return self.walker.dump()
