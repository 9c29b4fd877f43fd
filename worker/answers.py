"""Asks vendors that send no callbacks whether somebody answered, and tells the incident (Everbridge has none;
PagerDuty, Opsgenie and JSM Operations are asked where no webhook of theirs has credentials here). PagerDuty is also
asked what people wrote on our pages there.

Bounded: one round every `MAYDAY_ANSWERS_EVERY` seconds and worker, only while something rings there, for calls of the
last hours, and each line asks a few requests a round at most. Notes are asked for once a minute, a few pages at a time,
also after the page was answered, until the incident ends. Nothing of this is in a workflow: an answer arrives there
as the update `ack`, as from the API, and a page that was answered elsewhere meanwhile refuses it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from mayday.catalogs import CatalogSource
from mayday.domain.commands import Ack, Answer, Note
from mayday.domain.errors import ProviderError
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_pager import AnsweredCall, NotedLine, PageNote, WatchedLine
from mayday.records import Records
from mayday.records.errors import RecordsUnavailable
from mayday.signing import Signer
from worker.health import WorkerHealth

__all__ = ["Answers", "Commands", "TemporalCommands", "watch_answers"]

log = structlog.get_logger(__name__)

#: an older page is not waited for any more: it was escalated long ago
LOOKS_BACK = timedelta(hours=4)
MOST_CALLS = 50
#: pages whose notes are asked for at once, and how often
MOST_NOTED = 5
NOTES_EVERY = timedelta(minutes=1)
_MACHINE = "owner"
_TOLD = "note_told"
_TAKEN_WITHIN_S = 5.0


class Commands(Protocol):
    """How an acknowledgement, or what was found out, reaches an incident."""

    async def tell(self, incident: str, workflow_id: str, command: Ack | Note) -> bool:
        """True once the incident has taken or refused it, or has ended; False: try again later."""
        ...


class TemporalCommands:
    """Sends it as the update that the API sends, signed with the house's keys as that is."""

    def __init__(self, client: Client, signer: Signer) -> None:
        self._client = client
        self._signer = signer

    async def tell(self, incident: str, workflow_id: str, command: Ack | Note) -> bool:
        handle = self._client.get_workflow_handle(workflow_id)
        envelope = await self._signer.for_incident(incident, command)
        try:
            async with asyncio.timeout(_TAKEN_WITHIN_S):
                await handle.execute_update(command.kind, envelope, id=command.id, result_type=Answer)
        except WorkflowUpdateFailedError as refused:
            log.info(
                "command_refused", kind=command.kind, incident=incident, actor=command.actor, reason=str(refused.cause)
            )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return False
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                log.warning("command_not_told", kind=command.kind, incident=incident, reason=error.message)
                return False
        return True


class Answers:
    """One round: what rings, who answered, which incident hears of it."""

    def __init__(
        self, lines: Mapping[str, WatchedLine], records: Records, catalog: CatalogSource, commands: Commands
    ) -> None:
        self._lines = lines
        self._records = records
        self._catalog = catalog
        self._commands = commands
        self._noted_at: dict[str, datetime] = {}
        self._turn = 0

    async def look(self) -> int:
        """How many answers were told. Raises RecordsUnavailable; a vendor that is silent is asked in the next round."""
        told = 0
        since = self._records.pager_calls.now() - LOOKS_BACK
        for name, line in self._lines.items():
            try:
                told += await self._answered(name, line, since)
                if isinstance(line, NotedLine):
                    told += await self._noted(name, line, since)
            except ProviderError as error:
                log.warning("answers_not_known", provider=name, reason=str(error))
        return told

    async def _answered(self, name: str, line: WatchedLine, since: datetime) -> int:
        ringing = await self._records.pager_calls.find(
            provider=name, states=("ringing",), since=since, limit=MOST_CALLS, newest=True
        )
        told = 0
        for each in await line.answered(ringing) if ringing else []:
            told += await self._tell(name, each)
        return told

    async def _noted(self, name: str, line: NotedLine, since: datetime) -> int:
        now = self._records.pager_calls.now()
        if name in self._noted_at and now - self._noted_at[name] < NOTES_EVERY:
            return 0
        self._noted_at[name] = now
        calls = await self._records.pager_calls.find(
            provider=name, states=("ringing", "acknowledged", "closed"), since=since, limit=MOST_CALLS, newest=True
        )
        ids = {call.incident_id for call in calls}
        records = {each: await self._records.incidents.get(each) for each in ids}
        going_on = [call for call in calls if (record := records[call.incident_id]) and record.ended_at is None]
        start = self._turn % max(1, len(going_on))
        self._turn = start + MOST_NOTED
        told = 0
        for note in await line.notes((going_on[start:] + going_on[:start])[:MOST_NOTED]):
            record = records[note.call.incident_id]
            assert record is not None
            told += await self._tell_note(name, note, record.workflow_id, now)
        return told

    async def _tell_note(self, provider: str, note: PageNote, workflow_id: str, now: datetime) -> bool:
        receipts, incident = Receipts(self._records.desk, provider), note.call.incident_id
        if await receipts.of(_TOLD, note.id) is not None:
            return False
        person = self._known(provider, note.by)
        words = f"note on the page: {note.text}"
        command = Note(
            id=f"cmd-{hashlib.sha256(f'{provider} note {note.id}'.encode()).hexdigest()[:26]}",
            actor=person or _MACHINE, channel=provider, received_at=now,
            text=words if person else f"{note.name or 'somebody'} in {provider}: {words}",
            occurred_at=note.at if note.at is not None and note.at <= now else None,
        )  # fmt: skip
        if not await self._commands.tell(incident, workflow_id, command):
            return False
        await receipts.keep(_TOLD, note.id, incident, {"page": note.call.page})
        log.info("note_told", provider=provider, incident=incident, page=note.call.page)
        return True

    async def _tell(self, provider: str, answered: AnsweredCall) -> bool:
        call = answered.call
        record = await self._records.incidents.get(call.incident_id)
        if record is not None and record.ended_at is None:
            ack = Ack(
                id=f"cmd-{hashlib.sha256(f'{provider} {call.effect_key}'.encode()).hexdigest()[:26]}",
                actor=self._person(provider, answered), channel=provider, page=call.page,
                received_at=self._records.pager_calls.now(),
            )  # fmt: skip
            if not await self._commands.tell(record.id, record.workflow_id, ack):
                return False
        await self._records.pager_calls.note(call.effect_key, provider, "acknowledged")
        log.info("answer_told", provider=provider, incident=call.incident_id, page=call.page)
        return True

    def _person(self, provider: str, answered: AnsweredCall) -> str:
        """The catalog's person behind the vendor's; who was called, when the vendor does not say or nobody fits."""
        return self._known(provider, answered.by or "") or answered.call.person

    def _known(self, provider: str, by: str) -> str | None:
        wanted = by.casefold()
        for name, person in self._catalog.current().people.items():
            if wanted and wanted in ((person.ids.get(provider) or "").casefold(), (person.email or "").casefold()):
                return name
        return None


async def watch_answers(answers: Answers, health: WorkerHealth, every: float) -> None:
    """One look every `every` seconds while this worker polls; runs until cancelled."""
    while True:
        if health.ready:
            try:
                await answers.look()
            except RecordsUnavailable as error:
                log.warning("answers_not_looked_for", reason=str(error))
        await asyncio.sleep(every)
