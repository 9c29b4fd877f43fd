"""Datadog's webhook integration. Its body is a template that you write: docs/webhooks.md has ours.

Without a template Datadog sends its default body, which has no field for the transition: the title's first bracket says
it. Variables that Datadog does not know stay in the text as `$NAME`; they count as missing. All values are texts.
It signs nothing; put the token into a custom header, or use its basic authentication. `$ID` differs between the alert
and its recovery, `$ALERT_CYCLE_KEY` joins them; without it monitor and scope do.
Source: docs.datadoghq.com/integrations/webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import State, alert, epoch, facts, fields, grade, put, scalar, tags, title_of
from mayday.providers.inbound import Delivery, InboundSource, Malformed, fingerprint_of, mapping, read_json

__all__ = ["Datadog"]

_UNFILLED = re.compile(r"\$[A-Z][A-Z0-9_]*")
_BRACKET = re.compile(r"^\[([^\]]*)\]\s*")
_OVER = ("recovered", "resolved", "ok", "success")


class Datadog(InboundSource):
    """The inbound source `datadog`."""

    name = "datadog"
    title = "Datadog"

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event a notification."""
        body = {name: _filled(value) for name, value in mapping(read_json(delivery.raw), "body").items()}
        if not (_any(body, "title", "event_title", "alert_title") or _any(body, "id", "event_id")):
            raise Malformed("title", "is missing; write the webhook's payload as docs/webhooks.md shows it")
        raw_title = _any(body, "title", "event_title", "alert_title")
        known = {**_tagged(body.get("tags")), **_tagged(_any(body, "scopes", "alert_scope"))}
        labels = facts(
            alertname=_any(body, "alert_title") or _plain(raw_title),
            service=body.get("service") or known.get("service"),
            severity=_severity(body),
            priority=_any(body, "priority", "severity", "alert_priority"),
            monitor_id=_any(body, "monitor_id", "alert_id"),
            event_type=body.get("event_type"),
            org=fields(body.get("org")).get("name") or body.get("org_name"),
            host=_any(body, "host", "hostname"),
        )
        for name, value in known.items():
            put(labels, name, value)
        state = _state(body, raw_title)
        started_at = epoch(_any(body, "date", "last_updated"))
        return [
            alert(
                delivery,
                self.name,
                key=_key(body, raw_title),
                occurrence=_any(body, "id", "event_id") or fingerprint_of(delivery.raw.decode("utf-8", "replace")),
                state=state,
                title=title_of(_plain(raw_title), raw_title, _any(body, "alert_title"), _any(body, "id", "event_id")),
                labels=labels,
                annotations=facts(
                    summary=raw_title, description=_any(body, "body", "event_msg", "text_only_msg"),
                    generator_url=_any(body, "url", "link"), query=body.get("alert_query"),
                    metric=body.get("alert_metric"), snapshot=body.get("snapshot"),
                ),
                started_at=started_at,
            )
        ]  # fmt: skip


def _filled(value: Any) -> Any:
    return None if isinstance(value, str) and _UNFILLED.fullmatch(value.strip()) else value


def _any(body: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := scalar(body.get(name)).strip())), "")


def _plain(title: str) -> str:
    """`[Triggered on {service:checkout}] Checkout is slow` without what changes with the state."""
    return _BRACKET.sub("", title, count=1)


def _tagged(text: object) -> dict[str, str]:
    return tags(scalar(text).split(",")) if text else {}


def _state(body: Mapping[str, Any], title: str) -> State:
    said = _any(body, "alert_transition", "transition").lower()
    if not said:
        bracket = _BRACKET.match(title)
        said = bracket[1].lower() if bracket else _any(body, "alert_type").lower()
    return "resolved" if said.startswith(_OVER) else "firing"


def _severity(body: Mapping[str, Any]) -> str | None:
    """The monitor's priority; without one what the alert is."""
    priority = _any(body, "priority", "severity", "alert_priority")
    if "warn" in _any(body, "alert_transition", "transition").lower():
        return "warning"
    kind = {"error": "critical", "warning": "warning", "info": "info"}.get(_any(body, "alert_type").lower())
    return (grade(priority) if priority.lower() not in ("", "normal", "low", "not defined") else None) or kind


def _key(body: Mapping[str, Any], title: str) -> str:
    for name in ("alert_cycle_key", "cycle_key", "aggreg_key", "aggregation_key"):
        if key := _any(body, name):
            return key
    monitor = _any(body, "monitor_id", "alert_id")
    scope = ",".join(sorted(part.strip() for part in _any(body, "scopes", "alert_scope").split(",")))
    org = scalar(fields(body.get("org")).get("id"))
    return f"{org}:monitor:{monitor}:{scope}" if monitor else f"{org}:{_plain(title)}"
