"""What the catalog calls people, vendors and services: for whoever shows ids to people, as the command line does."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from starter.access import Reading
from starter.asked import AskedRoute
from starter.parts import Here

router = APIRouter(prefix="/api/v1/names", tags=["access"], route_class=AskedRoute)


@router.get("")
async def names(principal: Reading, parts: Here) -> dict[str, Any]:
    """Names by id: `people`, `vendors`, `services`. Contacts are nobody's but the pager's."""
    naming = parts.naming
    return {
        "people": dict(naming.people), "vendors": dict(naming.vendors), "services": dict(naming.services),
    }  # fmt: skip
