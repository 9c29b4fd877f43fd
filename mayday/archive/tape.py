"""A tape of a run: everything that its walker was given, in order, taken down while the run's history is replayed.

The walker is a reducer, so a tape played into a fresh walker makes the same incident again, entry by entry and hash by
hash, up to any moment. Nothing has to be stored for that but the history itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import SecretStr
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor, Replayer, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from mayday.domain.commands import Answer, Command, Refusal
from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.outage import OutageNotice
from mayday.domain.timeline import Entry
from mayday.temporal.histories import UnflaggedHistory, used_flags
from mayday.temporal.plugin import build_plugin
from mayday.walker.walker import Walker
from workflows.incident import IncidentEnd, IncidentWorkflow

EXTERN = "mayday_tape"


class Commanded(NamedTuple):
    command: Command
    signalled: bool


class Alerts(NamedTuple):
    events: list[AlertEvent]


class Absorbed(NamedTuple):
    handover: dict[str, Any]


class Told(NamedTuple):
    """Word of an outage that was over."""

    notice: OutageNotice


class Answered(NamedTuple):
    """The result of an effect that was asked for at `asked_at`."""

    key: str
    result: EffectResult


class Advanced(NamedTuple):
    """The engine let everything follow; `asked` are the effects that it then carried out."""


class Asked(NamedTuple):
    requests: list[EffectRequest]


class Flushed(NamedTuple):
    seq: int


class TurnedAway(NamedTuple):
    """A decision that nobody had signed."""

    what: str
    claimed: str
    refusal: Refusal


Happening = Commanded | Alerts | Absorbed | Told | Answered | Advanced | Asked | Flushed | TurnedAway


class Input(NamedTuple):
    """One call of the walker, and the entries it had written before."""

    at: datetime
    what: Happening
    seq: int


@dataclass
class Tape:
    """One run: its start, and its inputs in order."""

    workflow_id: str = ""
    run_id: str = ""
    start: StartInput | None = None
    began_at: datetime | None = None
    inputs: list[Input] = field(default_factory=list)

    def begin(self) -> Walker:
        """The walker as the run began."""
        if self.start is None or self.began_at is None:
            raise UntapedRun(self.workflow_id)
        return Walker.begin(self.start.model_copy(), self.began_at)


class UntapedRun(ValueError):
    """The history holds no first workflow task: the run had not begun."""


class Player:
    """Plays a tape into a walker, as far as wanted; `entries` are those that it has written so far."""

    def __init__(self, tape: Tape) -> None:
        self.walker = tape.begin()
        self.entries: list[Entry] = []
        self.requests: dict[str, tuple[datetime, EffectRequest]] = {}
        self._waiting: Sequence[Input] = tape.inputs
        self._next = 0
        self._gather()

    def until(self, moment: datetime | None = None, seq: int | None = None) -> None:
        """Play everything up to and with `moment`, or until entry `seq` is written; all by default."""
        while self._next < len(self._waiting):
            following = self._waiting[self._next]
            if moment is not None and following.at > moment:
                return
            if seq is not None and self.walker.state.seq >= seq and not isinstance(following.what, Advanced | Asked):
                return
            self.step()

    def step(self) -> None:
        """Play the next input."""
        self._next += 1
        self._give(self._waiting[self._next - 1])

    def _give(self, given: Input) -> None:
        walker, what = self.walker, given.what
        match what:
            case Commanded():
                walker.deliver(what.command, given.at, signalled=what.signalled)
            case Alerts():
                walker.alerts_arrived(what.events, given.at)
            case Absorbed():
                walker.absorbed(what.handover, given.at)
            case Told():
                walker.outage_told(what.notice, given.at)
            case Answered():
                walker.effect_finished(what.key, what.result, given.at)
            case Advanced():
                walker.advance(given.at)
            case Asked():
                for request in walker.take_effects():
                    self.requests[request.key] = (given.at, request)
            case TurnedAway():
                walker.turn_away(what.what, what.claimed, what.refusal, given.at)
            case Flushed():
                self._gather()
                walker.flushed(what.seq)
        self._gather()

    def _gather(self) -> None:
        last = self.entries[-1].seq if self.entries else 0
        self.entries += [entry for entry in self.walker.unflushed() if entry.seq > last]


async def listen(
    history: WorkflowHistory,
    *,
    listener: type[IncidentWorkflow] | None = None,
    others: Sequence[type] = (),
    codec_keys: SecretStr | None = None,
    passed_through: Iterable[str] = (),
) -> Tape:
    """The tape of an incident's run. Raises what the replay raises where this code takes another way.

    `listener` is the workflow that is replayed: `ListeningIncident`, or a variant of it.

    Raises:
        UnflaggedHistory: the history cannot be checked.
        UntapedRun: nothing of it was worked on yet.
    """
    if not used_flags(history):
        raise UnflaggedHistory(history.workflow_id)
    tape = Tape(workflow_id=history.workflow_id, run_id=history.run_id)
    plugin = build_plugin(codec_keys, also=("mayday.archive", *passed_through))
    replayer = Replayer(workflows=[listener or ListeningIncident, *others], plugins=[plugin], interceptors=[_Ear(tape)])
    await replayer.replay_workflow(history)
    if tape.start is None:
        raise UntapedRun(history.workflow_id)
    return tape


class _Ear(Interceptor):
    """Lets the run that is replayed speak to a tape outside."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002 - SDK's name
        """See base class."""
        input.unsafe_extern_functions[EXTERN] = lambda: self._tape
        return WorkflowInboundInterceptor


class TalkingWalker(Walker):
    """A walker that takes down what it is given."""

    tape: Tape

    @classmethod
    def begin(cls, start: StartInput, now: datetime) -> Walker:
        tape: Tape = workflow.extern_functions()[EXTERN]()
        tape.start, tape.began_at = start.model_copy(), now
        walker = super().begin(start, now)
        assert isinstance(walker, TalkingWalker)
        walker.tape = tape
        return walker

    def _say(self, at: datetime, what: Happening) -> None:
        self.tape.inputs.append(Input(at, what, self.state.seq))

    def deliver(self, command: Command, now: datetime, *, signalled: bool = False) -> Answer:
        self._say(now, Commanded(command, signalled))
        return super().deliver(command, now, signalled=signalled)

    def alerts_arrived(self, events: list[AlertEvent], now: datetime) -> None:
        if hasattr(self, "tape"):  # else it begins, and the events are the start's own
            self._say(now, Alerts(list(events)))
        super().alerts_arrived(events, now)

    def absorbed(self, handover: dict[str, Any], now: datetime) -> None:
        self._say(now, Absorbed(handover))
        super().absorbed(handover, now)

    def outage_told(self, notice: OutageNotice, now: datetime) -> None:
        self._say(now, Told(notice))
        super().outage_told(notice, now)

    def effect_finished(self, key: str, result: EffectResult, now: datetime) -> None:
        self._say(now, Answered(key, result))
        super().effect_finished(key, result, now)

    def advance(self, now: datetime) -> None:
        self._say(now, Advanced())
        super().advance(now)

    def take_effects(self) -> list[EffectRequest]:
        asked = super().take_effects()
        if asked:
            self._say(self.now, Asked(list(asked)))
        return asked

    def turn_away(self, what: str, claimed: str, refusal: Refusal, now: datetime) -> None:
        self._say(now, TurnedAway(what, claimed, refusal))
        super().turn_away(what, claimed, refusal, now)

    def flushed(self, seq: int) -> None:
        self._say(self.now, Flushed(seq))
        super().flushed(seq)


@workflow.defn(name="IncidentWorkflow")
class ListeningIncident(IncidentWorkflow):
    """The incident's workflow, only that its walker talks."""

    walker_class = TalkingWalker

    @workflow.init
    def __init__(self, start: StartInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        """See base class."""
        return await super().run(start)
