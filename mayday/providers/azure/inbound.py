"""Azure Monitor's common alert schema: metric, log, activity log, service and resource health, smart detectors, cost.

An action group sends no header of ours: the token stands in the address (`?token=`), or the action is a "secure
webhook", and Entra's token is verified: MAYDAY_WEBHOOK_AZURE_AUDIENCE (our app), _TENANT, and _APPID when the sender is
not Azure's own action-group app. `alertId` is the alert, `originAlertId` one firing. What happened stands in
`alertContext`, whose shape differs by service; anything in it that we do not know is left in the raw body.
After a few refusals Azure blocks an address for 15 minutes. Source: azure-docs action-groups.md, alerts-common-schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import State, alert, facts, fields, grade, items, needed, put, scalar, title_of
from mayday.providers.identity_tokens import check_identity, entra
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

__all__ = ["Azure"]

SCHEMA = "azureMonitorCommonAlertSchema"
#: Entra's application of all action groups [learn.microsoft.com "Secure webhook"]
ACTION_GROUPS = "461e8683-5575-4561-ac7f-899cc907d62a"
_STATES: dict[str, State] = {
    "fired": "firing",
    "activated": "firing",
    "resolved": "resolved",
    "deactivated": "resolved",
}
#: what each kind of context says in fields of its own, in ours
_CONTEXT = {
    "conditionType": "condition_type", "operationName": "operation", "status": "status", "level": "level",
    "caller": "caller", "SmartDetectorName": "detector", "SmartDetectorId": "detector_id", "AlertType": "alert_type",
    "AlertCategory": "category", "ResourceType": "resource_type",
}  # fmt: skip
_PROPERTIES = {
    "incidentType": "incident_type", "stage": "stage", "trackingId": "tracking_id", "region": "region",
    "service": "azure_service", "currentHealthStatus": "health", "previousHealthStatus": "health_before",
    "cause": "cause", "type": "health_type",
}  # fmt: skip


class Azure(InboundSource):
    """The inbound source `azure`."""

    name = "azure"
    title = "Azure Monitor"
    settings = MappingProxyType(
        {
            "audience": "our application in Entra, for a secure webhook",
            "tenant": "the tenant that issues its tokens",
            "appid": "the sender's application, when it is not Azure's action groups",
        }
    )
    proof = "AUDIENCE"

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """Entra's token for our audience, issued by the tenant to the action groups' application."""
        tenant = delivery.options.get("tenant", "").strip()
        if not tenant:
            raise BadSignature("MAYDAY_WEBHOOK_AZURE_TENANT is not set")
        claims = await check_identity(delivery, entra(tenant), delivery.options["audience"], fetch)
        if claims.get("tid", tenant) != tenant:
            raise BadSignature("the identity token is of another tenant")
        wanted = delivery.options.get("appid", ACTION_GROUPS)
        if wanted not in (claims.get("appid"), claims.get("azp")):
            raise BadSignature("the identity token was issued to another application")

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an alert."""
        body = mapping(read_json(delivery.raw), "body")
        if body.get("schemaId") != SCHEMA:
            raise Malformed("schemaId", f"expected {SCHEMA}: turn on the common alert schema in the action group")
        data = mapping(body.get("data"), "data")
        essentials = mapping(data.get("essentials"), "data.essentials")
        word = needed(essentials, "monitorCondition", where="data.essentials")
        if word.lower() not in _STATES:
            raise Malformed("data.essentials.monitorCondition", "expected Fired or Resolved")
        return [_event(essentials, data, _STATES[word.lower()], delivery)]


def _event(essentials: dict[str, Any], data: dict[str, Any], state: State, delivery: Delivery) -> AlertEvent:
    alert_id = needed(essentials, "alertId", "originAlertId", where="data.essentials")
    context = fields(data.get("alertContext"))
    properties = fields(context.get("properties"))
    custom = fields(data.get("customProperties")) or (properties if "conditionType" in context else {})
    fired = essentials.get("firedDateTime")
    target = scalar(next(iter(items(essentials.get("alertTargetIDs"))), ""))
    configuration = scalar(next(iter(items(essentials.get("configurationItems"))), ""))
    labels = facts(
        custom,
        alertname=essentials.get("alertRule"),
        service=custom.get("service") or configuration or properties.get("service") or target.rpartition("/")[2],
        severity=grade(_severity(essentials.get("severity"))),
        azure_severity=essentials.get("severity"),
        signal_type=essentials.get("signalType"),
        monitoring_service=essentials.get("monitoringService"),
        **dict(_placed(target)),
    )
    for theirs, ours in _CONTEXT.items():
        put(labels, ours, context.get(theirs))
    for theirs, ours in _PROPERTIES.items():
        put(labels, ours, properties.get(theirs))
    for name, value in _dimensions(context):
        put(labels, name, value)
    return alert(
        delivery,
        Azure.name,
        key=alert_id,
        occurrence=f"{scalar(essentials.get('originAlertId')) or alert_id}:{scalar(fired)}",
        state=state,
        title=title_of(properties.get("title"), essentials.get("alertRule"), essentials.get("description"), alert_id),
        labels=labels,
        annotations=facts(
            description=essentials.get("description"), summary=_summary(context, properties),
            generator_url=essentials.get("investigationLink") or _search_link(context), target=target,
        ),
        started_at=instant(fired, "data.essentials.firedDateTime"),
    )  # fmt: skip


def _severity(value: object) -> str:
    """Sev0 is the worst: one word above what Sev means to most others."""
    return {"sev0": "critical", "sev1": "error", "sev2": "warning", "sev3": "info", "sev4": "info"}.get(
        scalar(value).lower(), ""
    )


def _placed(target: str) -> Iterator[tuple[str, str]]:
    """Subscription and resource group of `/subscriptions/S/resourcegroups/G/...`."""
    parts = target.split("/")
    for name, ours in (("subscriptions", "subscription"), ("resourcegroups", "resource_group")):
        for index, part in enumerate(parts[:-1]):
            if part.lower() == name:
                yield ours, parts[index + 1]
                break


def _criteria(context: dict[str, Any]) -> list[dict[str, Any]]:
    return [fields(each) for each in items(fields(context.get("condition")).get("allOf"))][:10]


def _dimensions(context: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for criterion in _criteria(context):
        yield "metric", criterion.get("metricName")
        for dimension in items(criterion.get("dimensions"))[:20]:
            yield scalar(fields(dimension).get("name")) or "dimension", fields(dimension).get("value")
    yield from list(fields(context.get("labels")).items())[:20]  # of a Prometheus rule


def _summary(context: dict[str, Any], properties: dict[str, Any]) -> str:
    """What is the matter, in the words of whichever context this is."""
    for criterion in _criteria(context):
        name = scalar(
            criterion.get("metricName") or criterion.get("metricMeasureColumn") or criterion.get("searchQuery")
        )
        parts = (name, scalar(criterion.get("operator")), scalar(criterion.get("threshold")))
        value = scalar(criterion.get("metricValue"))
        return " ".join(part for part in parts if part) + (f", is {value}" if value else "")
    for text in (
        context.get("DetectionSummary"), fields(context.get("annotations")).get("summary"),
        context.get("SearchQuery"), properties.get("title"), properties.get("cause"), context.get("operationName"),
    ):  # fmt: skip
        if text := scalar(text):
            return text
    return ""


def _search_link(context: dict[str, Any]) -> object:
    for criterion in _criteria(context):
        return criterion.get("linkToFilteredSearchResultsUI") or criterion.get("linkToSearchResultsUI")
    return context.get("LinkToFilteredSearchResultsUI") or context.get("LinkToSearchResults")
