"""Google Cloud Monitoring: its webhook channel, and its Pub/Sub channel pushed to us.

A webhook authenticates with basic or `?token=`. A Pub/Sub push carries Google's OIDC token: with
MAYDAY_WEBHOOK_GCP_AUDIENCE it is verified, with MAYDAY_WEBHOOK_GCP_EMAIL also whose service account it is.
`state` is open or closed, in any case of letters; `incident_id` stays. Times are seconds; `ended_at` is null or 0 while
it is open. Source: cloud.google.com "Notification options"; "Authentication for push subscriptions".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import alert, epoch, facts, fields, grade, needed, put, title_of
from mayday.providers.identity_tokens import GOOGLE, check_identity
from mayday.providers.inbound import BadSignature, Delivery, Fetch, InboundSource, Malformed, mapping, read_json

__all__ = ["GoogleCloud"]


class GoogleCloud(InboundSource):
    """The inbound source `gcp`."""

    name = "gcp"
    title = "Google Cloud Monitoring"
    settings = MappingProxyType(
        {
            "audience": "audience of the tokens of a Pub/Sub push",
            "email": "service account of that push",
        }
    )
    proof = "AUDIENCE"
    mixed = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """A push has to be Google's; what comes from the webhook channel has to show the token."""
        if delivery.token_fits:
            return
        claims = await check_identity(delivery, GOOGLE, delivery.options["audience"], fetch)
        email = delivery.options.get("email")
        if email and (claims.get("email") != email or claims.get("email_verified") is not True):
            raise BadSignature("the push comes from another service account")

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an incident."""
        body = mapping(read_json(delivery.raw), "body")
        if "message" in body and "incident" not in body:
            body = _pushed(body)
        incident = mapping(body.get("incident"), "incident")
        word = needed(incident, "state", where="incident").lower()
        if word not in ("open", "closed", "acknowledged"):
            raise Malformed("incident.state", "expected open or closed")
        if word == "acknowledged":
            return []
        return [_event(needed(incident, "incident_id", where="incident"), word, incident, delivery)]


def _event(key: str, word: str, incident: dict[str, Any], delivery: Delivery) -> AlertEvent:
    resource, metric = fields(incident.get("resource")), fields(incident.get("metric"))
    user = {**fields(incident.get("policy_user_labels")), **fields(fields(incident.get("metadata")).get("user_labels"))}
    system = fields(fields(incident.get("metadata")).get("system_labels"))
    documentation = fields(incident.get("documentation"))
    labels = facts(
        user,
        alertname=incident.get("condition_name") or incident.get("policy_name"),
        service=user.get("service") or incident.get("resource_display_name") or incident.get("resource_name"),
        severity=grade(incident.get("severity"), system.get("severity")),
        policy=incident.get("policy_name"),
        condition=incident.get("condition_name"),
        project=incident.get("scoping_project_id") or fields(resource.get("labels")).get("project_id"),
        resource_type=resource.get("type"),
        metric=metric.get("type"),
    )
    for source in (fields(resource.get("labels")), fields(metric.get("labels"))):
        for name, value in list(source.items())[:20]:
            put(labels, name, value)
    return alert(
        delivery,
        GoogleCloud.name,
        key=key,
        occurrence=key,
        state="firing" if word == "open" else "resolved",
        title=title_of(incident.get("condition_name"), incident.get("policy_name"), incident.get("summary")),
        labels=labels,
        annotations=facts(
            summary=incident.get("summary"), generator_url=incident.get("url"),
            description=documentation.get("content"), observed=incident.get("observed_value"),
            threshold=incident.get("threshold_value"),
        ),
        started_at=epoch(incident.get("started_at")),
    )  # fmt: skip


def _pushed(body: dict[str, Any]) -> dict[str, Any]:
    data = fields(body.get("message")).get("data")
    if not isinstance(data, str):
        raise Malformed("message.data", "is missing")
    try:
        return mapping(read_json(base64.b64decode(data, validate=True)), "message.data")
    except (binascii.Error, ValueError):
        raise Malformed("message.data", "is not base64") from None
