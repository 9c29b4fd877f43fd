"""Drills: stand back, go on, end; and the score card by role afterwards."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from mayday.domain import commands
from mayday.domain.report.score_card import NotADrill, score_card
from mayday.domain.report.score_model import ScoreCard
from mayday.domain.timeline import plain
from mayday.records.incidents import IncidentRecord
from starter import bodies
from starter.access import Reading
from starter.injects import InjectRefused, inject_of
from starter.once import OnceRoute
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes.decisions import Person
from starter.routes.incidents import merged_timeline

router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["drills"], route_class=OnceRoute)


@router.post("/drill")
async def drill(body: bodies.DrillBody, to: Person) -> JSONResponse:
    """Pause a drill, let it go on, or end it: everybody who has to do with it is told. Or let something happen in it
    now. By a person."""
    inject = None
    if body.inject is not None:
        try:
            inject = inject_of(body.inject, to.common["received_at"])
        except InjectRefused as error:
            raise Problem(422, "invalid", f"inject: {error}") from None
    return await to.send(commands.Drill(**to.common, **body.model_dump(exclude={"inject"}), inject=inject))


@router.get("/score-card")
async def score(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """How fast each role answered, decided and wrote in a drill. Incidents have none: nobody is measured there."""
    card = await card_of(parts, await parts.directory.find(incident))
    found: dict[str, Any] = plain(card.model_dump(mode="python"))
    return found


async def card_of(parts: Parts, record: IncidentRecord) -> ScoreCard:
    """The score card of a drill, as its timeline is now; a `Problem` for an incident."""
    try:
        return score_card(await merged_timeline(parts, record), record.id)
    except NotADrill as error:
        raise Problem(409, "not_a_drill", str(error)) from None
