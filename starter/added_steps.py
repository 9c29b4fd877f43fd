"""A step that a person adds is held to the checks of a step in the file before it goes to the incident.

The incident itself checks what its pinned plan knows, and decides; what is found here is said with code and hint, as
`runbook lint` would.
"""

from __future__ import annotations

from typing import Any

import structlog

from mayday.language.added_steps import placed_findings, with_added
from mayday.language.plan import Plan
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import merged_timeline

__all__ = ["check_added_step"]

log = structlog.get_logger(__name__)

UNNAMED = "added_step"
"""The id of a step without one while it is looked at; the incident gives it a better one."""


async def check_added_step(parts: Parts, record: IncidentRecord, step: dict[str, Any]) -> None:
    """Raises a 422 `Problem` that names every error. A store that is away leaves the judgement to the incident."""
    try:
        pinned = await parts.records.plans.get(record.plan_digest) if record.plan_digest else None
    except RecordsUnavailable as error:
        log.warning("added_step_not_checked", incident=record.id, reason=str(error))
        return
    if pinned is None:
        return
    before = [entry.data["step_body"] for entry in await merged_timeline(parts, record) if entry.kind == "step_added"]
    runbook = with_added(Plan.model_validate(pinned).runbook, before)
    found = placed_findings({"id": UNNAMED, **step}, runbook, parts.playbooks.library)
    errors = [each for each in found if each.finding.level == "error"]
    if errors:
        first = errors[0].finding
        raise Problem(
            422, "invalid", f"step: {first.message}", hint=first.hint or None,
            errors=[{"field": f"step.{place}".rstrip("."), "code": each.code, "reason": each.message, "hint": each.hint}
                    for place, each in errors],
        )  # fmt: skip
