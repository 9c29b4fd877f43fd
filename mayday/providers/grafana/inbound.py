"""Grafana's contact-point webhook (unified alerting, version 8 on) and the legacy dashboard alerts before it.

Unified alerting speaks Alertmanager's shape with more in it: `orgId`, `values` (may be null), links to dashboard and
panel. An alert is told by fingerprint, start and state. From version 12 it signs: HMAC-SHA256 in
`X-Grafana-Alerting-Signature`, over `timestamp:body` where a header for the timestamp is set at both ends.
The sender does not try again after a refusal, so nothing is refused that can be read.
Source: grafana.com "Webhook notifier"; grafana/alerting `http/hmac.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.alertmanager.inbound import notification_events
from mayday.providers.facts import alert, facts, fields, items, put, scalar, title_of
from mayday.providers.inbound import Delivery, Fetch, InboundSource, Malformed, fingerprint_of, mapping, read_json
from mayday.providers.signatures import check_hmac, check_window

__all__ = ["Grafana"]

SIGNATURE_HEADER = "X-Grafana-Alerting-Signature"
#: links and numbers of an alert, and what they are called among its annotations
_EXTRAS = {
    "valueString": "values", "dashboardURL": "dashboard_url", "panelURL": "panel_url", "silenceURL": "silence_url",
    "imageURL": "image_url",
}  # fmt: skip
#: legacy states that tell of a change; paused, pending and unknown do not
_LEGACY = {"alerting": "firing", "no_data": "firing", "ok": "resolved"}


class Grafana(InboundSource):
    """The inbound source `grafana`."""

    name = "grafana"
    title = "Grafana"
    settings = MappingProxyType(
        {
            "signature_header": "where the signature stands (`X-Grafana-Alerting-Signature`)",
            "timestamp_header": "where its timestamp stands; then one is needed",
        }
    )
    proof = "SECRET"

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """HMAC over the body, or over timestamp and body inside the window."""
        header = delivery.options.get("signature_header", SIGNATURE_HEADER)
        stamp = delivery.options.get("timestamp_header")
        message = delivery.raw
        if stamp:
            seconds = delivery.headers.get(stamp.lower(), "")
            check_window(seconds, delivery.received_at, header=stamp)
            message = seconds.encode() + b":" + message
        check_hmac(secrets, message, [delivery.headers.get(header.lower(), "")], header=header)

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an alert; a legacy notification has one, or none when it only says that a rule was paused."""
        body = mapping(read_json(delivery.raw), "body")
        if "alerts" not in body and ("ruleId" in body or "ruleName" in body):
            return _legacy(body, delivery)
        found = notification_events(body, delivery, self.name)
        return [_more(event, fields(given), body) for event, given in zip(found, body["alerts"], strict=True)]


def _more(event: AlertEvent, given: dict[str, Any], body: dict[str, Any]) -> AlertEvent:
    for name, ours in _EXTRAS.items():
        put(event.annotations, ours, given.get(name))
    org = scalar(given.get("orgId", body.get("orgId")))
    put(event.labels, "org_id", org)
    if org and org != "1":  # fingerprints are unique inside an organisation only
        event.alert_key = f"{org}:{event.alert_key}"
        event.dedupe_key = f"{Grafana.name}:{org}:{event.dedupe_key.removeprefix('grafana:')}"
    return event


def _legacy(body: dict[str, Any], delivery: Delivery) -> list[AlertEvent]:
    word = scalar(body.get("state")).lower()
    if word in ("paused", "pending", "unknown"):
        return []
    if word not in _LEGACY:
        raise Malformed("state", "expected alerting, no_data, ok, paused, pending or unknown")
    rule = scalar(body.get("ruleId")) or scalar(body.get("ruleName"))
    first = fields(next(iter(items(body.get("evalMatches"))), {}))
    return [
        alert(
            delivery,
            Grafana.name,
            key=f"rule:{scalar(body.get('orgId')) or '1'}:{rule}",
            # It carries no time: the minute of receipt stands for it.
            occurrence=f"rule:{_mark(delivery)}",
            state="resolved" if _LEGACY[word] == "resolved" else "firing",
            title=title_of(body.get("ruleName"), body.get("title")),
            labels=facts(fields(body.get("tags")), fields(first.get("tags")), alertname=body.get("ruleName")),
            annotations=facts(
                summary=body.get("title"), description=body.get("message"), generator_url=body.get("ruleUrl"),
                metric=first.get("metric"), value=first.get("value"),
            ),
        )
    ]  # fmt: skip


def _mark(delivery: Delivery) -> str:
    return f"{fingerprint_of(delivery.raw.decode('utf-8', 'replace'))}:{delivery.received_at:%Y%m%d%H%M}"
