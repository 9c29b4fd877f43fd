"""The walker: a reducer that walks a plan. Inputs change its state; what follows from the state, it asks for.

An engine feeds it (`deliver`, `alerts_arrived`, `effect_finished`), calls `advance(now)`, carries out `take_effects()`,
and wakes it at `next_wake`. Nothing lives outside the state, so it can be serialised and rebuilt between any two calls
(docs/adr/0001). No clock, no I/O: `now` is what the engine says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from mayday.domain import effects as fx
from mayday.domain.commands import TURNED_AWAY, Answer, Command, Refusal
from mayday.domain.effects import EffectClass, EffectRequest, EffectResult, IncidentCard, Wire
from mayday.domain.incident import AlertEvent, Board, Pending, StartInput
from mayday.domain.outage import OutageNotice
from mayday.domain.timeline import Entry, append, plain
from mayday.language.plan import Plan, PlanVendor
from mayday.language.runbook import Step
from mayday.walker import (
    alerts,
    beginning,
    board,
    command_rules,
    deadlines,
    declining,
    drills,
    outages,
    plans,
    registry,
    reopening,
    rounds,
)
from mayday.walker.definitions import Definitions
from mayday.walker.scope import Scope
from mayday.walker.state import Flight, IncidentState

#: passes over the active state until nothing changes; far above any real plan, so that a loop shows as an error
MAX_PASSES = 2_000
#: answers to commands kept whole for senders who ask twice; of those before, so many are known by id and entry
KEPT_ANSWERS, KEPT_IDS = 500, 4_500


class WalkerStuck(RuntimeError):
    """The plan makes the walker change state without end: a defect of ours, never of the author's."""


class Walker:
    """One incident under way. `start` is the pinned input, `plan` what it pins, `state` everything that changes."""

    def __init__(self, start: StartInput, plan: Plan, state: IncidentState, now: datetime) -> None:
        self.start = start
        self.plan = plan
        self.state = state
        self.now = now
        self.definitions = Definitions(plan, state)
        self.changed = False
        self.pending: list[Pending] = []
        self._wakes: list[datetime] = []
        self._asked: list[EffectRequest] = []

    @classmethod
    def begin(cls, start: StartInput, now: datetime) -> Walker:
        """A walker for a fresh incident, or for the state that a run before this one carried over."""
        start.plan, plan = plans.pinned(start.plan)  # the same data, kept once
        if start.state is not None:
            walker = cls(start, plan, IncidentState.model_validate(start.state), deadlines.not_before(start, now))
            reopening.on_start(walker)
            return walker
        walker = cls(start, plan, beginning.fresh_state(start, plan), now)
        beginning.open_incident(walker)
        return walker

    # inputs ---------------------------------------------------------------------------------------------------

    def refusal(self, command: Command, now: datetime) -> Refusal | None:
        """Why the command would be refused, or None. Changes nothing: an update's validator."""
        if command.id in self.state.applied or command.id in self.state.applied_before:
            return None
        before, self.now = self.now, max(self.now, now)
        try:
            return command_rules.refusal(self, command)
        finally:
            self.now = before  # a validator is not replayed: it leaves nothing behind

    def deliver(self, command: Command, now: datetime, *, signalled: bool = False) -> Answer:
        """Carry a command out, or refuse it. The same command id gets the first answer again."""
        known = self.state.applied.get(command.id)
        if known is not None:
            return Answer.model_validate(known)
        if command.id in self.state.applied_before:
            return Answer(entry=self.state.applied_before[command.id] or None)
        self._at(now)
        refused = command_rules.refusal(self, command)
        if refused is not None:
            answer = Answer(state="refused", refusal=refused)
            if signalled:
                entry = self.entry(
                    "refused",
                    command.actor,
                    None,
                    command=command.kind,
                    code=refused.code,
                    reason=refused.reason,
                    channel=command.channel,
                )
                answer.entry = entry.seq
        else:
            before = self.state.seq
            detail = command_rules.apply(self, command)
            answer = Answer(entry=before + 1 if self.state.seq > before else None, detail=plain(detail or {}))
        self._remember(command.id, answer)
        return answer

    def _remember(self, command_id: str, answer: Answer) -> None:
        """A night has fewer commands than are kept, so nothing is applied twice, however late its sender asks again. A
        refusal is not kept for ever: what is asked again then is judged as things are then."""
        applied, before = self.state.applied, self.state.applied_before
        applied[command_id] = answer.model_dump(mode="json", exclude_none=True)
        while len(applied) > KEPT_ANSWERS:
            oldest = next(iter(applied))
            given = applied.pop(oldest)
            if given["state"] == "applied":
                before[oldest] = given.get("entry", 0)
        while len(before) > KEPT_IDS:
            del before[next(iter(before))]

    def turn_away(self, what: str, claimed: str, refusal: Refusal, now: datetime) -> None:
        """What the shell does not believe leaves an entry that names nobody, of a flood every hundredth; no more."""
        self._at(now)
        if self.state.finished:
            return
        count = self.state.counters["turned_away"] = self.state.counters.get("turned_away", 0) + 1
        if count <= TURNED_AWAY or count % 100 == 0:
            reason = f"{refusal.reason}; it says that it comes from {claimed[:60]}"
            self.entry("refused", "unknown", None, command=what, code=refusal.code, reason=reason, channel="temporal")

    def alerts_arrived(self, events: list[AlertEvent], now: datetime) -> None:
        """Attach alerts: deduplicated, listed one by one up to a limit, then summed up."""
        self._at(now)
        if reopening.fires_again(self, events):
            reopening.reopen(self, events[0].source, "it fires again")
        elif self.state.finished:
            return  # `finished` is the last entry: from there on the chain is the review's
        alerts.attach(self, events)

    def absorbed(self, handover: dict[str, Any], now: datetime) -> None:
        """Take over what another incident, merged into this one, still owes."""
        self._at(now)
        registry.absorb(self, handover)

    def outage_told(self, notice: OutageNotice, now: datetime) -> None:
        """A worker that came back says since when and until when nobody could answer."""
        self._at(now)
        outages.told(self, notice)

    def effect_finished(self, key: str, result: EffectResult, now: datetime) -> None:
        """The answer to an effect. An unknown key (answered before, or cancelled and forgotten) changes nothing."""
        self._at(now)
        flight = self.state.flights.pop(key, None)
        if flight is not None:
            registry.answered(self, flight, result)

    def advance(self, now: datetime) -> None:
        """Let everything follow from the state at `now`: expired deadlines, next steps, effects, entries."""
        self._at(now)
        outages.ask(self)
        if drills.stand_still(self):
            return
        for _ in range(MAX_PASSES):
            self.changed = False
            self.pending.clear()
            self._wakes.clear()
            rounds.run(self)
            if not self.changed:
                break
        else:
            raise WalkerStuck(f"incident {self.state.id} does not settle at {now.isoformat()}")
        self.state.wake_at = min((wake for wake in self._wakes if wake > self.now), default=None)
        deadlines.looked(self)

    # outputs --------------------------------------------------------------------------------------------------

    def take_effects(self) -> list[EffectRequest]:
        """Effects asked for since the last call, in order."""
        asked, self._asked = self._asked, []
        return asked

    @property
    def next_wake(self) -> datetime | None:
        return self.state.wake_at

    @property
    def finished(self) -> bool:
        return self.state.finished

    @property
    def in_flight(self) -> list[str]:
        return list(self.state.flights)

    def unflushed(self) -> list[Entry]:
        return self.state.entries

    def entries_since(self, seq: int) -> list[Entry]:
        return [entry for entry in self.state.entries if entry.seq > seq]

    def flushed(self, seq: int) -> None:
        """Entries up to `seq` are in the store: forget them here."""
        self.state.entries = [entry for entry in self.state.entries if entry.seq > seq]

    def dump(self) -> dict[str, Any]:
        """The state as JSON data, for the next run's input."""
        return self.state.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def board(self, now: datetime) -> Board:
        return board.board(self, now)

    # what the verbs use ---------------------------------------------------------------------------------------

    def entry(self, kind: str, actor: str = "system", step: str | None = None, /, **data: Any) -> Entry:
        """Append a fact to the timeline."""
        state = self.state
        body = {key: value for key, value in data.items() if value is not None}
        entry = append(state.head, state.seq + 1, self.now, kind, actor, step, body)
        state.seq, state.head = entry.seq, entry.hash
        state.entries.append(entry)
        self.changed = True
        return entry

    def touch(self) -> None:
        """State changed without an entry: look at everything once more."""
        self.changed = True

    def wake(self, at: datetime | None) -> bool:
        """Whether `at` has come; if not, the engine wakes the walker then. For deadlines of machines."""
        if at is None:
            return False
        if self.now >= at:
            return True
        self._wakes.append(at)
        return False

    def expired(self, at: datetime | None) -> bool:
        """As `wake`, for deadlines of people: time in which the system could not take an answer does not count."""
        return self.wake(self.due(at))

    def due(self, at: datetime | None) -> datetime | None:
        """The moment at which a person's deadline really ends."""
        if at is None or self.start.gives_time_back:  # then it is moved where it stands
            return at
        return outages.shifted(at, self.state.outages)

    def after(self, seconds: int) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def pend(self, item: Pending) -> None:
        self.pending.append(item)

    def scope(self, path: str | None = None, **extra: Any) -> Scope:
        return Scope(self, path, extra)

    def step(self, path: str) -> Step:
        """The definition behind a step path; `KeyError` when there is none."""
        return self.definitions.step(path)

    def card(self) -> IncidentCard:
        state = self.state
        return IncidentCard(
            id=state.id,
            title=state.title,
            severity=state.severity,
            status=state.status,
            service=state.service,
            drill=self.start.drill,
            bridge_url=self.bridge()[0],
            ticket=state.ticket,
            channel=state.chat_channel,
            opened_at=state.opened_at,
        )

    def vendor(self, name: str) -> PlanVendor:
        """A vendor of the plan, or one that came along with a merged incident."""
        return self.plan.vendors.get(name) or self.state.adopted_vendors[name]

    def on_call(self, ref: str) -> list[str]:
        """Who stood on a schedule when the incident began; for when the roster cannot be read."""
        name = ref.removeprefix("schedule.")
        known = self.plan.schedules.get(name)
        return self.start.on_call.get(name) or ([known.on_call] if known and known.on_call else [])

    def bridge(self) -> tuple[str | None, str | None]:
        """Address and phone of the incident's bridge; the standing one until it is open."""
        standing = self.plan.bridges.get("standing")
        if self.state.bridge_url:
            return self.state.bridge_url, self.state.bridge_phone
        return (standing.url, standing.phone) if standing else (None, None)

    def ask(
        self,
        kind: str,
        path: str,
        payload: Callable[[str], Wire],
        *,
        owner: str,
        effect_class: EffectClass,
        summary: str,
        purpose: str = "",
        timeout_s: int = 120,
        data: dict[str, Any] | None = None,
    ) -> str:
        """Ask the engine for an effect of `path`; `payload` gets the effect key. The owner is told the result."""
        number = self.state.counters.get(path, 0) + 1
        self.state.counters[path] = number
        key = f"{path}#{number}"
        body = payload(f"{self.state.id}/{key}").model_dump(mode="json", exclude_none=True)
        request = EffectRequest(
            key=key,
            kind=kind,
            step=path,
            effect_class=effect_class,
            payload=body,
            summary=summary[:200],
            timeout_s=timeout_s,
        )
        self.state.flights[key] = Flight(
            request=request, owner=owner, asked_at=self.now, purpose=purpose, data=plain(data or {})
        )
        self._asked.append(request)
        self.changed = True
        return key

    def page(
        self,
        page: str,
        targets: list[str],
        text: str,
        *,
        owner: str,
        purpose: fx.PagePurpose,
        via: list[str] | None = None,
        urgent: bool = True,
        data: dict[str, Any] | None = None,
        choices: list[str] | None = None,
    ) -> str:
        """Wake (or, not urgent, tell) people; `targets` are `person.X` and `schedule.X`."""
        if urgent and page not in self.state.ringing:
            self.state.ringing.append(page)
        told = purpose == "task" and self.start.settles_told and page in self.state.tasks
        if told and page not in (*self.state.ringing, *self.state.seen):
            self.state.seen.append(page)  # its cards are told when somebody did it, wherever that was
        return self.ask(
            fx.PAGE,
            page,
            lambda key: fx.PageRequest(
                effect_key=key,
                incident=self.card(),
                page=page,
                purpose=purpose,
                targets=targets,
                via=list(via or ["push", "voice"]),
                text=text,
                urgent=urgent,
                fallback={target: self.on_call(target) for target in targets if target.startswith("schedule.")},
                choices=choices or [],
                spare=declining.spared(self, page, purpose),
            ),
            owner=owner,
            effect_class="page" if urgent else "notify",
            purpose=purpose,
            data=data,
            summary=f"{'page' if urgent else 'tell'} {', '.join(targets)}: {page}",
        )

    def silence(self, page: str, reason: str) -> None:
        """Stop `page`, if it rings: what it is about is over."""
        if page in self.state.ringing or page in self.state.seen:
            self.stop_page(page, reason)

    def stop_page(self, page: str, reason: str, *, over: bool = True) -> None:
        """Stop everything that rings for `page`; `over` False: it can still be answered."""
        if page in self.state.ringing:
            self.state.ringing.remove(page)
        if page in self.state.seen:
            self.state.seen.remove(page)
        if not over and self.start.settles_seen:
            self.state.seen.append(page)
        self.ask(
            fx.CLOSE_PAGE,
            f"close:{page}",
            lambda key: fx.ClosePage(effect_key=key, incident=self.card(), page=page, reason=reason, over=over),
            owner="none:",
            effect_class="notify",
            summary=f"stop paging for {page}",
        )

    def _at(self, now: datetime) -> None:
        self.now = max(self.now, now)
        outages.note(self)
