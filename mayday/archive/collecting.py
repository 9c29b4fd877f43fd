"""Makes archives: histories from Temporal, everything else from the records. The same work twice changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.metadata import version
from typing import Any, NamedTuple

import structlog
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from mayday.archive.dossier import Document, Dossier, dossier_of
from mayday.archive.errors import ArchiveDamaged, NothingArchived
from mayday.archive.plain_history import plain_history
from mayday.archive.tape import Tape, listen
from mayday.domain.incident import StartInput
from mayday.domain.timeline import Entry, first_broken
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records
from mayday.temporal.plugin import data_converter

log = structlog.get_logger(__name__)

REVIEW_PREFIX = "review/"
#: the clocks of starter and Temporal may differ by this much when the runs of an incident are looked for
CLOCKS_DIFFER = timedelta(minutes=10)
_LAST_EVENTS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    }
)  # fmt: skip


class CollectedRun(NamedTuple):
    """The incident that a run belongs to, and what of it is archived."""

    incident_id: str
    documents: list[Document]


class Collector:
    """Collects what belongs to incidents. `client` and `records` belong to the caller."""

    def __init__(self, client: Client, records: Records, codec_keys: SecretStr | None = None) -> None:
        self._client = client
        self._records = records
        self._converter = data_converter(codec_keys)

    async def run(self, workflow_id: str, run_id: str) -> CollectedRun | None:
        """A run's history and the plan that it pins; None when Temporal no longer has it.

        Raises CodecKeyError, RPCError.
        """
        try:
            fetched = await self._client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        codec = self._converter.payload_codec
        history = fetched if codec is None else await plain_history(fetched, codec)
        if workflow_id.startswith(REVIEW_PREFIX):
            return CollectedRun(workflow_id.removeprefix(REVIEW_PREFIX), [history_document(history)])
        payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
        start: StartInput = self._converter.payload_converter.from_payloads(payloads, [StartInput])[0]
        plan = {key: value for key, value in start.plan.items() if key != "digest"}
        documents = [history_document(history), Document("plan", start.plan_digest, _json(plan))]
        return CollectedRun(start.id, documents)

    async def keep_run(self, run: WorkflowExecution) -> str | None:
        """Archive an ended run, and what the records have of its incident; its incident's id, None when it is gone."""
        found = await self.run(run.id, run.run_id)
        if found is None:
            return None
        documents = [*found.documents, *await self._records_of(found.incident_id)]
        await self._records.archives.add(found.incident_id, version("mayday"), documents)
        return found.incident_id

    async def keep_records(self, incident_id: str) -> None:
        """Bring an archive up to what the records have: the review's entries, the report, the closing."""
        await self._records.archives.add(incident_id, version("mayday"), await self._records_of(incident_id))

    async def keep(self, record: IncidentRecord) -> Dossier:
        """Archive an incident now, open or not, and return what is kept."""
        documents = [*await self._runs(record), *await self._records_of(record.id)]
        await self._records.archives.add(record.id, version("mayday"), documents)
        return await self._records.archives.get(record.id)

    async def look(self, record: IncidentRecord) -> Dossier:
        """What `keep` would archive, without keeping it; over what is archived already."""
        documents = {(part.kind, part.name): part for part in await self._archived(record.id)}
        for document in [*await self._runs(record), *await self._records_of(record.id)]:
            documents[document.kind, document.name] = document
        return dossier_of(record.id, self._records.store.now(), version("mayday"), documents.values())

    async def _archived(self, incident_id: str) -> list[Document]:
        try:
            known = await self._records.archives.get(incident_id)
        except NothingArchived:
            return []
        return [
            Document(part.kind, part.name, known.content(part), part.count, part.ended, part.workflow_id)
            for part in known.manifest.parts
        ]

    async def _runs(self, record: IncidentRecord) -> list[Document]:
        """Of all runs of the incident and of its review, as far as Temporal still has them."""
        since = (record.opened_at - CLOCKS_DIFFER).isoformat().replace("+00:00", "Z")
        ids = (record.workflow_id, f"{REVIEW_PREFIX}{record.id}")
        named = " OR ".join(f"WorkflowId = '{name}'" for name in ids)
        wanted = {(record.workflow_id, record.run_id)} if record.run_id else set()  # the list lags behind by a moment
        async for run in self._client.list_workflows(f"({named}) AND StartTime >= '{since}'"):
            wanted.add((run.id, run.run_id))
        found = [await self.run(workflow_id, run_id) for workflow_id, run_id in sorted(wanted)]
        ours = [run.documents for run in found if run is not None and run.incident_id == record.id]
        return list({(each.kind, each.name): each for documents in ours for each in documents}.values())

    async def _records_of(self, incident_id: str) -> list[Document]:
        entries = await self._records.timeline.entries(incident_id)
        if not await self._fits(incident_id, entries):
            return []
        documents = [timeline_document(entries)] if entries else []
        reports = await self._records.reviews.reports(incident_id)
        texts = {
            "entries": {str(entry.seq): entry.text for entry in entries},
            "reports": [report.model_dump(mode="json") for report in reports],
        }
        if entries:
            documents.append(Document("texts", "", _json(texts), count=len(entries) + len(reports)))
        return documents

    async def _fits(self, incident_id: str, entries: list[Entry]) -> bool:
        """Whether the stored timeline is whole and goes on from the archived one: else that one is the better."""
        broken = first_broken(entries)
        if broken is not None:
            log.error("timeline_broken", incident=incident_id, entry=broken)
            return False
        try:
            archived = await self._records.archives.get(incident_id)
        except NothingArchived:
            return True
        known = archived.timeline()
        if known and (len(entries) < len(known) or entries[len(known) - 1].hash != known[-1].hash):
            log.error("timeline_contradicts_archive", incident=incident_id, entry=known[-1].seq)
            return False
        return True


def history_document(history: WorkflowHistory) -> Document:
    ended = bool(history.events) and history.events[-1].event_type in _LAST_EVENTS
    content = json.dumps(history.to_json_dict(), separators=(",", ":"), sort_keys=True).encode()
    return Document("history", history.run_id, content, len(history.events), ended, history.workflow_id)


def timeline_document(entries: list[Entry]) -> Document:
    return Document("timeline", "", _json([entry.model_dump(mode="json") for entry in entries]), count=len(entries))


def histories_of(dossier: Dossier) -> list[WorkflowHistory]:
    """The runs of an archive, oldest first. Raises ArchiveDamaged when one cannot be read as a history."""
    found = []
    for part in dossier.parts("history"):
        try:
            data = json.loads(dossier.content(part))
            found.append(WorkflowHistory.from_json(part.workflow_id or part.name, data))
        except Exception as error:  # whatever protobuf's parser says of what is no history
            raise ArchiveDamaged(f"the archive of {dossier.incident_id}", part.title, "is no history") from error
    return sorted(found, key=lambda history: history.events[0].event_time.ToDatetime())


async def tapes_of(dossier: Dossier, codec_keys: SecretStr | None = None) -> list[Tape]:
    """The tapes of the incident's own runs, first to last. Raises what the replay of one raises."""
    runs = [history for history in histories_of(dossier) if not history.workflow_id.startswith(REVIEW_PREFIX)]
    return [await listen(history, codec_keys=codec_keys) for history in runs]


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
