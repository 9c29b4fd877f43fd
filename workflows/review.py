"""The review as a durable workflow, weeks long: a thin shell over `mayday.domain.review`, which has all the rules.

It follows the incident's shell (see there for the order of jobs): handlers give what they bring to the case at once,
the main loop judges deadlines afterwards. Entries and board are kept after each change, one batch at a time; a store
that is away is tried until it is back, and nothing else waits for it but the draft of the report, which reads it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, get_args

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from mayday.domain.commands import Answer, Refusal
from mayday.domain.effects import FLUSH, EffectRequest, EffectResult, FlushRequest, Wire
from mayday.domain.review import REVIEW_COMMAND, ReviewBoard, ReviewCase, ReviewCommand, ReviewEnvelope, ReviewInput
from mayday.domain.review.wire import DRAFT_REPORT, SAVE, SaveReview
from workflows.alarm import Alarm
from workflows.effects import carry_out
from workflows.options import last_flush_options, local_options

COMMAND_SIGNAL = "command_sent"
#: the kinds of commands; each is an update of that name
COMMAND_KINDS: tuple[str, ...] = tuple(
    model.model_fields["kind"].default for model in get_args(get_args(ReviewCommand)[0])
)


class ReviewEnd(Wire):
    """What a review leaves behind: `status` is closed, or withdrawn by a reopening; `head` is the chain's."""

    incident_id: str
    status: str
    seq: int
    head: str


@workflow.defn(name="ReviewWorkflow")
class ReviewWorkflow:
    @workflow.init
    def __init__(self, start: ReviewInput) -> None:
        self._start = start
        self._offset = timedelta(seconds=start.clock_offset_s)
        self._case = ReviewCase(start, self._now())
        self._alarm = Alarm()
        self._stirred = True
        self._answers: list[tuple[str, EffectResult]] = []
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._kept_revision = -1
        for kind in COMMAND_KINDS:
            workflow.set_update_handler(kind, self._updater(kind), validator=self._validator(kind))

    @workflow.run
    async def run(self, start: ReviewInput) -> ReviewEnd:
        """Chase until all is done. `start` was taken by `__init__`."""
        while True:
            self._settle()
            if self._case.finished and not self._under_way:
                self._alarm.stop()
                await self._kept()
                await workflow.wait_condition(workflow.all_handlers_finished)
                break
            if self._long_enough():
                await self._kept()
                if not self._stirred and not self._answers and not self._under_way:
                    self._alarm.stop()
                    workflow.continue_as_new(self._case.next_input())
                continue
            await workflow.wait_condition(self._has_news)
        state = self._case.state
        return ReviewEnd(
            incident_id=self._start.incident_id, status=state.status, seq=state.next_seq - 1, head=state.head
        )

    # what arrives ---------------------------------------------------------------------------------------------

    @workflow.signal(name=COMMAND_SIGNAL)
    def command_sent(self, envelope: dict[str, Any]) -> None:
        """A command of a caller that cannot wait; a refusal becomes an entry."""
        try:
            command = _parse(envelope, None)
        except ValidationError as error:
            workflow.logger.warning("command_unreadable: %s", error)
            return
        self._deliver(command, signalled=True)

    def _validator(self, kind: str) -> Callable[[dict[str, Any]], None]:
        def validate(command: dict[str, Any]) -> None:
            try:
                parsed = _parse(command, kind)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"])
                raise _refused(Refusal(code="invalid", reason=f"{place}: {first['msg']}")) from error
            refusal = self._case.refusal(parsed, self._now())
            if refusal is not None:
                raise _refused(refusal)

        return validate

    def _updater(self, kind: str) -> Callable[[dict[str, Any]], Awaitable[Answer]]:
        async def update(command: dict[str, Any]) -> Answer:
            answer = self._deliver(_parse(command, kind))
            if answer.refusal is not None:
                raise _refused(answer.refusal)
            return answer

        return update

    def _deliver(self, command: ReviewCommand, *, signalled: bool = False) -> Answer:
        self._stirred = True
        try:
            return self._case.deliver(command, self._now(), signalled=signalled)
        except Exception as error:  # noqa: BLE001 - one bad command must not wedge the review: it is refused instead
            workflow.logger.exception("command_failed", extra={"command": command.id, "kind": command.kind})
            return Answer(state="refused", refusal=Refusal(code="invalid", reason=f"could not be applied: {error}"))

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
        return workflow.now() + self._offset

    def _has_news(self) -> bool:
        return self._stirred or bool(self._answers) or self._alarm.rang

    def _settle(self) -> None:
        """Let everything follow from what arrived, one answer at a time."""
        self._stirred = False
        self._case.advance(self._now())
        self._launch_asked()
        while self._answers:
            key, result = self._answers.pop(0)
            self._case.effect_finished(key, result, self._now())
            self._launch_asked()
        self._alarm.set(self._case.next_wake, self._now())
        self._keep()

    def _launch_asked(self) -> None:
        for request in self._case.take_effects():
            self._under_way[request.key] = asyncio.create_task(self._carry_out(request))

    async def _carry_out(self, request: EffectRequest) -> None:
        if request.kind == DRAFT_REPORT:
            await self._kept()  # the draft reads the store
        result = await carry_out(request)
        self._under_way.pop(request.key, None)
        self._answers.append((request.key, result))

    # keeping --------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Let entries and board leave for the store, unless that is under way: then it goes on by itself."""
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_all()) if self._has_unkept() else None

    def _has_unkept(self) -> bool:
        return bool(self._case.unflushed()) or self._kept_revision != self._case.state.revision

    async def _keep_all(self) -> None:
        while self._has_unkept():
            entries = self._case.unflushed()
            if entries:
                closed = self._case.state.closed_at is not None
                flush = FlushRequest(
                    incident_id=self._start.incident_id,
                    entries=entries,
                    status="closed" if closed else None,
                    note_to_ticket=not self._start.card.drill,
                )
                await _until_kept(FLUSH, flush, f"timeline {entries[0].seq} to {entries[-1].seq}")
                self._case.flushed(entries[-1].seq)
            board = self._case.board()
            key = f"{self._start.incident_id}/review#{board.revision}"
            await _until_kept(SAVE, SaveReview(effect_key=key, board=board), f"review, revision {board.revision}")
            self._kept_revision = board.revision

    async def _kept(self) -> None:
        """Everything so far is in the store."""
        while self._has_unkept():
            self._keep()
            if self._keeping is not None:
                await self._keeping

    # long reviews ---------------------------------------------------------------------------------------------

    def _long_enough(self) -> bool:
        """Whether to go on in a new run: the history is long and nothing is under way."""
        if self._under_way or self._case.finished or not self._case.idle or not workflow.all_handlers_finished():
            return False
        length = workflow.info().get_current_history_length()
        return workflow.info().is_continue_as_new_suggested() or length > self._start.continue_as_new_after


async def _until_kept(kind: str, request: Wire, summary: str) -> None:
    """Quickly where the store is there, else until it is back."""
    try:
        await workflow.execute_local_activity(kind, request, summary=summary, **local_options())
    except FailureError:
        await workflow.execute_activity(kind, request, summary=summary, **last_flush_options())


def _parse(data: dict[str, Any], kind: str | None) -> ReviewCommand:
    """A command as it came: in its envelope, or bare under the name of its kind."""
    if "command" in data:
        return ReviewEnvelope.model_validate(data).command
    return REVIEW_COMMAND.validate_python(data if kind is None else {**data, "kind": kind})


def _refused(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.reason, type=refusal.code, non_retryable=True)
