"""The plan: a runbook compiled with everything it names, immutable and pinned in the workflow's start input.

A plan holds structure and person ids. Contacts, rotations, business hours and holidays stay outside: they are looked
up, when needed, by the activity that uses them (DESIGN.md, idea 3). Wire model: unknown fields are ignored so that an
older worker reads a newer plan.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from mayday.language.catalog import ActionSpec, Audience, Contract, SeverityPolicy, StandingBridge
from mayday.language.runbook import Runbook, TemplateText, Via


class PlanModel(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class PlanPerson(PlanModel):
    id: str
    name: str
    delegate: str | None = None


class PlanSchedule(PlanModel):
    """Who may ever stand on a schedule, and who stood on it when the plan was made (used if the roster is down)."""

    people: list[str] = []
    on_call: str | None = None


class PlanContact(PlanModel):
    level: str
    after: str | None = None
    via: list[Via] = []


class PlanVendor(PlanModel):
    name: str
    contract: Contract
    contacts: list[PlanContact]
    disclosable: bool = False


class PlanService(PlanModel):
    name: str | None = None
    owner: str | None = None
    vendor: str | None = None
    tier: int = 3
    depends_on: list[str] = []
    links: dict[str, str] = {}


class Plan(PlanModel):
    """What the walker walks.

    `calls` holds the runbooks that `call` steps name, by `name@version`. `templates` are the texts that the runbook
    and its cadences can send, by name, library and built-in ones included. `digest` is the sha256 of the canonical
    JSON of everything else.
    """

    digest: str = ""
    language: str = "runbook/v1"
    runbook: Runbook
    calls: dict[str, Runbook] = {}
    templates: dict[str, TemplateText] = {}
    actions: dict[str, ActionSpec] = {}
    people: dict[str, PlanPerson] = {}
    groups: dict[str, list[str]] = {}
    schedules: dict[str, PlanSchedule] = {}
    services: dict[str, PlanService] = {}
    vendors: dict[str, PlanVendor] = {}
    audiences: dict[str, Audience] = {}
    severities: dict[str, SeverityPolicy] = {}
    authorities: dict[str, dict[str, list[str]]] = {}
    access: dict[str, list[str]] = {}
    bridges: dict[str, StandingBridge] = {}

    def canonical(self) -> dict[str, Any]:
        """The plan as plain JSON data, keys as their authors wrote them, without its own digest."""
        return self.model_dump(mode="json", by_alias=True, exclude={"digest"}, exclude_defaults=True)

    def compute_digest(self) -> str:
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
