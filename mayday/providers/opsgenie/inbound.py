"""Webhooks of Opsgenie and of JSM Operations, which kept the format: alerts as alerts, answers to our own pages.

They sign nothing: a custom header of the integration carries the token. `alertId` is the alert, `updatedAt`
(nanoseconds, more than a float holds) tells one action from another. Created with the effect key of one of our calls as
`alias`, an alert is our own page: it never becomes an alert here, and acknowledging or closing it by hand answers the
page. What our own API key did (source API or Alert API) is an echo and answers nothing. Source: docs.opsgenie.com
"Webhook integration"; Opsgenie shuts down on 5 April 2027.
"""

from __future__ import annotations

from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import OurCall, read_call
from mayday.providers.facts import State, alert, epoch, facts, fields, grade, items, needed, put, scalar, tags, title_of
from mayday.providers.inbound import Callback, Delivery, InboundSource, mapping, read_json

__all__ = ["Opsgenie", "alert_callbacks", "alert_events", "is_alert_body"]

_STATES: dict[str, State] = {"create": "firing", "close": "resolved", "delete": "resolved"}
_ECHO = ("api", "alert api", "alertapi", "rest api")


class Opsgenie(InboundSource):
    """The inbound source `opsgenie`."""

    name = "opsgenie"
    title = "Opsgenie"
    sparse = True

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event when an alert is created or closed."""
        return alert_events(mapping(read_json(delivery.raw), "body"), delivery, self.name)

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """A person answered one of our pages, or wrote a note to it."""
        return alert_callbacks(mapping(read_json(delivery.raw), "body"), self.name)


def alert_events(body: dict[str, Any], delivery: Delivery, source: str) -> list[AlertEvent]:
    """The alert of a body of this format, when it begins or ends and is not our own."""
    action, given = needed(body, "action"), mapping(body.get("alert"), "alert")
    state = _STATES.get(action.lower())
    if state is None or _our_call(given) is not None:
        return []
    alert_id = needed(given, "alertId", where="alert")
    priority = scalar(given.get("priority"))
    labels = facts(
        fields(given.get("details")),
        alertname=given.get("message"),
        service=fields(given.get("details")).get("service") or given.get("entity"),
        severity=grade(priority),
        priority=f"P{priority}" if priority.isdecimal() else priority,
        alias=given.get("alias"),
        entity=given.get("entity"),
        integration=body.get("integrationName"),
        origin=given.get("source"),
        number=given.get("tinyId"),
    )
    for name, value in tags(items(given.get("tags"))[:30]).items():
        put(labels, name, value)
    return [
        alert(
            delivery,
            source,
            key=alert_id,
            occurrence=f"{alert_id}:{action}:{scalar(given.get('updatedAt'))}",
            state=state,
            title=title_of(given.get("message"), given.get("alias"), alert_id),
            labels=labels,
            annotations=facts(
                description=given.get("description"),
                responders=", ".join(
                    scalar(fields(each).get("name") or fields(each).get("id"))
                    for each in items(given.get("responders"))
                ),
            ),
            started_at=epoch(given.get("createdAt")),
        )
    ]


def alert_callbacks(body: dict[str, Any], source: str) -> list[Callback]:
    """What a person did with one of our own pages."""
    action, given = scalar(body.get("action")), fields(body.get("alert"))
    call = _our_call(given)
    origin = scalar(fields(body.get("source")).get("type")).lower()
    verbs = {"Acknowledge": "acknowledged", "Close": "closed", "AddNote": "noted", "TakeOwnership": "took"}
    if call is None or action not in verbs or origin in _ECHO:
        return []
    note = scalar(given.get("note"))
    if action == "AddNote" and not note:
        return []
    return [
        Callback(
            id=f"{scalar(given.get('alertId'))}:{action}:{scalar(given.get('updatedAt'))}",
            kind="note" if action == "AddNote" else "ack",
            call=call,
            person=scalar(given.get("username")),
            name=scalar(given.get("userFullName")) or scalar(given.get("username")),
            text=note if action == "AddNote" else f"{verbs[action]} in {source}",
            at=epoch(given.get("updatedAt")),
        )
    ]


def _our_call(given: dict[str, Any]) -> OurCall | None:
    return read_call(given.get("alias"))


def is_alert_body(body: object) -> bool:
    """Whether a body has this format; the source `jira` takes it beside Jira's own."""
    return isinstance(body, dict) and "action" in body and "alert" in body
