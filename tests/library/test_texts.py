"""Every message text renders: with all that can be known, and at the first minute, when nearly nothing is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mayday.domain.ranks import Severity, Status
from mayday.language.builtin_templates import BUILT_IN_TEMPLATES
from mayday.language.expressions import parse_template
from mayday.language.runbook import TemplateText

TEMPLATES = Path(__file__).parents[2] / "runbooks" / "templates"
AT = datetime(2026, 3, 2, 2, 25, tzinfo=UTC)
OPENED = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)

EARLY: dict[str, object] = {
    "incident": {
        "id": "INC-1", "title": "Payments down", "summary": "",
        "service": "payments", "service_name": "Payments", "services": ["payments"],
        "severity": Severity.SEV1, "priority": "P1", "status": Status.INVESTIGATING, "status_since": OPENED,
        "opened_at": OPENED, "customers_affected": None, "impact_started_at": None, "commander": None,
        "responders": [], "ticket": None, "url": "https://mayday.example/INC-1",
    },
    "roles": {"incident_commander": None, "tech_lead": None, "comms_lead": None, "deputy": None},
    "bridge": {"url": None, "phone": None}, "inputs": {}, "vars": {}, "steps": {}, "decisions": {},
    "now": AT, "next_update_at": None, "update": None, "audience": "customers",
}  # fmt: skip
LATE: dict[str, object] = EARLY | {
    "incident": {**EARLY["incident"], "customers_affected": 4200, "ticket": "MI-1042"},  # type: ignore[dict-item]
    "roles": {"incident_commander": "Ana Ruiz", "tech_lead": "Lee Carter", "comms_lead": "Li Chen", "deputy": "Dee"},
    "bridge": {"url": "https://meet.example/1", "phone": "+44"},
    "next_update_at": datetime(2026, 3, 2, 2, 45, tzinfo=UTC),
    "update": "Card payments are back for most of you.",
    "pending": [{"id": "invoke_dr", "text": "Invoke DR?", "due_at": AT, "then": "lapsed"}, {"id": "x", "text": "y"}],
}


def house_templates() -> dict[str, TemplateText]:
    found = {}
    for path in sorted(TEMPLATES.glob("*.yaml")):
        data = yaml.safe_load(path.read_text())
        assert (data.pop("apiVersion"), data.pop("kind")) == ("template/v1", "Template"), path.name
        assert data.pop("metadata")["name"] == path.stem
        found[path.stem] = TemplateText.model_validate(data)
    return found


ALL = {f"built in {name}": text for name, text in BUILT_IN_TEMPLATES.items()} | {
    f"house {name}": text for name, text in house_templates().items()
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("scope", "known"), [(EARLY, False), (LATE, True)], ids=["early", "late"])
def test_a_text_leaves_at_any_minute(name: str, scope: dict[str, object], known: bool) -> None:
    template = ALL[name]
    text = parse_template(template.text).render(scope)
    subject = parse_template(template.subject or "").render(scope)
    assert text.strip()
    assert subject.strip()
    assert "{" not in text + subject
    assert "None" not in text + subject
    assert "\n\n" not in text
    if known and "{{ update }}" in template.text:
        assert "Card payments are back" in text


@pytest.mark.parametrize("name", [name for name, text in ALL.items() if text.audience == "customers"])
def test_customers_read_public_fields_only(name: str) -> None:
    public = {"incident.service_name", "incident.status", "incident.opened_at", "now", "next_update_at", "update"}
    names = set(parse_template(ALL[name].text).names()) | set(parse_template(ALL[name].subject or "").names())
    assert names <= public


def test_every_family_has_its_update_resolved_and_stood_down_form() -> None:
    for family in ("technical", "executive", "customer"):
        assert {f"{family}_update", f"{family}_resolved", f"{family}_stood_down"} <= set(BUILT_IN_TEMPLATES)
    assert {"initial_notice", "first_post", "holding_line", "handover_brief"} <= set(BUILT_IN_TEMPLATES)


def test_what_leaves_unread_was_approved_by_somebody() -> None:
    for name in ("first_post", "holding_line"):
        assert BUILT_IN_TEMPLATES[name].approved_by
        house = house_templates()[name]
        assert house.approved_by
        assert house.valid_until
