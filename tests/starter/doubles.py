"""Stand-ins: a Temporal that keeps runs in memory, and an opener that needs no runbook."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mayday.domain.commands import Answer, CommandEnvelope
from mayday.domain.incident import AlertBatch, AlertEvent, Board, StartInput
from mayday.domain.review.commands import ReviewEnvelope
from mayday.domain.review.wire import ReviewBoard
from mayday.domain.timeline import Entry
from starter.gateway import CommandRefused, NoSuchRun, NotAccepted, RunOutcome, RunView, Started, TemporalSilent
from starter.minting import incident_id
from starter.parcels import Parcel

START = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


class Clock:
    """Moves when told to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Run:
    start: StartInput
    run_id: str
    events: list[AlertEvent]
    signals: list[AlertBatch] = field(default_factory=list)
    commands: list[CommandEnvelope] = field(default_factory=list)
    closed_at: datetime | None = None
    status: str = "investigating"
    entries: list[Entry] = field(default_factory=list)
    board: Board | None = None


class FakeGateway:
    """Runs by workflow id, the last one of each. `silent` makes every call fail, `refusals` refuse commands."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.all_runs: list[Run] = []
        self.silent = False
        self.asleep = False
        self.refusals: dict[str, tuple[str, str]] = {}
        self.details: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.gate: Any = None
        self.review: Answer | None = None
        self.left_behind: dict[str, Any] = {}

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.gate is not None:
            await self.gate.wait()
        if self.silent:
            raise TemporalSilent("silent")

    def end(self, workflow_id: str, at: datetime, status: str = "resolved") -> None:
        self.runs[workflow_id].closed_at = at
        self.runs[workflow_id].status = status

    async def start(self, start: StartInput, *, again: bool) -> Started:
        await self._call("start")
        run = self.runs.get(start.workflow_id)
        if run is not None and run.closed_at is None:
            return Started(run.run_id, False)
        if run is not None and not again:
            raise NoSuchRun(start.workflow_id)
        number = f"run-{len(self.calls)}"
        self.runs[start.workflow_id] = Run(start, number, list(start.events))
        self.all_runs.append(self.runs[start.workflow_id])
        return Started(number, True)

    async def signal_alerts(self, workflow_id: str, batch: AlertBatch) -> None:
        await self._call("signal")
        run = self._running(workflow_id)
        run.signals.append(batch)
        run.events += batch.events

    async def describe(self, workflow_id: str) -> RunView | None:
        await self._call("describe")
        run = self.runs.get(workflow_id)
        return run and RunView(run.run_id, run.closed_at is None, run.start.id, run.closed_at, run.run_id)

    async def outcome(self, workflow_id: str, run_id: str) -> RunOutcome | None:
        await self._call("outcome")
        run = self.runs[workflow_id]
        state = {"status": run.status, "seq": 7, "head": "a" * 64, **self.left_behind}
        return RunOutcome(id=run.start.id, status=run.status, state=state)

    async def began_with(self, workflow_id: str, run_id: str) -> StartInput | None:
        await self._call("began_with")
        return self.runs[workflow_id].start

    async def withdraw_review(self, incident: str, withdrawal: ReviewEnvelope) -> Answer | None:
        await self._call("withdraw_review")
        return self.review

    async def command(self, workflow_id: str, envelope: CommandEnvelope, chain: str | None = None) -> Answer:
        await self._call("command")
        run = self._running(workflow_id)
        if chain is not None and chain != run.run_id:
            raise NoSuchRun(workflow_id)
        if self.asleep:
            raise NotAccepted(workflow_id)
        refusal = self.refusals.get(envelope.command.kind)
        if refusal is not None:
            raise CommandRefused(*refusal)
        run.commands.append(envelope)
        return Answer(entry=len(run.commands), detail=self.details.get(envelope.command.kind, {}))

    async def signal_command(self, workflow_id: str, envelope: CommandEnvelope) -> None:
        await self._call("signal_command")
        self._running(workflow_id).commands.append(envelope)

    async def review_board(self, incident: str, within: timedelta) -> ReviewBoard | None:
        return None

    async def board(self, workflow_id: str, within: timedelta) -> Board | None:
        if self.silent:
            return None
        run = self.runs.get(workflow_id)
        return run.board if run else None

    async def timeline(self, workflow_id: str, since: int, within: timedelta) -> list[Entry] | None:
        run = self.runs.get(workflow_id)
        return [entry for entry in run.entries if entry.seq > since] if run and not self.silent else None

    async def ping(self) -> None:
        if self.silent:
            raise TemporalSilent("silent")

    def _running(self, workflow_id: str) -> Run:
        run = self.runs.get(workflow_id)
        if run is None or run.closed_at is not None:
            raise NoSuchRun(workflow_id)
        return run


class PlainOpener:
    """Start inputs without a plan."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock

    async def from_alert(self, parcel: Parcel) -> StartInput:
        routed = parcel.routed
        return StartInput(
            id=incident_id(self._now()),
            workflow_id=parcel.workflow_id,
            correlation_key=routed.correlation_key,
            plan={},
            plan_digest="p",
            title=routed.title,
            service=routed.service,
            severity=routed.severity,
            declare=routed.declare,
            source=parcel.event.source,
            opened_at=self._now(),
        )
