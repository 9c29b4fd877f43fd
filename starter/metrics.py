"""What Prometheus may know of a starter: counts and times, nothing personal and no ids."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = [
    "ALERTS_FORWARDED",
    "ALERTS_RECEIVED",
    "CALLBACKS",
    "COMMANDS",
    "DATA_FREE_BYTES",
    "INBOX_WAITING",
    "RECORDS_WRITABLE",
    "REGISTRY",
    "REQUESTS",
    "REQUEST_SECONDS",
    "WATCHDOG_MISSING",
]

REGISTRY = CollectorRegistry()

ALERTS_RECEIVED = Counter("mayday_alerts_received", "Alerts taken in", ["source", "state"], registry=REGISTRY)
ALERTS_FORWARDED = Counter("mayday_alerts_forwarded", "Alerts by what became of them", ["action"], registry=REGISTRY)
INBOX_WAITING = Gauge("mayday_inbox_waiting", "Alerts that the forwarder last found waiting", registry=REGISTRY)
CALLBACKS = Counter(
    "mayday_callbacks", "What vendors told of our own calls, by what became of it", ["source", "kind", "state"],
    registry=REGISTRY,
)  # fmt: skip
RECORDS_WRITABLE = Gauge(
    "mayday_records_writable", "0 while the records store takes nothing: down, full or read-only", registry=REGISTRY
)
DATA_FREE_BYTES = Gauge("mayday_data_free_bytes", "Room on the disk of the data folder", registry=REGISTRY)
WATCHDOG_MISSING = Gauge(
    "mayday_watchdog_missing", "1 while an alert that always fires does not come", ["watchdog"], registry=REGISTRY
)
COMMANDS = Counter("mayday_commands", "Decisions of people by kind and outcome", ["kind", "outcome"], registry=REGISTRY)
REQUESTS = Counter(
    "mayday_http_requests", "Requests by route and status", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "mayday_http_request_seconds", "Seconds to answer, by route", ["route"], registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
