"""Prometheus Alertmanager's webhook, versions 1 to 4, to our alerts.

It signs nothing: the receiver's `http_config` carries a bearer token or basic credentials, which the starter checks.
It repeats a notification every `repeat_interval` and retries only on 5xx, so the same alert comes many times: an alert
is told by fingerprint (version 4), start and state. Version 3 and below have no fingerprint: the labels stand for it.
Source: prometheus/alertmanager `notify/webhook` and `template.Data`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.incident import AlertEvent
from mayday.domain.timeline import timestamp
from mayday.providers.inbound import (
    Delivery,
    InboundSource,
    Malformed,
    clean_text,
    fingerprint_of,
    instant,
    kind_of,
    mapping,
    read_json,
    sequence,
    text_map,
)

__all__ = ["Alertmanager", "notification_events"]

MOST_ALERTS = 5_000
LONGEST_TITLE = 200


class Alertmanager(InboundSource):
    """The inbound source `alertmanager`."""

    name = "alertmanager"
    title = "Prometheus Alertmanager"

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an alert, in the order of the body."""
        body = read_json(delivery.raw)
        if isinstance(body, list):  # what Prometheus itself posts to /api/v1/alerts
            body = {"alerts": body}
        return notification_events(mapping(body, "body"), delivery, self.name)


def notification_events(body: dict[str, Any], delivery: Delivery, source: str) -> list[AlertEvent]:
    """The alerts of a notification in Alertmanager's shape, which Grafana sends too."""
    if "alerts" not in body:
        raise Malformed("alerts", "is missing; this is not an Alertmanager notification")
    alerts = sequence(body["alerts"], "alerts")
    if not alerts:
        raise Malformed("alerts", "is empty")
    if len(alerts) > MOST_ALERTS:
        raise Malformed("alerts", f"{len(alerts)} alerts in one notification; set max_alerts to {MOST_ALERTS} or less")
    group = None if body.get("status") is None else _state(body["status"], "status")
    return [_event(alert, f"alerts[{index}]", group, delivery, source) for index, alert in enumerate(alerts)]


def _event(
    value: object, where: str, group: Literal["firing", "resolved"] | None, delivery: Delivery, source: str
) -> AlertEvent:
    alert = mapping(value, where)
    if "labels" not in alert:
        raise Malformed(f"{where}.labels", "is missing")
    labels = text_map(alert["labels"], f"{where}.labels")
    annotations = text_map(alert.get("annotations") or {}, f"{where}.annotations")
    started_at = instant(alert.get("startsAt"), f"{where}.startsAt")
    ended_at = instant(alert.get("endsAt"), f"{where}.endsAt")
    state = _alert_state(alert, where, group, ended_at, delivery.received_at)
    link = alert.get("generatorURL")
    if isinstance(link, str) and link:
        annotations.setdefault("generator_url", clean_text(link))
    key = _fingerprint(alert, where, labels)
    started = timestamp(started_at) if started_at else "unknown"
    return AlertEvent(
        source=source,
        dedupe_key=f"{source}:{key}:{started}:{state}",
        alert_key=key,
        state=state,
        title=_title(labels, annotations),
        labels=labels,
        annotations=annotations,
        started_at=started_at,
        received_at=delivery.received_at,
    )


def _alert_state(
    alert: dict[str, Any],
    where: str,
    group: Literal["firing", "resolved"] | None,
    ended_at: datetime | None,
    received_at: datetime,
) -> Literal["firing", "resolved"]:
    """Its own status, else whether its end lies in the past (version 1), else the group's."""
    if alert.get("status") is not None:
        return _state(alert["status"], f"{where}.status")
    if ended_at is not None:
        return "resolved" if ended_at <= received_at else "firing"
    return group or "firing"


def _state(value: object, where: str) -> Literal["firing", "resolved"]:
    if value == "firing":
        return "firing"
    if value == "resolved":
        return "resolved"
    shown = repr(clean_text(value, 40)) if isinstance(value, str) else kind_of(value)
    raise Malformed(where, f"expected firing or resolved, got {shown}")


def _fingerprint(alert: dict[str, Any], where: str, labels: dict[str, str]) -> str:
    given = alert.get("fingerprint")
    if given is None or given == "":
        return fingerprint_of(labels)
    if not isinstance(given, str):
        raise Malformed(f"{where}.fingerprint", f"expected a text, got {kind_of(given)}")
    return clean_text(given, 64)


def _title(labels: dict[str, str], annotations: dict[str, str]) -> str:
    for text in (annotations.get("summary"), annotations.get("title"), labels.get("alertname")):
        if text and text.strip():
            return clean_text(" ".join(text.split()), LONGEST_TITLE)
    return "Alert without a name"
