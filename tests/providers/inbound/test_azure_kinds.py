"""Azure's common schema has a context of its own for each kind of alert: what is said in each is found.

Shapes: learn.microsoft.com "Common alert schema", "Alert contexts"; cut to the fields that people read.
"""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.incident import AlertEvent
from mayday.providers.azure.inbound import Azure
from mayday.providers.inbound import Malformed
from tests.providers.inbound.samples import delivery

TARGET = "/subscriptions/s1/resourceGroups/shop-rg/providers/Microsoft.Compute/virtualMachines/shop-1"


def alert(service: str, context: dict[str, Any] | None, **essentials: Any) -> AlertEvent:
    body = {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": "/subscriptions/s1/providers/Microsoft.AlertsManagement/alerts/a1", "alertRule": "shop rule",
                "severity": "Sev1", "signalType": "Log", "monitorCondition": "Fired", "monitoringService": service,
                "alertTargetIDs": [TARGET], "originAlertId": "o1", "firedDateTime": "2026-03-02T02:09:00Z",
            } | essentials,
            "alertContext": context,
        },
    }  # fmt: skip
    (event,) = Azure().events(delivery(body))
    return event


KINDS: dict[str, tuple[str, dict[str, Any], dict[str, str], str]] = {
    "metric, dynamic threshold": (
        "Platform",
        {"conditionType": "DynamicThresholdCriteria", "condition": {"allOf": [{
            "metricName": "CPU", "operator": "GreaterOrLessThan", "threshold": "80", "metricValue": 99.5,
            "dimensions": [{"name": "slot", "value": "blue"}]}]}},
        {"metric": "CPU", "slot": "blue", "condition_type": "DynamicThresholdCriteria"},
        "CPU GreaterOrLessThan 80, is 99.5",
    ),
    "log alert, version 2": (
        "Log Alerts V2",
        {"conditionType": "LogQueryCriteria", "properties": {"team": "shop"}, "condition": {"allOf": [{
            "searchQuery": "Heartbeat | count", "operator": "LessThan", "threshold": "1", "metricValue": 0.0,
            "dimensions": [], "linkToFilteredSearchResultsUI": "https://portal.azure.com/#q"}]}},
        {"team": "shop", "condition_type": "LogQueryCriteria"},
        "Heartbeat | count LessThan 1, is 0.0",
    ),
    "log analytics, version 1": (
        "Log Analytics",
        {"SearchQuery": "Event | where Level == 1", "AlertType": "Number of results", "ResultCount": 3},
        {"alert_type": "Number of results"}, "Event | where Level == 1",
    ),
    "activity log, administrative": (
        "Activity Log - Administrative",
        {"operationName": "Microsoft.Compute/virtualMachines/delete", "status": "Succeeded",
         "caller": "kim@example.com"},
        {"caller": "kim@example.com", "status": "Succeeded"}, "Microsoft.Compute/virtualMachines/delete",
    ),
    "resource health": (
        "Resource Health",
        {"properties": {"title": "VM unavailable", "currentHealthStatus": "Unavailable",
                        "previousHealthStatus": "Available", "type": "Downtime", "cause": "PlatformInitiated"}},
        {"health": "Unavailable", "health_before": "Available", "cause": "PlatformInitiated"}, "VM unavailable",
    ),
    "Prometheus rule": (
        "Prometheus",
        {"interval": "PT1M", "expression": "up == 0", "labels": {"alertname": "Down", "pod": "shop-7"},
         "annotations": {"summary": "shop-7 is down"}},
        {"pod": "shop-7", "alertname": "shop rule"}, "shop-7 is down",
    ),
    "smart detector": (
        "SmartDetector", {"DetectionSummary": "Failures rise", "SmartDetectorName": "Failure Anomalies"},
        {"detector": "Failure Anomalies"}, "Failures rise",
    ),
    "cost": ("CostAlerts", {"AlertCategory": "Budget", "AlertData": {"Scope": "s1"}}, {"category": "Budget"}, ""),
    "something new": ("Next Year's Service", {"whatever": [1, {"deep": None}]}, {}, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_alert(kind: str) -> None:
    service, context, labels, summary = KINDS[kind]
    event = alert(service, context)
    assert labels.items() <= event.labels.items()
    assert event.annotations.get("summary", "") == summary
    assert (event.labels["service"], event.labels["severity"]) == ("shop-1", "error")
    assert (event.labels["subscription"], event.labels["resource_group"]) == ("s1", "shop-rg")


@pytest.mark.parametrize("context", [None, {}, [], "x"])
def test_a_context_may_be_missing(context: Any) -> None:
    assert alert("Platform", context, configurationItems=["shop"]).labels["service"] == "shop"


def test_both_words_for_each_state_are_known_and_others_refused() -> None:
    said = {word: alert("Platform", {}, monitorCondition=word).state for word in ("Fired", "Resolved", "resolved")}
    assert said == {"Fired": "firing", "Resolved": "resolved", "resolved": "resolved"}
    with pytest.raises(Malformed, match="monitorCondition"):
        alert("Platform", {}, monitorCondition="Maybe")


def test_the_older_schemas_are_told_what_to_turn_on() -> None:
    with pytest.raises(Malformed, match="common alert schema"):
        Azure().events(delivery({"schemaId": "AzureMonitorMetricAlert", "data": {"status": "Activated"}}))
