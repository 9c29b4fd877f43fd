"""The notification that opens the demo's incident, as Alertmanager sends it (webhook format, version 4).

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.timeline import timestamp

__all__ = ["SERVICE", "checkout_fails"]

SERVICE = "demo_checkout"
_TITLE = "Checkout answers with errors"


def checkout_fails(now: datetime) -> dict[str, Any]:
    """Checkout has failed for a minute, in two pods."""
    common = {"alertname": "CheckoutErrors", "service": SERVICE, "severity": "critical", "region": "eu"}
    annotations = {"summary": _TITLE, "description": "More than 20 % of the requests of the last minute failed."}
    started_at = timestamp(now - timedelta(minutes=1))
    return {
        "version": "4",
        "groupKey": '{}/{team="payments"}:{alertname="CheckoutErrors"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "mayday",
        "groupLabels": {"alertname": "CheckoutErrors"},
        "commonLabels": common,
        "commonAnnotations": annotations,
        "externalURL": "http://alertmanager.example:9093",
        "alerts": [
            {
                "status": "firing",
                "labels": {**common, "pod": pod},
                "annotations": annotations,
                "startsAt": started_at,
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example:9090/graph?g0.expr=checkout_errors&g0.tab=1",
                "fingerprint": fingerprint,
            }
            for pod, fingerprint in (("checkout-7d9f", "b5a1c9e0d2f34876"), ("checkout-x2kq", "b5a1c9e0d2f34877"))
        ],
    }
