"""Dynatrace's problem notifications: a body made of the placeholders that you chose (docs/webhooks.md has ours).

`PID` stays over a problem's life, `ProblemID` is what people see. `State` is OPEN, RESOLVED or MERGED (it goes on
inside another problem: this one is over). Details come as object or as text, in the shape of the problem API 1 or 2; a
placeholder that Dynatrace does not know stays as `{Name}` and counts as missing. Custom header or basic authentication.
Source: docs.dynatrace.com "Webhook integration"; docs.robusta.dev dynatrace.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import State, alert, epoch, facts, fields, grade, items, needed, put, scalar, tags, title_of
from mayday.providers.inbound import Delivery, InboundSource, Malformed, mapping, read_json

__all__ = ["Dynatrace"]

_UNFILLED = re.compile(r"\{[A-Za-z0-9]+\}")
_STATES: dict[str, State] = {
    "open": "firing", "resolved": "resolved", "closed": "resolved", "merged": "resolved",
}  # fmt: skip


class Dynatrace(InboundSource):
    """The inbound source `dynatrace`."""

    name = "dynatrace"
    title = "Dynatrace"

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event a notification, also inside a CloudEvent or as a bare problem of the API."""
        body = mapping(read_json(delivery.raw), "body")
        inner = fields(body.get("data"))
        if "PID" in inner or "ProblemID" in inner:
            body = inner
        body = {name: _filled(value) for name, value in body.items()}
        details = _details(body)
        if "problemId" in body:
            body, details = {}, body
        key = scalar(body.get("PID")) or scalar(details.get("problemId") or details.get("id"))
        if not key:
            key = needed(body, "ProblemID", "PID")
        word = (scalar(body.get("State")) or scalar(details.get("status"))).lower()
        if word not in _STATES:
            raise Malformed("State", "expected OPEN, RESOLVED or MERGED")
        return [_event(key, _STATES[word], word, body, details, delivery)]


def _event(
    key: str, state: State, word: str, body: dict[str, Any], details: dict[str, Any], delivery: Delivery
) -> AlertEvent:
    entities = items(body.get("ImpactedEntities")) or items(details.get("impactedEntities"))
    first = fields(next(iter(entities), {}))
    display = body.get("ProblemID") or details.get("displayId") or details.get("displayName")
    severity = scalar(body.get("ProblemSeverity") or details.get("severityLevel"))
    tagged = tags(scalar(body.get("Tags")).split(",")) if body.get("Tags") else {}
    for each in items(details.get("entityTags")):
        put(tagged, scalar(fields(each).get("key")), fields(each).get("value") or "true")
    zone = fields(next(iter(items(details.get("managementZones"))), {})).get("name")
    title = body.get("ProblemTitle") or details.get("title")
    labels = facts(
        alertname=title,
        service=tagged.get("service") or first.get("name") or body.get("ImpactedEntity"),
        severity=grade(severity),
        problem_severity=severity,
        impact=body.get("ProblemImpact") or details.get("impactLevel"),
        problem=display,
        entity=first.get("entity") or fields(first.get("entityId")).get("id"),
        entity_type=first.get("type") or fields(first.get("entityId")).get("type"),
        management_zone=zone,
        problem_state=word,
    )
    for name, value in tagged.items():
        put(labels, name, value)
    return alert(
        delivery,
        Dynatrace.name,
        key=key,
        occurrence=f"{key}:{word}",
        state=state,
        title=title_of(title, body.get("ImpactedEntity"), display),
        labels=labels,
        annotations=facts(
            summary=body.get("ImpactedEntity"), generator_url=body.get("ProblemURL"),
            description=body.get("ProblemDetailsText"),
            root_cause=fields(details.get("rootCauseEntity")).get("name"),
        ),
        started_at=epoch(details.get("startTime")),
    )  # fmt: skip


def _filled(value: Any) -> Any:
    return None if isinstance(value, str) and _UNFILLED.fullmatch(value.strip()) else value


def _details(body: dict[str, Any]) -> dict[str, Any]:
    """The problem itself, whichever placeholder brought it, as object or as text."""
    for name in ("ProblemDetailsJSONv2", "ProblemDetailsJSON", "ProblemDetails"):
        value = body.get(name)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue  # cut by a template: the placeholders beside it say enough
        if isinstance(value, dict):
            return value
    return {}
