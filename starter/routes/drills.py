"""Drills: stand back, go on, end; and the score card by role afterwards."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from mayday.domain import commands
from mayday.domain.report.score_card import NotADrill, score_card
from mayday.domain.timeline import plain
from starter import bodies
from starter.access import Reading
from starter.once import OnceRoute
from starter.parts import Here
from starter.problems import Problem
from starter.routes.decisions import Person
from starter.routes.incidents import merged_timeline

router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["drills"], route_class=OnceRoute)


@router.post("/drill")
async def drill(body: bodies.DrillBody, to: Person) -> JSONResponse:
    """Pause a drill, let it go on, or end it; everybody who has to do with it is told. By a person, with a reason."""
    return await to.send(commands.Drill(**to.common, **body.model_dump()))


@router.get("/score-card")
async def score(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """How fast each role answered, decided and wrote in a drill. Incidents have none: nobody is measured there."""
    record = await parts.directory.find(incident)
    try:
        card = score_card(await merged_timeline(parts, record), record.id)
    except NotADrill as error:
        raise Problem(409, "not_a_drill", str(error)) from None
    found: dict[str, Any] = plain(card.model_dump(mode="python"))
    return found
