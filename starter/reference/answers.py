"""What the API answers when all is well, field by field: one table from operation to schema.

Models of the domain and of the records describe themselves; what a route puts together is written here. The fields that
are named are always there; more may come with a later version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mayday.archive.dossier import Manifest
from mayday.archive.moments import Seen
from mayday.domain.incident import Board, Pending
from mayday.domain.report.kpis import Kpis
from mayday.domain.report.score_model import ScoreCard
from mayday.domain.review import ReviewBoard
from mayday.domain.review.owed import FollowUp, PendingFinal
from mayday.domain.review.wire import WrittenSection
from mayday.records.audit import AuditRow
from mayday.records.desk.bridges import DeskBridge
from mayday.records.desk.cases import CaseContact, DeskCase
from mayday.records.desk.chat import DeskChannel, DeskMessage
from mayday.records.desk.outbox import CalendarEvent, DeskMail, StatusPost
from mayday.records.desk.pages import DeskPage
from mayday.records.desk.tickets import DeskTicket, TicketNote, WorkOrder
from mayday.records.login_codes import LoginCode
from mayday.records.overrides import ScheduleOverride
from mayday.records.sessions import Session
from mayday.records.tokens import Token

__all__ = ["ALSO", "ANSWERS", "INSTEAD", "schemas"]

Schema = dict[str, Any]
_MODELS: tuple[type[BaseModel], ...] = (
    Board, Pending, Kpis, ReviewBoard, AuditRow, DeskBridge, CaseContact, DeskCase, DeskChannel, DeskMessage,
    CalendarEvent, DeskMail, StatusPost, DeskPage, DeskTicket, TicketNote, WorkOrder, LoginCode, ScheduleOverride,
    Session, Token, Manifest, Seen, ScoreCard, FollowUp, PendingFinal, WrittenSection,
)  # fmt: skip
_WORDS: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "text?": {"type": ["string", "null"]},
    "time": {"type": "string", "format": "date-time"},
    "time?": {"type": ["string", "null"], "format": "date-time"},
    "number": {"type": "integer"},
    "number?": {"type": ["integer", "null"]},
    "yes": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "names": {"type": "object", "additionalProperties": {"type": "string"}},
    "data": {"type": "object"},
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**fields: str | Schema) -> Schema:
    """All of these fields, by the words above or with a schema of their own."""
    known = {name: dict(_WORDS[kind]) if isinstance(kind, str) else kind for name, kind in fields.items()}
    return {"type": "object", "required": list(known), "properties": known}


def _with(model: str, **fields: str | Schema) -> Schema:
    return {"allOf": [_ref(model), _object(**fields)]}


def _list(item: Schema) -> Schema:
    return _object(items={"type": "array", "items": item}, next="text?")


def _array(item: Schema) -> Schema:
    return {"type": "array", "items": item}


_OWN: Mapping[str, Schema] = {
    "IncidentItem": _object(
        id="text", workflow_id="text", title="text", severity="text", status="text", services="texts",
        opened_at="time", drill="yes", url="text",
    ),
    "Entry": _object(
        seq="number", at="time", kind="text", actor="text", step="text?", text="text", data="data", prev_hash="text",
        hash="text",
    ),
    "QueueItem": _with("Pending", incident="text", title="text", severity="text"),
    "OnCall": _object(schedule="text", person="text?"),
    "Gap": _object(schedule="text", starts_at="time", ends_at="time"),
    "SigningKey": _object(id="text", created_at="time"),
    "ReviewItem": _object(
        id="text", title="text", severity="text", service="text", drill="yes", state="text", owner="text?",
        accepted="yes", meeting_at="time?", resolved_at="time", closed_at="time?", open_actions="number",
        owed="number", finished="yes", url="text",
    ),
    "Action": _with("FollowUp", overdue="yes"),
    "Final": _with("PendingFinal", open="yes"),
    "LedgerItem": {"allOf": [_ref("FollowUp"), _object(
        incident_id="text", incident_title="text", service="text?", severity="text", drill="yes", overdue="yes",
        url="text",
    )]},
    "Report": _object(
        incident_id="text", version="number", drafted_at="time", markdown="text",
        versions=_array(_object(version="number", drafted_at="time")),
        sections={"type": "object", "additionalProperties": _ref("WrittenSection")},
        unwritten={"type": "object", "additionalProperties": {"type": "string"},
                   "description": "sections that nobody has written, and what belongs in them"},
    ),
    "Verified": _object(
        incident_id="text", intact="yes", first_broken="number?", entries="number", head="text?",
    ),
}  # fmt: skip

#: method and path, the status, and what comes with it
ANSWERS: Mapping[tuple[str, str], tuple[str, Schema]] = {
    ("get", "/healthz"): ("200", _object(status="text")),
    ("get", "/readyz"): ("200", _object(status="text", temporal="text", records="text", runbooks="number")),
    ("post", "/webhooks/{source}"): ("202", _object(
        incidents=_array(_object(id="text?", workflow_id="text?", action="text")),
    )),
    ("post", "/api/v1/incidents"): ("201", _ref("IncidentItem")),
    ("get", "/api/v1/incidents"): ("200", _list(_ref("IncidentItem"))),
    ("get", "/api/v1/incidents/{incident}"): ("200", {"allOf": [
        _ref("IncidentItem"), _object(short_id="text", live="yes", ended_at="time?", pending=_array(_ref("Pending"))),
    ]}),
    ("get", "/api/v1/incidents/{incident}/timeline"): ("200", _list(_ref("Entry"))),
    ("get", "/api/v1/incidents/{incident}/score-card"): ("200", _ref("ScoreCard")),
    ("get", "/api/v1/queue"): ("200", _list(_ref("QueueItem"))),
    ("get", "/api/v1/desk/pages"): ("200", _list(_ref("DeskPage"))),
    ("post", "/api/v1/desk/pages/{number}/ack"): ("200", _ref("Decided")),
    ("post", "/api/v1/desk/pages/{number}/decline"): ("200", _ref("Decided")),
    ("get", "/api/v1/desk/messages"): ("200", _list(_ref("DeskMessage"))),
    ("get", "/api/v1/desk/channels"): ("200", _list(_ref("DeskChannel"))),
    ("get", "/api/v1/desk/tickets"): ("200", _list(_with("DeskTicket", notes=_array(_ref("TicketNote"))))),
    ("get", "/api/v1/desk/work-orders"): ("200", _list(_ref("WorkOrder"))),
    ("get", "/api/v1/desk/bridges"): ("200", _list(_ref("DeskBridge"))),
    ("get", "/api/v1/desk/vendor-cases"): ("200", _list(_with("DeskCase", contacts=_array(_ref("CaseContact"))))),
    ("get", "/api/v1/desk/mails"): ("200", _list(_ref("DeskMail"))),
    ("get", "/api/v1/desk/invites"): ("200", _list(_ref("CalendarEvent"))),
    ("get", "/api/v1/desk/status"): ("200", _list(_ref("StatusPost"))),
    ("get", "/api/v1/oncall"): ("200", _list(_ref("OnCall"))),
    ("get", "/api/v1/oncall/gaps"): ("200", _list(_ref("Gap"))),
    ("get", "/api/v1/oncall/overrides"): ("200", _list(_ref("ScheduleOverride"))),
    ("post", "/api/v1/oncall/overrides"): ("201", _ref("ScheduleOverride")),
    ("get", "/api/v1/names"): ("200", _object(people="names", vendors="names", services="names")),
    ("get", "/api/v1/me"): ("200", _object(
        person="text?", machine="text?", name="text?", level="text", scopes="texts",
    )),
    ("get", "/api/v1/tokens"): ("200", _list(_ref("Token"))),
    ("post", "/api/v1/tokens"): ("201", _with("Token", token="text")),
    ("post", "/api/v1/tokens/{token_id}/revoke"): ("200", _ref("Token")),
    ("post", "/api/v1/access/links"): ("201", _with("LoginCode", url="text")),
    ("post", "/api/v1/access/codes"): ("201", _list(_with("LoginCode", code="text"))),
    ("get", "/api/v1/access/codes"): ("200", _list(_ref("LoginCode"))),
    ("post", "/api/v1/access/codes/{code_id}/revoke"): ("200", _ref("LoginCode")),
    ("get", "/api/v1/access/sessions"): ("200", _list(_ref("Session"))),
    ("post", "/api/v1/access/sessions/{session_id}/end"): ("200", _object(ended="number")),
    ("get", "/api/v1/access/audit"): ("200", _list(_ref("AuditRow"))),
    ("get", "/api/v1/access/signing-keys"): ("200", _list(_ref("SigningKey"))),
    ("post", "/api/v1/access/signing-keys"): ("201", _ref("SigningKey")),
    ("post", "/api/v1/access/signing-keys/{key_id}/retire"): ("200", _object(retired="text")),
    ("get", "/api/v1/reviews"): ("200", _list(_ref("ReviewItem"))),
    ("get", "/api/v1/actions"): ("200", _list(_ref("LedgerItem"))),
    ("get", "/api/v1/reviews/{incident}"): ("200", _with("ReviewBoard", url="text")),
    ("get", "/api/v1/reviews/{incident}/report"): ("200", _ref("Report")),
    ("get", "/api/v1/reviews/{incident}/article"): ("200", _object(incident_id="text", title="text", markdown="text")),
    ("get", "/api/v1/reviews/{incident}/verify"): ("200", _ref("Verified")),
    ("get", "/api/v1/reviews/{incident}/actions"): ("200", _list(_ref("Action"))),
    ("get", "/api/v1/reviews/{incident}/releases"): ("200", _list(_ref("Final"))),
    ("post", "/api/v1/reviews/{incident}/archive"): ("200", _ref("Manifest")),
    ("get", "/api/v1/reviews/{incident}/at"): ("200", _ref("Seen")),
    ("get", "/api/v1/reports/kpi"): ("200", _ref("Kpis")),
}  # fmt: skip

#: what an answer is besides JSON, by `Accept`
ALSO: Mapping[str, tuple[str, ...]] = {
    "/api/v1/reviews/{incident}/report": ("text/markdown", "text/html", "application/pdf"),
    "/api/v1/reviews/{incident}/article": ("text/markdown",),
    "/api/v1/reports/kpi": ("text/csv",),
}
#: what is no JSON at all
INSTEAD: Mapping[str, str] = {
    "/api/v1/reviews/{incident}/archive": "application/zip",
    "/api/v1/reviews/{incident}/lanes": "image/svg+xml",
}


def schemas() -> dict[str, Schema]:
    """Every schema that the table names, for `components`."""
    _, found = models_json_schema(
        [(model, "serialization") for model in _MODELS], ref_template="#/components/schemas/{model}"
    )
    own = {name: dict(schema) for name, schema in _OWN.items()}
    made = {**found.get("$defs", {}), **own}
    made["DeskPage"] = _without(made["DeskPage"], "effect_key")
    return made


def _without(schema: Schema, field: str) -> Schema:
    """A model's schema less a field that does not leave the house."""
    properties = {name: each for name, each in schema["properties"].items() if name != field}
    return {**schema, "properties": properties, "required": [name for name in schema["required"] if name != field]}
