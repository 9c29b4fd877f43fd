"""A night that is over and archived, as the reviewer's pages find it."""

from __future__ import annotations

from mayday.archive.collecting import tapes_of
from mayday.archive.dossier import Document
from mayday.domain.incident import StartInput
from mayday.domain.timeline import parse_timestamp
from mayday.records import IncidentRecord, Records
from tests.archive.recorded import archived

PAYMENTS = "payments_sev1_every_150"
"""Five runs, a vendor that broke its promise, an approval and a rejection, updates that nobody read."""


#: what a night began with, read once for all tests of a process
_STARTS: dict[str, StartInput | None] = {}


async def keep(records: Records, name: str = PAYMENTS, incident: str = "INC-01M80YPJAW4DFZ44RVP3AYJK1B") -> str:
    """The stored history `name` as an incident that is over; its id."""
    dossier = await archived(name)
    entries = dossier.timeline()
    opened, last = entries[0], entries[-1]
    if name not in _STARTS:
        (tape, *_) = await tapes_of(dossier)
        _STARTS[name] = tape.start
    if (start := _STARTS[name]) is not None:
        await records.plans.put(start.plan_digest, start.plan)
    await records.timeline.append(incident, entries)
    await records.incidents.opened(
        IncidentRecord(
            id=incident, workflow_id="incident/1", title=opened.data["title"], severity=opened.data["severity"],
            status="resolved", service="payments", services=["payments"], opened_at=parse_timestamp(opened.at),
            ended_at=parse_timestamp(last.at), seq=last.seq, head=last.hash,
        )
    )  # fmt: skip
    parts = [
        Document(part.kind, part.name, dossier.content(part), part.count, part.ended, part.workflow_id)
        for part in dossier.manifest.parts
    ]
    await records.archives.add(incident, "0.1.0", parts)
    return incident
