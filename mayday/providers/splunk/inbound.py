"""Splunk: the webhook action of Enterprise and Cloud, and detectors of Observability Cloud, told apart by their fields.

Enterprise can sign nothing and send no header: the token stands in the address (`?token=`), and an address list narrows
it (MAYDAY_WEBHOOK_SPLUNK_ADDRESSES). A search tells of a firing (`sid`) and never of its end; `search_name` may be
missing or null, `result` is the first row only. MAYDAY_WEBHOOK_SPLUNK_KEY_FIELD names the field of it that tells one
alert of a search from another (default `host`).
Observability signs: base64 of HMAC-SHA256 over the body in `X-SFX-Signature`. One `incidentId` runs from the anomaly to
its end. Source: help.splunk.com "Use a webhook alert action", "Send alert notifications to a webhook".
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import alert, epoch, facts, fields, grade, needed, put, scalar, title_of
from mayday.providers.inbound import (
    BadSignature,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    instant,
    mapping,
    read_json,
)
from mayday.providers.signatures import check_hmac

__all__ = ["Splunk"]

SIGNATURE_HEADER = "X-SFX-Signature"
_OVER = ("ok", "manually resolved", "auto resolved", "stopped", "cleared", "resolved")


class Splunk(InboundSource):
    """The inbound source `splunk`."""

    name = "splunk"
    title = "Splunk Enterprise, Cloud and Observability"
    settings = MappingProxyType(
        {
            "key_field": "field of `result` that tells one alert of a search from another (`host`)",
        }
    )
    proof = "SECRET"
    mixed = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """A detector's signature, where a secret is set; a search has to show the token."""
        shown = delivery.headers.get(SIGNATURE_HEADER.lower(), "")
        if shown or _detector_like(delivery.raw):
            check_hmac(secrets, delivery.raw, [shown], encoding="base64", header=SIGNATURE_HEADER)
        elif not delivery.token_fits:
            raise BadSignature("a search alert is not signed: it needs MAYDAY_WEBHOOK_SPLUNK_TOKEN in ?token=")

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event a notification."""
        body = mapping(read_json(delivery.raw), "body")
        if "incidentId" in body:
            return [_detector(body, delivery)]
        if "sid" in body or "result" in body:
            return [_search(body, delivery)]
        raise Malformed("sid", "is missing; this is neither a search alert nor a detector's notification")


def _detector_like(raw: bytes) -> bool:
    return b'"incidentId"' in raw


def _search(body: dict[str, Any], delivery: Delivery) -> AlertEvent:
    sid = needed(body, "sid")
    row = fields(body.get("result"))
    key_field = delivery.options.get("key_field", "host")
    # An unsaved search has no name: its id begins with who ran it and what, and ends with when.
    search = scalar(body.get("search_name")).strip() or sid.partition("_at_")[0]
    labels = facts(
        alertname=search,
        service=row.get("service"),
        severity=grade(row.get("severity"), row.get("urgency")),
        app=body.get("app"),
        owner=body.get("owner"),
    )
    for name, value in row.items():
        if not name.startswith(("_", "date_")) and name not in ("punct", "timestartpos", "timeendpos", "linecount"):
            if len(labels) < 40:
                put(labels, name, value)
    return alert(
        delivery,
        Splunk.name,
        key=f"{search}:{scalar(row.get(key_field))}",
        occurrence=sid,
        state="firing",
        title=title_of(body.get("search_name"), f"Splunk search {search}"),
        labels=labels,
        annotations=facts(description=row.get("_raw"), generator_url=body.get("results_link")),
        started_at=epoch(scalar(row.get("_time")).partition(".")[0]),
    )


def _detector(body: dict[str, Any], delivery: Delivery) -> AlertEvent:
    incident = needed(body, "incidentId")
    inputs = fields(body.get("inputs"))  # some payloads carry the message's own fields in here
    rule = scalar(body.get("rule")) or scalar(inputs.get("rule"))
    status = scalar(body.get("statusExtended") or body.get("status")).lower()
    over = status in _OVER
    labels = facts(
        fields(body.get("dimensions")),
        alertname=body.get("detector") or rule,
        severity=grade(body.get("severity")),
        detector=body.get("detector"),
        rule=rule,
        metric=body.get("originatingMetric"),
        status=status,
    )
    return alert(
        delivery,
        Splunk.name,
        key=f"incident:{incident}",
        occurrence=f"incident:{incident}:{status}",
        state="resolved" if over else "firing",
        title=title_of(body.get("messageTitle"), inputs.get("messageTitle"), rule, body.get("detector"), incident),
        labels=labels,
        annotations=facts(
            description=body.get("messageBody"), summary=body.get("description") or inputs.get("description"),
            condition=body.get("detectOnCondition"), generator_url=body.get("detectorUrl"),
            runbook_url=body.get("runbookUrl") or inputs.get("runbookUrl"), tip=body.get("tip"),
        ),
        started_at=_moment(body.get("timestampISO8601") or body.get("timestamp")),
    )  # fmt: skip


def _moment(value: object) -> Any:
    found = epoch(value)
    if found is not None or not isinstance(value, str):
        return found
    try:
        return instant(value, "timestamp")
    except Malformed:
        return None  # a time that we cannot read is no reason to lose the alert
