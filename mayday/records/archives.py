"""Archives: what outlives Temporal's retention. Every read checks every digest; what does not fit is named, refused."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.archive.dossier import Document, Dossier, Manifest, Part, checked, digest_of, dossier_of, read_manifest
from mayday.archive.errors import NothingArchived
from mayday.domain.effects import Wire
from mayday.records.schema import ARCHIVE_PARTS, ARCHIVES, INCIDENTS
from mayday.records.store import Store

#: an incident whose archive is behind its timeline is looked at again this many at a time
MOST_BEHIND = 20


class Behind(Wire):
    """An ended incident whose archive does not hold its whole timeline."""

    incident_id: str
    seq: int


class Archives:
    """One archive an incident; parts are added and replaced by longer ones, never shortened."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, incident_id: str, mayday: str, documents: Sequence[Document]) -> Manifest:
        """Put documents into an incident's archive, made with the first of them; the same again changes nothing.

        `mayday` is the version that writes. A document that is there with more events or entries stays.

        Raises:
            ArchiveDamaged: what is kept does not fit its digest: it is left as it is.
            RecordsUnavailable: as everywhere.
        """

        async def merge(connection: AsyncConnection) -> Manifest:
            now = self._store.now()
            await self._begin(connection, incident_id, mayday, now)
            row = (await connection.execute(_of(incident_id).with_for_update())).one()
            before = read_manifest(_where(incident_id), row.manifest, row.digest)
            made = dossier_of(incident_id, now, mayday, documents)
            fresh = [part for part in made.manifest.parts if _is_news(part, before)]
            if not fresh:
                return before
            kept = {part.title: part for part in before.parts} | {part.title: part for part in fresh}
            after = made.manifest.model_copy(update={"parts": list(kept.values())})
            for part in fresh:
                await self._put_part(connection, incident_id, part, made.content(part))
            changed = {"manifest": after.canonical(), "digest": digest_of(after.canonical()), "archived_at": now}
            changed |= {"seq": max((part.count for part in after.parts if part.kind == "timeline"), default=0)}
            await connection.execute(sa.update(ARCHIVES).where(ARCHIVES.c.incident_id == incident_id).values(changed))
            return after

        return await self._store.commit(merge)

    async def get(self, incident_id: str) -> Dossier:
        """The whole archive. Raises NothingArchived, ArchiveDamaged, OtherFormat, RecordsUnavailable."""
        async with self._store.read() as connection:
            row = (await connection.execute(_of(incident_id))).first()
            if row is None:
                raise NothingArchived(f"nothing of {incident_id} is archived")
            manifest = read_manifest(_where(incident_id), row.manifest, row.digest)
            query = sa.select(ARCHIVE_PARTS).where(ARCHIVE_PARTS.c.incident_id == incident_id)
            contents = {
                f"{part.kind} {part.name}" if part.name else part.kind: _unpacked(part.content)
                for part in await connection.execute(query)
            }
        return checked(_where(incident_id), manifest, contents)

    async def manifest(self, incident_id: str) -> Manifest | None:
        """Which parts there are, without reading them. Raises ArchiveDamaged, OtherFormat, RecordsUnavailable."""
        async with self._store.read() as connection:
            row = (await connection.execute(_of(incident_id))).first()
        return None if row is None else read_manifest(_where(incident_id), row.manifest, row.digest)

    async def archived_runs(self, run_ids: Iterable[str]) -> set[str]:
        """Those of these runs whose whole history is kept."""
        query = sa.select(ARCHIVE_PARTS.c.name).where(
            ARCHIVE_PARTS.c.kind == "history", ARCHIVE_PARTS.c.ended, ARCHIVE_PARTS.c.name.in_(list(run_ids))
        )
        async with self._store.read() as connection:
            return set(await connection.scalars(query))

    async def behind(self, limit: int = MOST_BEHIND) -> list[Behind]:
        """Ended incidents whose archive misses entries of their timeline (those of the review), oldest first."""
        kept = sa.func.coalesce(ARCHIVES.c.seq, 0)
        query = (
            sa.select(INCIDENTS.c.id, INCIDENTS.c.seq)
            .outerjoin(ARCHIVES, ARCHIVES.c.incident_id == INCIDENTS.c.id)
            .where(INCIDENTS.c.ended_at.is_not(None), INCIDENTS.c.seq > kept)
            .order_by(INCIDENTS.c.ended_at, INCIDENTS.c.id)
            .limit(limit)
        )
        async with self._store.read() as connection:
            return [Behind(incident_id=row.id, seq=row.seq) for row in await connection.execute(query)]

    async def incidents(self, *, limit: int = 1000, after: str = "") -> list[str]:
        """Ids of archived incidents, in order, those after `after`."""
        query = sa.select(ARCHIVES.c.incident_id).where(ARCHIVES.c.incident_id > after)
        async with self._store.read() as connection:
            return list(await connection.scalars(query.order_by(ARCHIVES.c.incident_id).limit(limit)))

    async def _begin(self, connection: AsyncConnection, incident_id: str, mayday: str, now: datetime) -> None:
        empty = Manifest(mayday=mayday, incident_id=incident_id, made_at=now).canonical()
        row = {"incident_id": incident_id, "manifest": empty, "digest": digest_of(empty), "seq": 0, "archived_at": now}
        insert = self._store.insert(ARCHIVES).on_conflict_do_nothing(index_elements=["incident_id"])
        await connection.execute(insert.values(row))

    async def _put_part(self, connection: AsyncConnection, incident_id: str, part: Part, content: bytes) -> None:
        row = {
            "incident_id": incident_id, "kind": part.kind, "name": part.name, "ended": part.ended,
            "content": zlib.compress(content, 6),
        }  # fmt: skip
        upsert = self._store.insert(ARCHIVE_PARTS).values(row)
        changed = {"ended": row["ended"], "content": row["content"]}
        await connection.execute(
            upsert.on_conflict_do_update(index_elements=["incident_id", "kind", "name"], set_=changed)
        )


def _is_news(part: Part, before: Manifest) -> bool:
    known = next((other for other in before.parts if other.title == part.title), None)
    if known is None:
        return True
    return part.count >= known.count and (part.digest, part.ended) != (known.digest, known.ended)


def _unpacked(content: bytes) -> bytes | None:
    """None for what is no longer whole: its digest would not fit either."""
    try:
        return zlib.decompress(content)
    except zlib.error:
        return None


def _of(incident_id: str) -> sa.Select[tuple[str, bytes, str]]:
    columns = (ARCHIVES.c.incident_id, ARCHIVES.c.manifest, ARCHIVES.c.digest)
    return sa.select(*columns).where(ARCHIVES.c.incident_id == incident_id)


def _where(incident_id: str) -> str:
    return f"the archive of {incident_id}"


__all__ = ["Archives", "Behind"]
