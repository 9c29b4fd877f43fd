"""The review as a durable workflow, weeks long: a thin shell over `mayday.domain.review`, which has all the rules.

It follows the incident's shell (see there and errands.py for the order of jobs): handlers give what they bring to the
case at once, the main loop judges deadlines afterwards and takes answers one by one. Entries and board are kept after
each change, one batch at a time; a store that is away is tried until it is back, and nothing else waits for it but the
draft of the report, which reads it.
"""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from mayday.domain.commands import Answer, Refusal
from mayday.domain.effects import FLUSH, EffectRequest, EffectResult, FlushRequest, Wire
from mayday.domain.review import REVIEW_COMMAND, ReviewBoard, ReviewCase, ReviewCommand, ReviewEnvelope, ReviewInput
from mayday.domain.review.wire import DRAFT_REPORT, SAVE, SaveReview
from mayday.domain.signed import review_subject
from workflows.alarm import Alarm
from workflows.door import Door, kinds_of, takes
from workflows.effects import Carrier
from workflows.errands import Errands
from workflows.footprint import leave_footprint
from workflows.ledger import until_kept
from workflows.signatures import UNSIGNED, Seal
from workflows.task_clock import TaskClock

#: the kinds of commands; each is an update of that name
COMMAND_KINDS = kinds_of(ReviewCommand)


class ReviewEnd(Wire):
    """What a review leaves behind: `status` is closed, or withdrawn by a reopening; `head` is the chain's."""

    incident_id: str
    status: str
    seq: int
    head: str


@workflow.defn(name="ReviewWorkflow")
@takes(COMMAND_KINDS)
class ReviewWorkflow(Door[ReviewCommand]):
    @workflow.init
    def __init__(self, start: ReviewInput) -> None:
        self._start = start
        self._offset = timedelta(seconds=start.clock_offset_s)
        self._clock = TaskClock()
        self._case = ReviewCase(start, self._now())
        self._seal = Seal(review_subject(start.incident_id), start.decision_keys)
        self._alarm = Alarm()
        self._stirred = self._unmarked = True
        self._errands = Errands()
        self._carrier = Carrier(self._errands, self._done)
        self._drafts: list[EffectRequest] = []
        self._keeping = False
        self._kept_revision = -1

    @workflow.run
    async def run(self, start: ReviewInput) -> ReviewEnd:
        """Chase until all is done. `start` was taken by `__init__`."""
        while True:
            self._settle()
            at_rest = self._errands.none_out and not self._has_unkept()
            if self._case.finished and at_rest:
                self._alarm.stop()
                await workflow.wait_condition(workflow.all_handlers_finished)
                break
            if at_rest and self._long_enough():
                self._alarm.stop()
                workflow.continue_as_new(self._case.next_input())
            await workflow.wait_condition(self._has_news)
        state = self._case.state
        return ReviewEnd(
            incident_id=self._start.incident_id, status=state.status, seq=state.next_seq - 1, head=state.head
        )

    # what arrives ---------------------------------------------------------------------------------------------

    def _parse(self, data: dict[str, Any], kind: str | None) -> ReviewCommand:
        if "command" in data:
            return ReviewEnvelope.model_validate(data).command
        return REVIEW_COMMAND.validate_python(data if kind is None else {**data, "kind": kind})

    def _refusal(self, command: ReviewCommand) -> Refusal | None:
        return self._case.refusal(command, self._now())

    def _believes(self, envelope: dict[str, Any], command: ReviewCommand, *, signalled: bool = False) -> bool:
        if self._seal.holds(envelope):
            return True
        self._arrived(signalled=signalled)
        self._turn_away(command.kind, command.actor, UNSIGNED)
        return False

    def _turn_away(self, what: str, claimed: str, refusal: Refusal) -> None:
        self._case.turn_away(what, claimed, refusal, self._now())

    def _deliver(self, command: ReviewCommand, *, signalled: bool = False) -> Answer:
        self._arrived(signalled=signalled)
        try:
            return self._case.deliver(command, self._now(), signalled=signalled)
        except Exception as error:  # noqa: BLE001 - one bad command must not wedge the review: it is refused instead
            workflow.logger.exception("command_failed", extra={"command": command.id, "kind": command.kind})
            return Answer(state="refused", refusal=Refusal(code="invalid", reason=f"could not be applied: {error}"))

    def _arrived(self, *, signalled: bool) -> None:
        self._stirred = True
        self._unmarked |= signalled

    # what can be asked ----------------------------------------------------------------------------------------

    @workflow.query
    def review(self) -> ReviewBoard:
        return self._case.board()

    @workflow.query
    def timeline(self, since: int = 0) -> list[dict[str, Any]]:
        """The review's entries after `since` that are not known to be in the store."""
        return [entry.public() for entry in self._case.unflushed() if entry.seq > since]

    # the loop -------------------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        self._clock.look()
        return workflow.now() + self._offset

    def _has_news(self) -> bool:
        return self._stirred or self._errands.news or self._alarm.rang

    def _settle(self) -> None:
        """Let everything follow from what arrived, one answer at a time."""
        unmarked = self._unmarked or self._alarm.rang or self._errands.news
        asked = self._errands.asked
        self._clock.refuse_phantoms()
        self._stirred = self._unmarked = False
        self._alarm.heard()
        self._advance()
        while self._errands.take():
            self._advance()
        set_anew = self._alarm.set(self._case.next_wake, self._now())
        if unmarked and not (set_anew or self._errands.asked > asked):
            leave_footprint(self._case.state.next_seq - 1)

    def _advance(self) -> None:
        self._case.advance(self._now())
        for request in self._case.take_effects():
            if request.kind == DRAFT_REPORT:
                self._drafts.append(request)
            else:
                self._carrier.carry(request)
        self._keep()
        if not self._keeping:  # the draft reads the store
            drafts, self._drafts = self._drafts, []
            for request in drafts:
                self._carrier.carry(request)

    def _done(self, request: EffectRequest, result: EffectResult) -> None:
        self._case.effect_finished(request.key, result, self._now())

    # keeping --------------------------------------------------------------------------------------------------

    def _has_unkept(self) -> bool:
        return bool(self._case.unflushed()) or self._kept_revision != self._case.state.revision

    def _keep(self) -> None:
        """Let entries, and then the board, leave for the store, unless that is under way."""
        if self._keeping or not self._has_unkept():
            return
        self._keeping = True
        entries = self._case.unflushed()
        if not entries:
            self._keep_board()
            return
        closed = self._case.state.closed_at is not None
        flush = FlushRequest(
            incident_id=self._start.incident_id,
            entries=entries,
            status="closed" if closed else None,
            note_to_ticket=not self._start.card.drill,
        )

        def kept() -> None:
            self._case.flushed(flush.entries[-1].seq)
            self._keep_board()

        # an ordinary activity, as the incident's flush is (workflows/ledger.py)
        summary = f"timeline {entries[0].seq} to {entries[-1].seq}"
        self._errands.run(until_kept(FLUSH, flush, summary), lambda _: kept())

    def _keep_board(self) -> None:
        board = self._case.board()
        key = f"{self._start.incident_id}/review#{board.revision}"

        def kept() -> None:
            self._kept_revision = board.revision
            self._keeping = False

        save = SaveReview(effect_key=key, board=board)
        self._errands.run(until_kept(SAVE, save, f"review, revision {board.revision}"), lambda _: kept())

    # long reviews ---------------------------------------------------------------------------------------------

    def _long_enough(self) -> bool:
        """Whether to go on in a new run: the history is long and nothing is under way."""
        if self._case.finished or not self._case.idle or not workflow.all_handlers_finished():
            return False
        length = workflow.info().get_current_history_length()
        return workflow.info().is_continue_as_new_suggested() or length > self._start.continue_as_new_after
