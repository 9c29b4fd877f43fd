"""Years of incidents that are over, made quickly: nights of the library on the virtual clock, told again with other
services, dates and speeds, each with a chain of its own that verifies, its archive, its facts and a place in the list.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.progress import say
from mayday.archive.collecting import timeline_document
from mayday.archive.dossier import digest_of, dossier_of
from mayday.domain.incident import Board
from mayday.domain.report.trends import facts_of
from mayday.domain.timeline import GENESIS, Entry, append, parse_timestamp, timestamp
from mayday.language.library import Library
from mayday.records import Records
from mayday.records.incidents import IncidentRecord
from mayday.records.schema import ARCHIVE_PARTS, ARCHIVES, INCIDENTS, TIMELINE, TREND_FACTS
from mayday.settings import packaged_runbooks
from mayday.simulator.files import ScenarioFile

#: scenarios of the library, and how many incidents in a hundred went like them
NIGHTS = {
    "sev3_incident": 30, "sev3_incident_grows": 59, "demo_checkout": 5, "demo_checkout_refused": 2,
    "third_party_unknown": 3, "payments_sev1": 1,
}  # fmt: skip
SERVICES = (
    "payments",
    "checkout",
    "search",
    "network",
    "identity",
    "warehouse",
    "billing",
    "mobile",
    "mail",
    "catalog",
)
CAUSES = ("capacity", "defect", "vendor", "configuration", "hardware", "unknown")
#: the oldest began so long ago
YEARS = timedelta(days=3 * 365)
AT_ONCE = 500


@dataclass(frozen=True)
class Night:
    """One scenario's entries, and how often incidents went like it."""

    name: str
    weight: int
    entries: list[Entry]


@dataclass(frozen=True)
class PastIncident:
    record: IncidentRecord
    entries: list[Entry]


async def nights() -> list[Night]:
    """Each scenario is played once."""
    folder = packaged_runbooks()
    library = Library.load(folder)
    found = []
    for name, weight in NIGHTS.items():
        _, rehearsal = await ScenarioFile(folder / "scenarios" / f"{name}.yaml", library).play()
        assert rehearsal is not None
        found.append(Night(name, weight, list(rehearsal.timeline)))
    return found


def past_incidents(told: Sequence[Night], until: datetime, begin: int, count: int) -> Iterator[PastIncident]:
    """Incidents number `begin` and the following ones: the same for the same numbers, the newest first."""
    weights = [night.weight for night in told]
    for number in range(begin, begin + count):
        chance = random.Random(number)
        night = chance.choices(told, weights)[0]
        opened_at = until - YEARS * chance.random() - timedelta(days=2)
        yield _told_again(night, f"INC-{number:026d}", chance, opened_at)


def _told_again(night: Night, incident_id: str, chance: random.Random, opened_at: datetime) -> PastIncident:
    """The night with its moments stretched: two years ago people were slower."""
    years = (datetime.now(UTC) - opened_at).days / 365
    pace = chance.uniform(0.7, 1.3) * (1 + 0.2 * years)
    first = parse_timestamp(night.entries[0].at)
    service, drill = chance.choice(SERVICES), chance.random() < 0.03
    entries: list[Entry] = []
    head = GENESIS
    for entry in night.entries:
        at = opened_at + (parse_timestamp(entry.at) - first) * pace
        data = entry.data
        if entry.kind == "opened":
            data = {**data, "service": service, "drill": drill, "title": _title(chance, service)}
        if "after_s" in data:
            data = {**data, "after_s": round(data["after_s"] * pace)}
        if "occurred_at" in data:
            data = {key: value for key, value in data.items() if key != "occurred_at"}
        entries.append(append(head, len(entries) + 1, at, entry.kind, entry.actor, entry.step, data))
        head = entries[-1].hash
    last = parse_timestamp(entries[-1].at)
    for kind, data in (("closing_form", _form(chance, opened_at, last)), ("closed", {"status": "closed"})):
        entries.append(append(head, len(entries) + 1, last + timedelta(days=4), kind, "ana", None, data))
        head = entries[-1].hash
    about = entries[0].data
    record = IncidentRecord(
        id=incident_id, workflow_id=f"incident/{incident_id[4:]}", title=about["title"], severity=about["severity"],
        status="closed", service=service, services=[service], drill=drill, opened_at=opened_at, ended_at=last,
        board=_board(incident_id, about, opened_at, entries), head=head, seq=len(entries),
    )  # fmt: skip
    return PastIncident(record, entries)


def _title(chance: random.Random, service: str) -> str:
    what = chance.choice(("is down", "answers slowly", "returns errors", "loses messages", "is not reachable"))
    return f"{service} {what} in {chance.choice(('Frankfurt', 'Dublin', 'Singapore', 'all regions'))}"


def _form(chance: random.Random, opened_at: datetime, last: datetime) -> dict[str, Any]:
    return {
        "category": "application", "cause_code": chance.choice(CAUSES), "caused_by_change": chance.random() < 0.3,
        "impact_started_at": timestamp(opened_at - timedelta(minutes=chance.randrange(1, 20))),
        "impact_ended_at": timestamp(last), "missing": [],
    }  # fmt: skip


def _board(incident_id: str, about: dict[str, Any], opened_at: datetime, entries: Sequence[Entry]) -> Board:
    sent = [{**entry.data, "at": entry.at} for entry in entries if entry.kind == "message_sent"]
    return Board(
        id=incident_id, workflow_id=f"incident/{incident_id[4:]}", title=about["title"], severity=about["severity"],
        priority="P1", status="closed", service=about["service"], services=[about["service"]],
        drill=about["drill"], opened_at=opened_at, sent=sent, finished=True, seq=len(entries), head=entries[-1].hash,
    )  # fmt: skip


async def fill(records: Records, told: Sequence[Night], begin: int, count: int) -> int:
    """Put so many more past incidents into the records, in large transactions; how many entries they have."""
    entries = 0
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    batch: list[PastIncident] = []
    for past in past_incidents(told, until, begin, count):
        batch.append(past)
        if len(batch) == AT_ONCE:
            entries += await write(records, batch)
            batch = []
            say(f"  {entries:,} entries")
    return entries + await write(records, batch)


async def write(records: Records, batch: Sequence[PastIncident]) -> int:
    """Put them into every table in one transaction; how many entries they have."""
    if not batch:
        return 0
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        table: [] for table in (INCIDENTS, TIMELINE, TREND_FACTS, ARCHIVES, ARCHIVE_PARTS)
    }
    for record, entries in ((past.record, past.entries) for past in batch):
        board = record.board.model_dump(mode="json", by_alias=True) if record.board else None
        ended = record.ended_at or record.opened_at
        rows[INCIDENTS].append({**record.model_dump(exclude={"board"}), "board": board, "updated_at": ended})
        rows[TIMELINE] += [{"incident_id": record.id, **entry.model_dump()} for entry in entries]
        facts = facts_of(record.id, entries)
        assert facts is not None
        rows[TREND_FACTS].append(
            {
                "incident_id": record.id, "seq": record.seq, "opened_at": record.opened_at,
                "facts": facts.stored(),
            }
        )  # fmt: skip
        dossier = dossier_of(record.id, ended, "0.1.0", [timeline_document(entries)])
        manifest = dossier.manifest.canonical()
        rows[ARCHIVES].append(
            {
                "incident_id": record.id,
                "manifest": manifest,
                "digest": digest_of(manifest),
                "seq": record.seq,
                "archived_at": ended,
            }
        )
        rows[ARCHIVE_PARTS] += [
            {
                "incident_id": record.id,
                "kind": part.kind,
                "name": part.name,
                "ended": True,
                "content": zlib.compress(dossier.content(part), 1),
            }
            for part in dossier.manifest.parts
        ]
    async with records.store.write() as connection:
        for table, values in rows.items():
            await connection.execute(sa.insert(table), values)
    return len(rows[TIMELINE])
