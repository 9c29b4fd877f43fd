"""ServiceNow: whatever a business rule or a flow posts; it has no webhook format of its own (docs/webhooks.md has a
rule to copy).

Fields are those of the Table API, all texts, plain or as `{value, display_value}`; a rule that posts a difference wraps
them in `new_values`. Authentication is what the rule sets: bearer or basic, and `X-Mayday-Signature: sha256=` + hex
HMAC of the body where a secret is shared. A record whose `correlation_id` is the effect key of one of our calls is our
own ticket: its states and comments go onto the timeline, and it never becomes an alert. States 6, 7 and 8 are resolved,
closed and cancelled. Source: ServiceNowDocs "Incident states"; port-labs/ocean and others for the shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import ACTION_STEP, OurCall, read_call
from mayday.providers.facts import State, alert, facts, fields, grade, items, needed, scalar, title_of
from mayday.providers.inbound import (
    Callback,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    fingerprint_of,
    instant,
    mapping,
    read_json,
)
from mayday.providers.signatures import check_own
from mayday.providers.ticket_echo import is_ours

__all__ = ["ServiceNow"]

STATES = {
    "1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Cancelled",
}  # fmt: skip
_OVER = ("6", "7", "8", "resolved", "closed", "canceled", "cancelled")
#: of a problem task: closed; of any task: closed complete, incomplete, skipped
_TASK_OVER = ("157", "3", "4", "7", "closed", "closed complete", "closed incomplete", "closed skipped")
#: changes that make an update of a foreign record news
_NEWS = {"state", "incident_state", "priority", "impact", "urgency", "severity", "major_incident_state"}
_SYS_ID = re.compile(r"[0-9a-f]{32}")


class ServiceNow(InboundSource):
    """The inbound source `servicenow`."""

    name = "servicenow"
    title = "ServiceNow"
    settings = MappingProxyType(
        {
            "own_users": "user names of our own integration: what they write is no news",
        }
    )
    proof = "SECRET"
    sparse = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """The signature that the business rule makes."""
        check_own(secrets, delivery.raw, delivery.headers)

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event when a foreign record begins, ends, or changes in what matters."""
        record = _record(delivery)
        if read_call(_value(record, "correlation_id")) is not None or not _is_news(record):
            return []
        return [_alert(record, delivery)]

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """States and comments of our own tickets."""
        record = _record(delivery)
        call = read_call(_value(record, "correlation_id"))
        return [] if call is None else list(_written(record, call, delivery))


def _record(delivery: Delivery) -> dict[str, Any]:
    """The record's fields on one level."""
    body = mapping(read_json(delivery.raw), "body")
    inner = fields(body.get("record")) or fields(body.get("current")) or fields(body.get("incident"))
    record = {**body, **inner, **fields(body.get("new_values"))}
    if not (_value(record, "number") or _value(record, "sys_id")):
        raise Malformed("number", "is missing")
    return record


def _value(record: dict[str, Any], *names: str) -> str:
    for name in names:
        given = record.get(name)
        if isinstance(given, dict):
            given = given.get("value") or given.get("display_value")
        if text := scalar(given).strip():
            return text
    return ""


def _shown(record: dict[str, Any], *names: str) -> str:
    """The first that people can read: not a bare sys_id."""
    for name in names:
        given = record.get(name)
        if isinstance(given, dict):
            given = given.get("display_value") or given.get("value")
        text = scalar(given).strip()
        if text and not _SYS_ID.fullmatch(text):
            return text
    return ""


def _is_news(record: dict[str, Any]) -> bool:
    changed = record.get("updated_fields")
    if scalar(record.get("operation")).lower() != "update" or not isinstance(changed, list):
        return True
    return bool({scalar(each) for each in changed} & _NEWS)


def _state(record: dict[str, Any]) -> State:
    over = scalar(record.get("operation")).lower() == "delete"
    return "resolved" if over or _value(record, "state", "incident_state").lower() in _OVER else "firing"


def _alert(record: dict[str, Any], delivery: Delivery) -> AlertEvent:
    number = _value(record, "number") or _value(record, "sys_id")
    state, priority = _state(record), _value(record, "priority")
    version = _value(record, "sys_mod_count", "sys_updated_on", "updated_on")
    mark = version or fingerprint_of(delivery.raw.decode("utf-8", "replace"))
    return alert(
        delivery,
        ServiceNow.name,
        key=number,
        occurrence=f"{_value(record, 'sys_id') or number}:{mark}",
        state=state,
        title=title_of(record.get("short_description"), record.get("close_notes"), number),
        labels=facts(
            alertname=_value(record, "short_description"),
            service=_shown(record, "business_service", "service", "service_name", "cmdb_ci", "ci_name"),
            severity=grade(priority.partition(" ")[0]),
            priority=priority,
            impact=_value(record, "impact"),
            urgency=_value(record, "urgency"),
            state=_named(_value(record, "state", "incident_state")),
            major_incident_state=_value(record, "major_incident_state"),
            category=_shown(record, "category"),
            assignment_group=_shown(record, "assignment_group"),
            table=_value(record, "__table_name", "table", "sys_class_name"),
            number=number,
        ),
        annotations=facts(
            description=_value(record, "description"), close_notes=_value(record, "close_notes"),
            close_code=_value(record, "close_code"), sys_id=_value(record, "sys_id"),
        ),
        started_at=_time(record, "opened_at", "sys_created_on"),
    )  # fmt: skip


def _is_over(call: OurCall, state: str) -> bool:
    """A follow-up is a problem task, which has states of its own."""
    return state.lower() in (_TASK_OVER if call.step.startswith(ACTION_STEP) else _OVER)


def _named(state: str) -> str:
    return STATES.get(state, state)


def _time(record: dict[str, Any], *names: str) -> Any:
    """Its times are UTC without a zone: `2026-02-20 17:00:06`; in a display format they cannot be read."""
    try:
        return instant(_value(record, *names), names[0])
    except Malformed:
        return None


def _written(record: dict[str, Any], call: OurCall, delivery: Delivery) -> Iterator[Callback]:
    number = needed({"number": _value(record, "number") or _value(record, "sys_id")}, "number")
    person = _value(record, "sys_updated_by", "updated_by")
    own = {name.strip() for name in delivery.options.get("own_users", "").split(",") if name.strip()}
    version = _value(record, "sys_mod_count", "sys_updated_on", "updated_on")
    mark = f"{number}:{version or fingerprint_of(delivery.raw.decode('utf-8', 'replace'))}"
    at = _time(record, "sys_updated_on", "updated_on")
    if person in own:
        return
    for name in ("work_notes", "comments"):
        text = _value(record, name)
        if text and not is_ours(text):
            yield Callback(f"{mark}:{name}", "note", call, person, person, f"{number}: {text}", at)
    changed = {scalar(each) for each in items(record.get("updated_fields"))}
    before = fields(record.get("old_values"))
    for name in ("state", "incident_state", "priority", "assigned_to", "assignment_group"):
        now = _value(record, name)
        if now and name in changed:
            old = _named(_value(before, name)) or "none"
            words = f"{number}: {name} {old} -> {_named(now) if 'state' in name else _shown(record, name) or now}"
            over = "state" in name and _is_over(call, now)
            yield Callback(f"{mark}:{name}", "note", call, person, person, words, at, over=over)
    if not changed and (state := _value(record, "state", "incident_state")):
        words = f"{number}: state is {_named(state)}"
        yield Callback(f"{mark}:state", "note", call, person, person, words, at, over=_is_over(call, state))
