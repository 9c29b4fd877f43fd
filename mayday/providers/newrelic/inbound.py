"""New Relic: the webhook destination of a workflow, and the notification channels before it.

The workflow's body is a template; the default one has `id` (the issue) and `state`. One issue goes from CREATED or
ACTIVATED over ACKNOWLEDGED to CLOSED; only beginning and end concern an alert. The destination authenticates with
bearer, basic or a custom header. Source: docs.newrelic.com "Workflows: webhook"; docs.robusta.dev newrelic.
"""

from __future__ import annotations

from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import State, alert, epoch, facts, fields, grade, items, needed, put, scalar, title_of
from mayday.providers.inbound import Delivery, InboundSource, Malformed, mapping, read_json

__all__ = ["NewRelic"]

_STATES: dict[str, State | None] = {
    "created": "firing", "activated": "firing", "open": "firing", "triggered": "firing", "acknowledged": None,
    "closed": "resolved", "deactivated": "resolved", "resolved": "resolved",
}  # fmt: skip


class NewRelic(InboundSource):
    """The inbound source `newrelic`."""

    name = "newrelic"
    title = "New Relic"

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event when an issue begins or ends, none when somebody acknowledges it."""
        body = mapping(read_json(delivery.raw), "body")
        legacy = "current_state" in body
        word = needed(body, "current_state" if legacy else "state").lower()
        if word not in _STATES:
            raise Malformed("state", f"expected one of {', '.join(_STATES)}, got {word[:40]!r}")
        state = _STATES[word]
        if state is None:
            return []
        return [_legacy(body, state, delivery) if legacy else _issue(body, state, delivery)]


def _issue(body: dict[str, Any], state: State, delivery: Delivery) -> AlertEvent:
    issue = needed(body, "issueId", "id")
    entities = _listed(body.get("impactedEntities"))
    conditions = _listed(body.get("alertConditionNames"))
    policies = _listed(body.get("alertPolicyNames"))
    labels = facts(
        fields(body.get("labels")),
        alertname=next(iter(conditions), None),
        service=body.get("service") or next(iter(entities), None),
        severity=grade(body.get("priority")),
        priority=body.get("priority"),
        policy=next(iter(policies), None),
        workflow=body.get("workflowName"),
        entities=", ".join(entities),
        correlated=body.get("isCorrelated"),
        account=body.get("accountId"),
    )
    return alert(
        delivery,
        NewRelic.name,
        key=issue,
        occurrence=issue,
        state=state,
        title=title_of(body.get("title"), *_listed(body.get("title")), *conditions),
        labels=labels,
        annotations=facts(
            generator_url=body.get("issueUrl") or body.get("issuePageUrl"), incidents=body.get("totalIncidents"),
            description=body.get("description"), runbook_url=body.get("runbookUrl"), trigger=body.get("trigger"),
        ),
        started_at=epoch(body.get("activatedAt") or body.get("createdAt")),
    )  # fmt: skip


def _legacy(body: dict[str, Any], state: State, delivery: Delivery) -> AlertEvent:
    incident = f"{scalar(body.get('account_id'))}:{needed(body, 'incident_id')}"
    target = fields(next(iter(items(body.get("targets"))), {}))
    labels = facts(
        fields(target.get("labels")),
        alertname=body.get("condition_name"),
        service=target.get("name"),
        severity=grade(body.get("severity")),
        policy=body.get("policy_name"),
        account=body.get("account_name"),
        product=target.get("product"),
        target_type=target.get("type"),
    )
    put(labels, "event_type", body.get("event_type"))
    return alert(
        delivery,
        NewRelic.name,
        key=f"incident:{incident}",
        occurrence=f"incident:{incident}",
        state=state,
        title=title_of(body.get("details"), body.get("condition_name")),
        labels=labels,
        annotations=facts(
            generator_url=body.get("incident_url"), runbook_url=body.get("runbook_url"),
            description=body.get("details"), policy_url=body.get("policy_url"),
        ),
        started_at=epoch(body.get("timestamp")),
    )  # fmt: skip


def _listed(value: object) -> list[str]:
    """A list of texts, or the one text that a template may make of it."""
    return [text for each in (value if isinstance(value, list) else [value]) if (text := scalar(each))]
