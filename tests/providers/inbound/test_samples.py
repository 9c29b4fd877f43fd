"""Every sample of every vendor becomes the right event, or none, or a refusal that says where and why."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from mayday.domain.incident import AlertEvent
from mayday.providers.inbound import InboundSource, Malformed
from mayday.providers.sources import NAMES, inbound_source
from tests.providers.inbound.samples import NOW, SAMPLES, delivery, needed, sample

pytestmark = needed


class Right(NamedTuple):
    """What a sample's only event says; `key` None: no event at all."""

    state: str = ""
    title: str = ""
    key: str | None = None
    dedupe: str = ""
    started_at: datetime | None = None
    labels: dict[str, str] = {}


NOTHING = Right()


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


EC2 = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
DYNATRACE = "-6004362228644432354_1638271020000V2"
MOBILE = {"severity": "warning", "problem": "P-211117376", "impact": "APPLICATION", "MyApplication": "true"}
AZURE = "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.AlertsManagement/alerts/"
METRIC = "11111111-1111-1111-1111-111111111111_test-RG_microsoft.insights_metricAlerts_test-metricAlertRule_1234567890"
JSM = "439aa701-7cd6-4549-8992-d06650561222-1779166598474"

TABLE: dict[str, Right] = {
    "aws/alarm_lambda_action_composite": Right(
        "firing", "CompositeDemo.Main", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:SuppressionDemo.Main",
        started_at=at(2023, 8, 4, 12, 56, 46, 138000), labels={"region": "us-east-1"}),
    "aws/alarm_lambda_action_single_metric": Right(
        "firing", "Test alert", "arn:aws:cloudwatch:eu-west-1:912397435824:alarm:test_alarm",
        started_at=at(2024, 2, 17, 11, 53, 8, 431000), labels={"namespace": "AWS/Lambda", "metric": "Invocations"}),
    "aws/constructed_sns_cloudwatch_ok": Right(
        "resolved", "bucketbytesAlarm", "1234567890:EU (Ireland):bucketbytesAlarm",
        "aws:f399993e-5392-6cf5-90ef-ededd22d9c12:resolved", at(2019, 2, 16, 23, 53, 45, 93000)),
    "aws/sns_cloudwatch_alarm": Right(
        "firing", "bucketbytesAlarm", "1234567890:EU (Ireland):bucketbytesAlarm",
        "aws:e288882d-4281-5be4-8fde-dccc11c8cb01:firing", at(2019, 2, 15, 23, 53, 45, 93000),
        {"namespace": "AWS/S3", "BucketName": "try.alerta.io"}),
    "aws/lambda_sns_cloudwatch_single_metric": Right(
        "firing", "EXAMPLE", "arn:aws:cloudwatch:REGION:ACCOUNT_NUMBER:alarm:EXAMPLE",
        "aws:95df01b4-ee98-5cb9-9903-4c221d41eb5e:firing", at(2015, 6, 3, 17, 43, 27, 123000)),
    "aws/eventbridge_alarm_anomaly": Right(
        "firing", "EC2 CPU Utilization Anomaly", EC2 + "EC2 CPU Utilization Anomaly",
        "aws:daafc9f1-bddd-c6c9-83af-74971fcfc4ef:firing", at(2019, 10, 3, 16, 0, 4, 653000)),
    "aws/eventbridge_alarm_metric_math": Right(
        "firing", "TotalNetworkTrafficTooHigh", EC2 + "TotalNetworkTrafficTooHigh",
        "aws:2dde0eb1-528b-d2d5-9ca6-6d590caf2329:firing", labels={"InstanceId": "i-12345678901234567"}),
    "aws/eventbridge_alarm_single_metric": Right(
        "firing", "ServerCpuTooHigh", EC2 + "ServerCpuTooHigh", "aws:c4c1c1c9-6542-e61b-6ef0-8c4d36933a92:firing",
        labels={"metric": "CPUUtilization", "account": "123456789012"}),
    "aws/eventbridge_alarm_config_created": NOTHING,
    "aws/sns_subscription_confirmation": NOTHING,
    "aws/sns_unsubscribe_confirmation": NOTHING,
    "azure/activity_log": Right(
        "firing", "test-activityLogAlertRule",
        "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/test-RG/providers/microsoft.insights/"
        "activityLogAlerts/Test_Alert", started_at=at(2022, 11, 7, 12, 1, 33, 48000),
        labels={"service": "test-VM", "severity": "info",
        "status": "Succeeded"}),
    "azure/availability_test": Right(
        "firing", "test-availabilityTest-test-applicationInsights", AZURE + "12345678-1234-1234-1234-1234567890ab",
        labels={"service": "test-applicationInsights", "customKey1": "value1", "metric": "Failed Location"}),
    "azure/metric_static_threshold_fired": Right(
        "firing", "test-metricAlertRule", AZURE + "12345678-1234-1234-1234-1234567890ab",
        f"azure:{METRIC}:2022-11-07T12:13:31.365Z:firing", at(2022, 11, 7, 12, 13, 31, 365000),
        {"service": "test-storageAccount", "ApiName": "GetBlob", "resource_group": "test-RG"}),
    "azure/constructed_metric_static_threshold_resolved": Right(
        "resolved", "test-metricAlertRule", AZURE + "12345678-1234-1234-1234-1234567890ab",
        f"azure:{METRIC}:2022-11-07T12:13:31.365Z:resolved", labels={"service": "test-storageAccount"}),
    "azure/service_health": Right(
        "firing", "Test Action Group - Test Service Health Alert",
        AZURE + "1234abcd5678efgh1234abcd5678efgh1234abcd5678efgh1234abcd5678efgh",
        labels={"service": "Azure Service Name", "stage": "Resolved", "tracking_id": "TEST-TTT"}),
    "azure/smart_detector": Right(
        "firing", "test-SmartAlertRule", AZURE + "12345678-1234-1234-1234-1234567890ab",

               started_at=at(2021, 10, 28, 19, 9, 9, 111508),
        labels={"detector_id": "DependencyPerformanceDegradationDetector"}),
    "datadog/constructed_custom_triggered": Right(
        "firing", "Checkout p95 latency", "123456:monitor:18692904:service:checkout",
        "datadog:8306077573749414142:firing", at(2025, 10, 1, 18, 33, 4),
        {"service": "checkout", "severity": "critical", "priority": "P1", "env": "prod", "team": "payments"}),
    "datadog/constructed_custom_recovered": Right(
        "resolved", "Checkout p95 latency", "123456:monitor:18692904:service:checkout",
        "datadog:8306077573749414999:resolved", labels={"service": "checkout"}),
    "datadog/default_payload_test_trigger": Right(
        "firing", "[TEST] Host Cluster Alert", "415600:[TEST] Host Cluster Alert",
        "datadog:5485379890863845239:firing"),
    "dynatrace/constructed_webhook_all_placeholders_open": Right(
        "firing", "Mobile app slow user actions", DYNATRACE, f"dynatrace:{DYNATRACE}:open:firing",
        at(2021, 11, 30, 11, 22), MOBILE),
    "dynatrace/constructed_webhook_all_placeholders_resolved": Right(
        "resolved",
        "Mobile app slow user actions", DYNATRACE, f"dynatrace:{DYNATRACE}:resolved:resolved", labels=MOBILE),
    "dynatrace/custom_open_test_notification": Right(
        "firing", "Dynatrace problem notification test run", "99999",
        labels={"service": "MyHost1", "testtag2": "true"}),
    "dynatrace/custom_resolved_with_problemdetailsjson": Right(
        "resolved", "Browser monitor global outage", "-6478017825120311599_1641223491837V2",
        started_at=at(2022, 1, 3, 15, 24, 51, 837000), labels={"severity": "critical",
        "service": "Third Party Monitor"}),
    "dynatrace/problem_api_v2_body": Right("firing", "Mobile app slow user actions", DYNATRACE, labels=MOBILE),
    "gcp/incident_closed_aggregate_no_labels": Right(
        "resolved", "test condition", "0.m2d61b3s6d5d", "gcp:0.m2d61b3s6d5d:resolved", at(2021, 5, 11, 17, 35, 33)),
    "gcp/incident_closed_v1_2": Right(
        "resolved", "VM Instance - Sent packets", "0.nrwo9fe1a4wg", started_at=at(2025, 5, 2, 9, 15, 19),
        labels={"severity": "error", "zone": "europe-west1-c", "project": "flanksource-sandbox"}),
    "gcp/legacy_stackdriver_open_v1_1": Right(
        "firing", "CPU usage", "f2e08c333dc64cb09f75eaab355393bz", labels={"service": "webserver-85"}),
    "gcp/mock_open_5xx_uppercase_state": Right(
        "firing", "5XX Error Rate > 5%", "prod-5xx-123", "gcp:prod-5xx-123:firing", None,
        {"service": "Production Web Cluster", "severity": "critical", "team": "platform"}),
    "grafana/contact_point_test_v12": Right(
        "firing", "TEST", "c4edaaf9f9f839b0", "grafana:c4edaaf9f9f839b0:2026-05-05T13:04:57.622Z:firing",
        labels={"alertname": "TestAlert", "org_id": "1"}),
    "grafana/legacy_alerting_v7_alerting": Right(
        "firing", "Zeta CPU alert", "rule:1:7", labels={"instance": "zeta.domain", "job": "monitoring"}),
    "grafana/legacy_alerting_v7_ok": Right("resolved", "Zeta CPU alert", "rule:1:7"),
    "grafana/unified_firing_v11_values": Right(
        "firing", "High memory usage", "e6349a25f5ef0e9e", "grafana:e6349a25f5ef0e9e:2024-03-01T02:09:00.000Z:firing",
        at(2024, 3, 1, 2, 9), {"grafana_folder": "device"}),
    "newrelic/legacy_channel_open": Right(
        "firing", "I am a test Violation", "incident:11111:0", started_at=at(2020, 9, 25, 11, 23, 27, 849000),
        labels={"severity": "info", "policy": "New Relic Alert - Test Policy"}),
    "newrelic/workflow_issue_activated": Right(
        "firing", "zulip_app query result is > 1.0 for 1 minutes on 'Zulip Server Low Storage'",
        "c5faa7e6-7b54-402d-af79-f99601e0278c", "newrelic:c5faa7e6-7b54-402d-af79-f99601e0278c:firing",
        at(2024, 4, 22, 3, 5, 31, 352000), {"service": "zulip_app", "severity": "critical", "correlated": "false"}),
    "newrelic/workflow_issue_closed": Right(
        "resolved", "main_app-UBUNTU query result is > 2.0 for 1 minutes on 'High CPU'",
        "95a9344a-2590-48ce-8d83-07e28b6d22c6", labels={"service": "main_app-UBUNTU", "alertname": "High CPU"}),
    "opsgenie/acknowledge": NOTHING,
    "opsgenie/add_note": NOTHING,
    "opsgenie/close": Right(
        "resolved", "test alert", "052652ac-5d1c-464a-812a-7dd18bbfba8c",
        "opsgenie:052652ac-5d1c-464a-812a-7dd18bbfba8c:Close:1420452374669001603:resolved",
        labels={"alias": "aliastest"}),
    "opsgenie/create": Right(
        "firing", "another alert", "ec03dad6-62c8-4c94-b38b-d88f398e900f",
        "opsgenie:ec03dad6-62c8-4c94-b38b-d88f398e900f:Create:1502709956288000110:firing",
        at(2017, 8, 14, 11, 25, 56, 288000), {"priority": "P3", "severity": "warning", "service": "Server"}),
    "opsgenie/constructed_jsm_create": Right(
        "firing", "CPU usage above 90% on payments-api", JSM, f"opsgenie:{JSM}:Create:1768824000000000000:firing",
        labels={"priority": "P2", "severity": "error", "service": "payments-api", "host": "payments-1"}),
    "pagerduty/incident_acknowledged": NOTHING,
    "pagerduty/incident_priority_updated": Right(
        "firing", "A little bump in the road", "PGR0VU2", "pagerduty:01BWDWL3NYY7LUFPZCC28QUCMK:firing",
        labels={"service": "API Service", "severity": "critical", "priority": "P1", "team": "Engineering"}),
    "pagerduty/incident_priority_updated_major": Right(
        "firing", "Critical: Checkout API High Latency", "Q3B15VLMF3ASBD", started_at=at(2026, 4, 1, 2, 7, 30),
        labels={"incident_type": "major_default", "priority": "P2"}),
    "pagerduty/incident_resolved": Right(
        "resolved", "Test", "Q2CKYRLH85UNN4", "pagerduty:01FKZSYE5HCMM576S6JUVIGLQT:resolved",
        labels={"service": "Webhook Tester"}),
    "pagerduty/incident_status_update_published": NOTHING,
    "pagerduty/incident_triggered": Right(
        "firing", "Test", "Q2CKYRLH85UNN4", "pagerduty:01FKZSRAPTMF55RE69G8BQHGC6:firing", at(2025, 4, 7, 3, 47, 13)),
    "pagerduty/pagey_ping": NOTHING,
    "servicenow/constructed_business_rule_minimal_insert": Right(
        "firing", "Checkout API down in eu-west", "INC0010457", labels={"service": "checkout-api"}),
    "servicenow/constructed_business_rule_port_ocean_upsert": Right(
        "firing", "User unable to send emails - mailbox full", "INC0010456",
        "servicenow:5fd8a0b983c332104005f7efeeaad999:2026-02-20 18:45:22:firing", at(2026, 2, 20, 17, 0, 6),
        {"severity": "warning", "state": "In Progress", "table": "incident"}),
    "servicenow/constructed_business_rule_resolved": Right(
        "resolved", "Quota raised", "INC0010456", labels={"severity": "critical", "major_incident_state": "accepted"}),
    "servicenow/constructed_business_rule_update_diff": Right(
        "firing", "User unable to send emails - mailbox full", "INC0010456",
        labels={"priority": "1", "state": "On Hold"}),
    "splunk/missing_search_name": Right(
        "firing", "Splunk search rt_scheduler__admin__search__sudo", "rt_scheduler__admin__search__sudo:myserver",
        "splunk:rt_scheduler__admin__search__sudo_at_1483557185_2.2:firing", at(2017, 1, 4, 19, 14, 32),
        {"host": "myserver", "app": "search"}),
    "splunk/observability_cloud_detector": Right(
        "firing", "Manually resolved: logs (logs)", "incident:1234", "splunk:incident:1234:anomalous:firing",
        labels={"severity": "critical", "metric": "sf.org.log.numMessagesDroppedThrottle"}),
}  # fmt: skip

#: bodies that are none: a template before its variables are filled in, a retired version
REFUSED = {"datadog/template_keep": "title", "pagerduty/legacy_v1_messages": "messages"}
#: read by other doors, or in tests of their own
ELSEWHERE = ("slack", "alertmanager")


def source(name: str) -> InboundSource:
    found = inbound_source(name.partition("/")[0])
    assert found is not None
    return found


def events(name: str) -> list[AlertEvent]:
    return source(name).events(delivery(sample(name)))


@pytest.mark.parametrize("name", TABLE)
def test_a_sample_becomes_the_right_event(name: str) -> None:
    right, found = TABLE[name], events(name)
    if right.key is None:
        assert found == []
        return
    (event,) = found
    assert (event.state, event.title, event.alert_key) == (right.state, right.title, right.key)
    assert event.source == name.partition("/")[0]
    assert event.received_at == NOW
    assert not right.dedupe or event.dedupe_key == right.dedupe
    assert right.started_at is None or event.started_at == right.started_at
    assert right.labels.items() <= event.labels.items()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_body_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(Malformed) as refused:
        events(name)
    assert refused.value.field == REFUSED[name]


def test_no_sample_is_left_out() -> None:
    there = {
        f"{path.parent.name}/{path.stem}"
        for path in (SAMPLES / "webhooks").rglob("*.json")
        if path.parent.name not in ELSEWHERE
    }
    assert there == TABLE.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", [name for name, right in TABLE.items() if right.key])
def test_the_same_delivery_is_the_same_alert(name: str) -> None:
    assert events(name) == events(name)


@pytest.mark.parametrize(
    ("firing", "resolved"),
    [
        ("aws/sns_cloudwatch_alarm", "aws/constructed_sns_cloudwatch_ok"),
        ("azure/metric_static_threshold_fired", "azure/constructed_metric_static_threshold_resolved"),
        ("datadog/constructed_custom_triggered", "datadog/constructed_custom_recovered"),
        (
            "dynatrace/constructed_webhook_all_placeholders_open",
            "dynatrace/constructed_webhook_all_placeholders_resolved",
        ),
        ("grafana/legacy_alerting_v7_alerting", "grafana/legacy_alerting_v7_ok"),
        ("pagerduty/incident_triggered", "pagerduty/incident_resolved"),
        ("servicenow/constructed_business_rule_port_ocean_upsert", "servicenow/constructed_business_rule_resolved"),
    ],
)
def test_an_alert_and_its_end_are_one_alert(firing: str, resolved: str) -> None:
    (first,), (last,) = events(firing), events(resolved)
    assert first.alert_key == last.alert_key
    assert first.dedupe_key != last.dedupe_key
    assert (first.state, last.state) == ("firing", "resolved")


def test_jsm_operations_keeps_opsgenies_format() -> None:
    jira = inbound_source("jira")
    assert jira is not None
    (event,) = jira.events(delivery(sample("opsgenie/constructed_jsm_create")))
    assert (event.source, event.alert_key, event.labels["priority"]) == ("jira", JSM, "P2")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"3", b"null", b'"x"', b"{}", b"\xff\xfe", b'{"a": NaN}', b"[" * 9000]
)
def test_nonsense_is_refused_as_malformed(name: str, body: bytes) -> None:
    found = inbound_source(name)
    assert found is not None
    with pytest.raises(Malformed):
        found.events(delivery(body))


def changed(name: str, **values: Any) -> dict[str, Any]:
    return {**json.loads(sample(name)), **values}


def test_numbers_beyond_a_float_stay_exact() -> None:
    (event,) = events("opsgenie/create")
    assert "1502709956288000110" in event.dedupe_key


def test_datadog_tells_a_renotification_from_a_warning_and_from_no_data() -> None:
    datadog = inbound_source("datadog")
    assert datadog is not None
    said = {
        word: datadog.events(delivery(changed("datadog/constructed_custom_triggered", alert_transition=word)))[0]
        for word in ("Triggered", "Re-Triggered", "Renotify", "Warn", "No Data", "Recovered")
    }
    assert {word for word, event in said.items() if event.state == "resolved"} == {"Recovered"}
    assert said["Warn"].labels["severity"] == "warning"


def test_datadogs_cycle_key_joins_alert_and_recovery() -> None:
    datadog = inbound_source("datadog")
    assert datadog is not None
    (event,) = datadog.events(
        delivery(changed("datadog/constructed_custom_triggered", alert_cycle_key="7777", aggreg_key="8888"))
    )
    assert event.alert_key == "7777"


def test_an_alarm_without_data_is_neither_firing_nor_over() -> None:
    aws = inbound_source("aws")
    assert aws is not None
    body = json.loads(sample("aws/sns_cloudwatch_alarm"))
    body["Message"] = body["Message"].replace('"NewStateValue":"ALARM"', '"NewStateValue":"INSUFFICIENT_DATA"')
    assert aws.events(delivery(body)) == []


def test_what_else_a_topic_carries_is_an_alert_too() -> None:
    aws = inbound_source("aws")
    assert aws is not None
    body = changed("aws/sns_cloudwatch_alarm", Message="disk full\non db-1", Subject="Backup failed")
    (event,) = aws.events(delivery(body))
    assert (event.title, event.state) == ("Backup failed", "firing")
    assert event.annotations["description"] == "disk full\non db-1"


def test_a_search_of_splunk_is_told_by_the_chosen_field() -> None:
    splunk = inbound_source("splunk")
    assert splunk is not None
    body = delivery(sample("splunk/missing_search_name"), options={"key_field": "process"})
    assert splunk.events(body)[0].alert_key.endswith(":sudo")


def test_a_problem_that_was_merged_into_another_is_over() -> None:
    dynatrace = inbound_source("dynatrace")
    assert dynatrace is not None
    name = "dynatrace/constructed_webhook_all_placeholders_open"
    (event,) = dynatrace.events(delivery(changed(name, State="MERGED", ProblemDetailsJSONv2='{"cut": ')))
    assert (event.state, event.labels["problem_state"]) == ("resolved", "merged")


def test_an_acknowledged_issue_of_new_relic_is_no_news() -> None:
    newrelic = inbound_source("newrelic")
    assert newrelic is not None
    assert newrelic.events(delivery(changed("newrelic/workflow_issue_activated", state="ACKNOWLEDGED"))) == []


def test_grafana_may_mix_firing_and_resolved_and_leave_values_empty() -> None:
    grafana = inbound_source("grafana")
    assert grafana is not None
    body = json.loads(sample("grafana/contact_point_test_v12"))
    over = {**body["alerts"][0], "status": "resolved", "values": None, "fingerprint": "aa", "orgId": 7}
    found = grafana.events(delivery({**body, "alerts": [*body["alerts"], over]}))
    assert [(event.state, event.alert_key) for event in found] == [("firing", "c4edaaf9f9f839b0"), ("resolved", "7:aa")]


def test_a_push_of_pubsub_holds_the_same_incident() -> None:
    gcp = inbound_source("gcp")
    assert gcp is not None
    inner = base64.b64encode(sample("gcp/incident_closed_v1_2")).decode()
    (event,) = gcp.events(delivery({"message": {"data": inner, "messageId": "1"}, "subscription": "s"}))
    assert event.alert_key == "0.nrwo9fe1a4wg"


def test_a_comment_on_a_foreign_servicenow_record_is_no_news() -> None:
    servicenow = inbound_source("servicenow")
    assert servicenow is not None
    name = "servicenow/constructed_business_rule_update_diff"
    assert servicenow.events(delivery(changed(name, updated_fields=["comments"]))) == []
