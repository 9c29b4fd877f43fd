"""PagerDuty's webhooks, version 3: incidents of PagerDuty as alerts, and what people do there with our own pages.

Signed: `X-PagerDuty-Signature` holds one or more `v1=` + hex HMAC-SHA256 of the body, several while a secret is
rotated. There is no timestamp: a replay is told by `event.id`, which is the same for every attempt of one event.

An incident whose `incident_key` is the effect key of one of our calls is our own page: it never becomes an alert. A
person's acknowledgement or resolution there answers the page; PagerDuty's own unacknowledgement after its timeout and
its auto-resolve after hours (no agent, or none that is a user) answer nothing.

A note (`incident.annotated`) names the incident by PagerDuty's id alone, so that id is remembered from the first event
about the page (`incident.triggered`). What we write there ourselves ends with a mark, and is no news.
Source: developer.pagerduty.com "Webhooks v3"; PagerDuty/go-pagerduty webhookv3.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import read_call
from mayday.providers.facts import State, alert, facts, fields, grade, items, needed, scalar, title_of
from mayday.providers.inbound import (
    Callback,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    clean_text,
    instant,
    mapping,
    read_json,
)
from mayday.providers.signatures import check_hmac
from mayday.providers.ticket_echo import is_ours

__all__ = ["PagerDuty"]

SIGNATURE_HEADER = "X-PagerDuty-Signature"
_BEGINS = ("incident.triggered", "incident.reopened", "incident.priority_updated")
_ANSWERS = ("incident.acknowledged", "incident.resolved")
_NOTED = "incident.annotated"
LONGEST_NOTE = 4_000


class PagerDuty(InboundSource):
    """The inbound source `pagerduty`."""

    name = "pagerduty"
    title = "PagerDuty"
    settings = MappingProxyType(
        {"own_users": "user ids of `MAYDAY_PAGERDUTY_FROM_EMAIL`, whose name our own calls bear: not answers"}
    )
    proof = "SECRET"

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """Any of the signatures under any of the secrets."""
        shown = delivery.headers.get(SIGNATURE_HEADER.lower(), "").split(",")
        versioned = [text.strip().removeprefix("v1=") for text in shown if text.strip().startswith("v1=")]
        check_hmac(secrets, delivery.raw, versioned, header=SIGNATURE_HEADER)

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event when an incident begins, ends, or gets another priority; none for the rest and for our pages."""
        event = _event(delivery)
        kind = needed(event, "event_type", where="event")
        data = mapping(event.get("data"), "event.data")
        if event.get("resource_type") != "incident" or ("incident_key" in data and read_call(data["incident_key"])):
            return []
        if kind in _BEGINS and scalar(data.get("status")) != "resolved":
            state: State = "firing"
        elif kind == "incident.resolved":
            state = "resolved"
        else:
            return []
        return [_alert(event, data, state, delivery)]

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """A person answered one of our pages, or wrote a note on it; and under which id PagerDuty has the page."""
        event = _event(delivery)
        data, agent = fields(event.get("data")), fields(event.get("agent"))
        own = [name.strip() for name in delivery.options.get("own_users", "").split(",") if name.strip()]
        if event.get("event_type") == _NOTED:
            return [] if agent.get("id") in own else _note(event, data, agent)
        call = read_call(data.get("incident_key"))
        if call is None:
            return []
        told = []
        if incident := scalar(data.get("id")):
            told.append(Callback(id=f"named {incident}", kind="named", call=call, ref=incident))
        if agent.get("id") not in own and event.get("event_type") in _ANSWERS and agent.get("type") == "user_reference":
            verb = "acknowledged" if event["event_type"] == "incident.acknowledged" else "resolved"
            told.append(_deed(event, agent, kind="ack", call=call, text=f"{verb} in PagerDuty"))
        return told


def _note(event: dict[str, Any], data: dict[str, Any], agent: dict[str, Any]) -> list[Callback]:
    incident, content = scalar(fields(data.get("incident")).get("id")), data.get("content")
    said = content if isinstance(content, str) else ""
    text = clean_text(said, LONGEST_NOTE).strip()
    if not incident or not text or is_ours(said):
        return []
    return [_deed(event, agent, kind="note", ref=incident, text=f"note on the page: {text}")]


def _deed(event: dict[str, Any], agent: dict[str, Any], **more: Any) -> Callback:
    deed: dict[str, Any] = {"call": None, **more}
    return Callback(
        id=needed(event, "id", where="event"),
        person=scalar(agent.get("id")),
        name=scalar(agent.get("summary")),
        at=instant(event.get("occurred_at"), "event.occurred_at"),
        **deed,
    )


def _event(delivery: Delivery) -> dict[str, Any]:
    body = mapping(read_json(delivery.raw), "body")
    if "messages" in body:
        raise Malformed("messages", "this is a version 1 or 2 webhook; make a version 3 subscription")
    return mapping(body.get("event"), "event")


def _alert(event: dict[str, Any], data: dict[str, Any], state: State, delivery: Delivery) -> AlertEvent:
    incident = needed(data, "id", where="event.data")
    priority = scalar(fields(data.get("priority")).get("summary"))
    urgency = scalar(data.get("urgency"))
    conference = fields(data.get("conference_bridge"))
    return alert(
        delivery,
        PagerDuty.name,
        key=incident,
        occurrence=needed(event, "id", where="event"),
        state=state,
        title=title_of(data.get("title"), incident),
        labels=facts(
            alertname=data.get("title"),
            service=fields(data.get("service")).get("summary"),
            severity=grade(priority) or {"high": "error", "low": "warning"}.get(urgency),
            priority=priority,
            urgency=urgency,
            status=data.get("status"),
            team=fields(next(iter(items(data.get("teams"))), {})).get("summary"),
            escalation_policy=fields(data.get("escalation_policy")).get("summary"),
            incident_type=fields(data.get("incident_type")).get("name"),
            number=data.get("number"),
        ),
        annotations=facts(
            generator_url=data.get("html_url"),
            bridge_url=conference.get("conference_url"),
            resolve_reason=fields(data.get("resolve_reason")).get("type"),
            assignees=", ".join(scalar(fields(each).get("summary")) for each in items(data.get("assignees"))[:10]),
        ),
        started_at=instant(data.get("created_at"), "event.data.created_at"),
    )
