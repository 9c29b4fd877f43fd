"""The incident as a durable workflow: a thin shell that feeds the walker, carries out its effects and wakes it.

The order of jobs inside an activation must not matter (signals before timers is not promised). So handlers give what
they bring to the walker at once, in order of arrival, and the main loop judges deadlines only afterwards: it waits on a
condition, and conditions are looked at when every handler of the activation has run. Answers of effects are applied one
by one, each with all that follows from it (see errands.py), so that it makes no difference whether two arrive together.

Nothing a person sends can wedge a run: a command that the walker cannot digest is refused. A defect in `advance` fails
the workflow *task*, visibly, and a corrected worker goes on from there.
"""

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from temporalio import workflow

from mayday.domain.bundles import TOLD_SIGNAL, BundleEnvelope
from mayday.domain.commands import COMMAND, Answer, Command, CommandEnvelope, Merge, Refusal
from mayday.domain.effects import EffectRequest, EffectResult, Wire
from mayday.domain.incident import AlertBatch, Board, StartInput
from mayday.domain.outage import OUTAGE_SIGNAL, OutageEnvelope
from mayday.walker.merging import ABSORB
from mayday.walker.walker import Walker
from workflows.alarm import Alarm
from workflows.bundles import Bundles
from workflows.details import markdown
from workflows.door import Door, Unreadable, first_of, kinds_of, takes
from workflows.effects import ABSORBED, Carrier
from workflows.errands import Errands
from workflows.footprint import leave_footprint
from workflows.ledger import Ledger, flush_at_the_end, flush_of, look_into_inbox
from workflows.signatures import UNSIGNED, Seal
from workflows.task_clock import TaskClock
from workflows.visibility import changes, values_of

ALERT_SIGNAL = "alerts_fired"
#: the kinds of commands; each is an update of that name
COMMAND_KINDS = kinds_of(Command)


class IncidentEnd(Wire):
    """What a run leaves behind. `state` starts the run that reopens the incident."""

    id: str
    status: str
    seq: int
    head: str
    state: dict[str, Any]


@workflow.defn(name="IncidentWorkflow")
@takes(COMMAND_KINDS)
class IncidentWorkflow(Door[Command]):
    #: what walks the plan; a replay that listens to a run puts one in its place that takes down its inputs
    walker_class: type[Walker] = Walker

    @workflow.init
    def __init__(self, start: StartInput) -> None:
        self._start = start
        self._clock = TaskClock()
        self._walker = self.walker_class.begin(start, self._now())
        self._alarm = Alarm(start.clock_slowed, start.clock_step_s)
        self._errands = Errands()
        self._bundles = Bundles(self._errands, start.id) if start.edition >= 3 else None
        self._carrier = Carrier(self._errands, self._done, self._bundles)
        self._ledger = Ledger(self._walker, self._errands, self._bundles)
        self._seal = Seal(start.id, start.decision_keys)
        self._merge_orders = dict(start.merge_orders)
        self._closing = False
        #: something came that the main loop has not seen; `_unmarked`: and that leaves no event of its own behind
        self._stirred = self._unmarked = True
        self._held = self._under_way(start)
        self._shown = 0
        self._attributes: dict[str, Any] = {}

    def _under_way(self, start: StartInput) -> list[EffectRequest]:
        """What the run before asked for and got no answer to. What this one asks for as it begins (a reopening pages
        somebody) leaves with its first round; in starts of before it left twice."""
        before = (start.state or {}).get("flights", {})
        flights = self._walker.state.flights.items() if start.state else ()
        return [flight.request for key, flight in flights if key in before or not start.later_rules]

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        """Walk the plan to its end. `start` was taken by `__init__`."""
        held, self._held = self._held, []
        for request in held:
            self._carry(request)
        while True:
            self._settle()
            if self._walker.finished and self._errands.none_out:
                await self._close()
                if not self._has_news():  # nothing came in while the last entries were stored
                    break
            elif self._long_enough():
                self._continue_as_new()
            else:
                await workflow.wait_condition(self._has_news)
        state = self._walker.state
        return IncidentEnd(id=state.id, status=state.status, seq=state.seq, head=state.head, state=self._walker.dump())

    # what arrives ---------------------------------------------------------------------------------------------

    @workflow.signal(name=ALERT_SIGNAL)
    def alerts_fired(self, batch: Any = None, *more: Any) -> None:
        """Alerts of this incident's cause, as an `AlertBatch`."""
        try:
            events = AlertBatch.model_validate(batch).events
        except ValidationError as error:
            self._unreadable("alerts", batch, Unreadable(first_of(error)))
            return
        self._arrived(signalled=True)
        try:
            self._walker.alerts_arrived(events, self._now())
        except Exception:  # noqa: BLE001 - one alert that we choke on must not wedge the incident; the inbox keeps it
            workflow.logger.exception("alerts_failed", extra={"alerts": [event.dedupe_key for event in events]})

    @workflow.signal(name=ABSORBED)
    def absorbed(self, handover: Any = None, *more: Any) -> None:
        """Another incident was merged into this one and hands over what it still owes."""
        if not isinstance(handover, dict):
            self._unreadable("absorbed", handover, Unreadable("expected an object"))
            return
        self._arrived(signalled=True)
        if not self._seal.ordered(handover):
            self._turn_away("absorbed", "another incident", UNSIGNED)
            return
        if "order" in handover and handover.get("what") == "merge":
            self._merge_orders[str(handover.get("from_workflow"))] = handover["order"]
        try:
            self._walker.absorbed(handover, self._now())
        except Exception:  # noqa: BLE001 - its order is signed, its content is not: it must not wedge the incident
            workflow.logger.exception("handover_failed", extra={"what": str(handover.get("what"))[:60]})

    @workflow.signal(name=OUTAGE_SIGNAL)
    def outage_ended(self, envelope: Any = None, *more: Any) -> None:
        """The worker that came back says since when and until when nobody could answer."""
        try:
            notice = OutageEnvelope.model_validate(envelope).command
        except ValidationError as error:
            self._unreadable("outage", envelope, Unreadable(first_of(error)))
            return
        self._arrived(signalled=True)
        if not self._seal.holds(envelope):
            self._turn_away("outage", "a worker", UNSIGNED)
            return
        try:
            self._walker.outage_told(notice, self._now())
        except Exception:  # noqa: BLE001 - time that is not given back must not wedge the incident
            workflow.logger.exception("outage_failed", extra={"from": str(notice.from_at), "to": str(notice.to_at)})

    @workflow.signal(name=TOLD_SIGNAL)
    def bundle_told(self, envelope: Any = None, *more: Any) -> None:
        """What some calls of a bundle have brought, while others are still under way."""
        try:
            notice = BundleEnvelope.model_validate(envelope).command
        except ValidationError as error:
            self._unreadable("bundle", envelope, Unreadable(first_of(error)))
            return
        self._arrived(signalled=True)
        if not self._seal.holds(envelope):
            self._turn_away("bundle", "a worker", UNSIGNED)
        elif self._bundles is not None:
            self._bundles.told(notice.outcomes)

    def _parse(self, data: dict[str, Any], kind: str | None) -> Command:
        if "command" in data:
            return CommandEnvelope.model_validate(data).command
        return COMMAND.validate_python(data if kind is None else {**data, "kind": kind})

    def _refusal(self, command: Command) -> Refusal | None:
        return self._walker.refusal(command, self._now())

    def _arrived(self, *, signalled: bool) -> None:
        """Something for the main loop. While that is closing the run, the task of a signal still leaves a command."""
        self._stirred = True
        self._unmarked |= signalled
        if self._closing and signalled:
            leave_footprint(self._walker.state.seq)

    def _believes(self, envelope: dict[str, Any], command: Command, *, signalled: bool = False) -> bool:
        if self._seal.holds(envelope):
            return True
        self._arrived(signalled=signalled)
        self._turn_away(command.kind, command.actor, UNSIGNED)
        return False

    def _turn_away(self, what: str, claimed: str, refusal: Refusal) -> None:
        self._walker.turn_away(what, claimed, refusal, self._now())

    def _taken(self, envelope: dict[str, Any], command: Command) -> None:
        """A merge goes to the other incident with the order for it."""
        if isinstance(command, Merge) and command.into_workflow and envelope.get("signatures"):
            self._merge_orders[command.into_workflow] = {**envelope, "incident": self._start.id}

    def _carry(self, request: EffectRequest) -> None:
        order = self._merge_orders.get(request.payload.get("workflow_id", "")) if request.kind == ABSORB else None
        if order is not None:
            handover = {**request.payload.get("handover", {}), "order": order}
            request = request.model_copy(update={"payload": {**request.payload, "handover": handover}})
        self._carrier.carry(request)

    def _deliver(self, command: Command, *, signalled: bool = False) -> Answer:
        self._arrived(signalled=signalled)
        try:
            return self._walker.deliver(command, self._now(), signalled=signalled)
        except Exception as error:  # noqa: BLE001 - one bad command must not wedge the incident: it is refused instead
            workflow.logger.exception("command_failed", extra={"command": command.id, "kind": command.kind})
            return Answer(state="refused", refusal=Refusal(code="invalid", reason=f"could not be applied: {error}"))

    # what can be asked ----------------------------------------------------------------------------------------

    @workflow.query
    def board(self) -> Board:
        return self._walker.board(self._time())

    @workflow.query
    def timeline(self, since: int = 0) -> list[dict[str, Any]]:
        """Entries after `since` that are not known to be in the store; the live page lays them over the stored ones."""
        return [entry.public() for entry in self._walker.entries_since(since)]

    @workflow.query
    def details(self) -> str:
        """The board as Markdown, as Temporal's own UI shows it."""
        return markdown(self._walker.board(self._time()))

    # the loop -------------------------------------------------------------------------------------------------

    def _exact_now(self) -> datetime:
        return self._start.shown(workflow.now())

    def _now(self) -> datetime:
        """The incident's clock, for whoever brings something."""
        self._clock.look()
        return self._time()

    def _time(self) -> datetime:
        """What it shows; a rehearsal's is rounded."""
        return self._start.counted(workflow.now())

    def _has_news(self) -> bool:
        return self._stirred or self._errands.news or self._alarm.rang

    def _settle(self) -> None:
        """Let everything follow from what arrived: first from people and alerts, then from each errand's answer."""
        unmarked = self._unmarked or self._alarm.rang or self._errands.news
        asked = self._errands.asked
        self._clock.refuse_phantoms()
        self._stirred = self._unmarked = False
        self._alarm.heard()
        self._advance()
        while self._errands.take():
            self._advance()
        if self._bundles is not None and self._bundles.ready:
            with self._phase().scope():
                self._bundles.leave()
        set_anew = self._alarm.set(self._walker.next_wake, self._exact_now())
        shown = self._show()
        if unmarked and not (set_anew or shown or self._errands.asked > asked):
            leave_footprint(self._walker.state.seq)

    def _advance(self) -> None:
        self._walker.advance(self._now())
        asked = self._walker.take_effects()
        flush = self._ledger.due(self._now(), with_effect=bool(asked))
        if not asked and not flush:
            return
        with self._phase().scope():
            for request in asked:
                if self._overlong() and request.effect_class != "page":
                    self._held.append(request)
                else:
                    self._carry(request)
            if flush:
                self._ledger.turn(self._now())

    def _phase(self) -> workflow.EventGroup:
        """Temporal's UI groups what was asked for by the phase in which it was."""
        phases, index = self._walker.plan.runbook.phases, self._walker.state.phase
        return workflow.create_event_group(f"phase:{phases[index].id}" if 0 <= index < len(phases) else "phase:none")

    def _done(self, request: EffectRequest, result: EffectResult) -> None:
        self._walker.effect_finished(request.key, result, self._now())

    async def _close(self) -> None:
        """Flush what is left, then see whether anything came in meanwhile."""
        self._alarm.stop()
        self._closing = True
        while (request := flush_of(self._walker, self._now())) is not None:
            await flush_at_the_end(self._walker, request)
            self._clock.refuse_phantoms()
        for event in await look_into_inbox(self._start):
            self.alerts_fired(AlertBatch(events=[event]))
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._clock.refuse_phantoms()
        self._closing = False

    # long incidents -------------------------------------------------------------------------------------------

    def _length(self) -> int:
        return workflow.info().get_current_history_length()

    def _long_enough(self) -> bool:
        """Whether to go on in a new run: the history is long and nothing is under way."""
        if not self._errands.none_out or self._walker.finished or not workflow.all_handlers_finished():
            return False
        return workflow.info().is_continue_as_new_suggested() or self._length() > self._start.continue_as_new_after

    def _overlong(self) -> bool:
        return self._length() > 2 * self._start.continue_as_new_after

    def _continue_as_new(self) -> None:
        self._alarm.stop()
        carried: dict[str, Any] = {
            "state": self._walker.dump(),
            "events": [],
            "reopened_by": None,
            "reopen_reason": None,
            "merge_orders": self._merge_orders,
        }
        workflow.continue_as_new(self._start.model_copy(update=carried))

    # what Temporal shows --------------------------------------------------------------------------------------

    def _show(self) -> bool:
        """Whether the server was told something."""
        state = self._walker.state
        if state.seq == self._shown:
            return False
        self._shown = state.seq
        workflow.set_current_details(markdown(self._walker.board(self._now())))
        if self._start.search_attributes:
            values = values_of(state)
            updates = changes(self._attributes, values)
            if updates:
                self._attributes = values
                workflow.upsert_search_attributes(updates)
                return True
        return False
