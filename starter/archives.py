"""Archives over HTTP: make one now, take one away. What outlives Temporal is read from the records."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from temporalio.service import RPCError

from mayday.archive.dossier import Dossier, Manifest
from mayday.archive.errors import ArchiveError, NothingArchived
from mayday.archive.export_file import SUFFIX, packed
from mayday.domain.timeline import timestamp
from mayday.records.incidents import IncidentRecord
from starter.access import Acting, Reading
from starter.once import OnceRoute
from starter.parts import Here, Parts
from starter.problems import Problem

__all__ = ["dossier_of", "router"]

router = APIRouter(prefix="/api/v1", tags=["reviews"], route_class=OnceRoute)


@router.post("/reviews/{incident}/archive")
async def archive(incident: str, principal: Acting, parts: Here) -> dict[str, Any]:
    """Archive an incident now, open or not: histories, plan, timeline and texts."""
    record = await parts.directory.find(incident)
    if parts.collector is None:
        raise Problem(503, "temporal_silent", "Temporal has not been reached yet: its histories cannot be read")
    try:
        return shown((await parts.collector.keep(record)).manifest)
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
    return {**manifest.model_dump(mode="json"), "made_at": timestamp(manifest.made_at)}


def _is_whole(manifest: Manifest, record: IncidentRecord) -> bool:
    histories = [part for part in manifest.parts if part.kind == "history"]
    entries = sum(part.count for part in manifest.parts if part.kind == "timeline")
    return not record.is_open and bool(histories) and all(part.ended for part in histories) and entries >= record.seq


def _damaged(error: ArchiveError) -> Problem:
    return Problem(409, "archive_damaged", str(error), hint="restore the records from a backup")
