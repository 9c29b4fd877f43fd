"""Archives over HTTP: make one now, take one away. What outlives Temporal is read from the records."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from temporalio.service import RPCError
from temporalio.workflow import NondeterminismError

from mayday.archive.collecting import tapes_of
from mayday.archive.dossier import Dossier, Manifest
from mayday.archive.errors import ArchiveError, NothingArchived
from mayday.archive.export_file import SUFFIX, packed
from mayday.archive.moments import parse_begin, parse_moment, seen
from mayday.archive.tape import Tape
from mayday.domain.report.lanes import lanes_of, night_of
from mayday.domain.report.lanes_svg import drawn
from mayday.domain.timeline import first_broken, stamped
from mayday.records.incidents import IncidentRecord
from starter.access import Acting, Reading
from starter.once import OnceRoute
from starter.parts import Here, Parts
from starter.problems import Problem

__all__ = ["dossier_of", "router", "tapes_of_dossier"]

#: incidents that reviewers look into at once; a tape is some hundred kilobytes
KEPT_TAPES = 8

router = APIRouter(prefix="/api/v1", tags=["reviews"], route_class=OnceRoute)


@router.post("/reviews/{incident}/archive")
async def archive(incident: str, principal: Acting, parts: Here) -> dict[str, Any]:
    """Archive an incident now, open or not: histories, plan, timeline and texts."""
    record = await parts.directory.find(incident)
    if parts.collector is None:
        raise Problem(503, "temporal_silent", "Temporal has not been reached yet: its histories cannot be read")
    try:
        kept = shown((await parts.collector.keep(record)).manifest)
        broken = first_broken(await parts.records.timeline.entries(record.id))
        if broken is not None:
            detail = f"entry {broken} of the stored timeline does not follow from the one before it"
            hint = "the histories are archived; the timeline in the archive stays as it was"
            raise Problem(409, "timeline_broken", detail, hint=hint)
        return kept
    except ArchiveError as error:
        raise _damaged(error) from None
    except RPCError as error:
        raise Problem(503, "temporal_silent", f"Temporal does not answer: {error.message}") from None


@router.get("/reviews/{incident}/archive", response_class=Response)
async def export(incident: str, principal: Reading, parts: Here) -> Response:
    """The archive as a file. What is not archived yet is looked up for it, and not kept."""
    dossier = await dossier_of(parts, await parts.directory.find(incident))
    name = f'attachment; filename="{dossier.incident_id}{SUFFIX}"'
    return Response(packed(dossier), media_type="application/zip", headers={"Content-Disposition": name})


@router.get("/reviews/{incident}/at")
async def at(
    incident: str,
    principal: Reading,
    parts: Here,
    moment: Annotated[str, Query(description="14:32 (UTC), T+37m, 12 (an entry), or a whole time")],
) -> dict[str, Any]:
    """The incident as of a moment: state, open questions, who was paged, last updates, vendors' clocks."""
    record = await parts.directory.find(incident)
    dossier = await dossier_of(parts, record)
    entries = dossier.timeline()
    try:
        found = seen(await tapes_of_dossier(parts, dossier, record.seq), entries, parse_moment(moment, entries))
    except ValueError as error:
        raise Problem(422, "invalid", str(error)) from None
    return stamped(found, by_alias=True)


@router.get("/reviews/{incident}/lanes", response_class=Response)
async def lanes(
    incident: str,
    principal: Reading,
    parts: Here,
    since: Annotated[str | None, Query(alias="from", description="only from this moment on")] = None,
    until: Annotated[str | None, Query(alias="to", description="only up to this moment")] = None,
) -> Response:
    """The timeline drawn as lanes over time: an SVG."""
    record = await parts.directory.find(incident)
    entries = await parts.records.timeline.entries(record.id)
    if not entries:
        raise Problem(404, "not_archived", f"{record.id} has no timeline yet")
    first, last = night_of(entries)
    naming = parts.naming
    try:
        begin = parse_begin(since, entries) if since else first
        end = parse_moment(until, entries).at if until else last
        named = [entry.named(naming) for entry in entries]
        picture = drawn(lanes_of(named), begin, end, f"{record.title}  {record.severity}  {record.id}")
    except ValueError as error:
        raise Problem(422, "invalid", str(error)) from None
    return Response(picture, media_type="image/svg+xml")


async def tapes_of_dossier(parts: Parts, dossier: Dossier, seq: int) -> list[Tape]:
    """The incident's tapes, kept for the next look: a slider asks many times."""
    key = (dossier.incident_id, seq, dossier.manifest.parts[0].digest if dossier.manifest.parts else "")
    async with parts.replaying:
        if key not in parts.tapes:
            try:
                parts.tapes[key] = await tapes_of(dossier, parts.settings.codec_keys)
            except ArchiveError as error:
                raise _damaged(error) from None
            except NondeterminismError:
                detail = "a run does not replay with this version of the code"
                hint = "mayday review replay says where"
                raise Problem(409, "other_version", detail, hint=hint) from None
            while len(parts.tapes) > KEPT_TAPES:
                del parts.tapes[next(iter(parts.tapes))]
        return parts.tapes[key]


async def dossier_of(parts: Parts, record: IncidentRecord) -> Dossier:
    """The archive of an incident, brought up to now where Temporal answers; a `Problem` when there is none."""
    try:
        manifest = await parts.records.archives.manifest(record.id)
        if (manifest is None or not _is_whole(manifest, record)) and parts.collector is not None:
            try:
                return await parts.collector.look(record)
            except RPCError:
                pass  # what is archived is the next best
        return await parts.records.archives.get(record.id)
    except NothingArchived as error:
        raise Problem(404, "not_archived", str(error), hint="it is archived once Temporal answers") from None
    except ArchiveError as error:
        raise _damaged(error) from None


def shown(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the API prints it."""
    return stamped(manifest)


def _is_whole(manifest: Manifest, record: IncidentRecord) -> bool:
    histories = [part for part in manifest.parts if part.kind == "history"]
    entries = sum(part.count for part in manifest.parts if part.kind == "timeline")
    return not record.is_open and bool(histories) and all(part.ended for part in histories) and entries >= record.seq


def _damaged(error: ArchiveError) -> Problem:
    return Problem(409, "archive_damaged", str(error), hint="restore the records from a backup")
