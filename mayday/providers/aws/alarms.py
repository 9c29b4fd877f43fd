"""CloudWatch alarms in their three spellings (SNS message, EventBridge event, Lambda action), and other events."""

from __future__ import annotations

from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import State, alert, facts, fields, items, needed, put, scalar, title_of
from mayday.providers.inbound import Delivery, Malformed, instant, mapping

__all__ = ["alarm_event", "cloud_event"]

SOURCE = "aws"
_STATES: dict[str, State | None] = {"ALARM": "firing", "OK": "resolved", "INSUFFICIENT_DATA": None}


def alarm_event(alarm: dict[str, Any], delivery: Delivery, occurrence: str) -> list[AlertEvent]:
    """The alarm inside an SNS message; none when it lacks data."""
    state = _state(alarm.get("NewStateValue"), "Message.NewStateValue")
    if state is None:
        return []
    name = needed(alarm, "AlarmName", where="Message")
    region, account = scalar(alarm.get("Region")), scalar(alarm.get("AWSAccountId"))
    arn, trigger = scalar(alarm.get("AlarmArn")), fields(alarm.get("Trigger"))
    labels = facts(
        alertname=name,
        region=arn.split(":")[3] if arn.count(":") >= 5 else region,
        account=account,
        namespace=trigger.get("Namespace"),
        metric=trigger.get("MetricName"),
    )
    for dimension in items(trigger.get("Dimensions"))[:20]:
        put(labels, fields(dimension).get("name") or "dimension", fields(dimension).get("value"))
    return [
        alert(
            delivery,
            SOURCE,
            key=arn or f"{account}:{region}:{name}",
            occurrence=occurrence,
            state=state,
            title=title_of(name),
            labels=labels,
            annotations=facts(
                summary=alarm.get("AlarmDescription"), description=alarm.get("NewStateReason"),
                rule=alarm.get("AlarmRule"), before=alarm.get("OldStateValue"),
            ),
            started_at=instant(alarm.get("StateChangeTime"), "Message.StateChangeTime"),
        )
    ]  # fmt: skip


def cloud_event(body: dict[str, Any], delivery: Delivery, occurrence: str) -> list[AlertEvent]:
    """An event of EventBridge, or what an alarm hands to a Lambda. A changed configuration is no alert."""
    kind = scalar(body.get("detail-type"))
    if kind == "CloudWatch Alarm Configuration Change":
        return []
    detail = body.get("alarmData") if "alarmData" in body else body.get("detail")
    detail = mapping(detail, "alarmData" if "alarmData" in body else "detail")
    if "alarmName" in detail:
        return _changed(body, detail, delivery, occurrence)
    return [_other(body, kind, detail, delivery, occurrence)]


def _changed(body: dict[str, Any], detail: dict[str, Any], delivery: Delivery, occurrence: str) -> list[AlertEvent]:
    now = mapping(detail.get("state"), "detail.state")
    state = _state(now.get("value"), "detail.state.value")
    if state is None:
        return []
    name, resource = needed(detail, "alarmName", where="detail"), _resource(body)
    account, region = scalar(body.get("account") or body.get("accountId")), scalar(body.get("region"))
    configuration = fields(detail.get("configuration"))
    labels = facts(alertname=name, region=region, account=account)
    for metric in items(configuration.get("metrics"))[:10]:
        known = fields(fields(fields(metric).get("metricStat")).get("metric"))
        put(labels, "namespace", known.get("namespace"))
        put(labels, "metric", known.get("name"))
        for dimension, value in list(fields(known.get("dimensions")).items())[:20]:
            put(labels, dimension, value)
    return [
        alert(
            delivery,
            SOURCE,
            key=resource or f"{account}:{region}:{name}",
            occurrence=occurrence or f"{resource or name}:{scalar(now.get('timestamp') or body.get('time'))}",
            state=state,
            title=title_of(name),
            labels=labels,
            annotations=facts(
                summary=configuration.get("description"), description=now.get("reason"),
                rule=configuration.get("alarmRule"), before=fields(detail.get("previousState")).get("value"),
                suppressed_by=now.get("actionsSuppressedBy"),
            ),
            started_at=instant(now.get("timestamp") or body.get("time"), "detail.state.timestamp"),
        )
    ]  # fmt: skip


def _other(body: dict[str, Any], kind: str, detail: dict[str, Any], delivery: Delivery, occurrence: str) -> AlertEvent:
    """An event that a rule forwards: AWS Health says in it whether it is over, others only that it happened."""
    over = scalar(detail.get("statusCode")).lower() == "closed"
    texts = items(detail.get("eventDescription"))
    described = fields(next(iter(texts), {})).get("latestDescription")
    key = scalar(detail.get("eventArn")) or _resource(body) or f"{scalar(body.get('source'))}:{kind}"
    return alert(
        delivery,
        SOURCE,
        key=key,
        occurrence=occurrence or needed(body, "id"),
        state="resolved" if over else "firing",
        title=title_of(detail.get("eventTypeCode"), detail.get("title"), kind, body.get("source")),
        labels=facts(
            alertname=detail.get("eventTypeCode") or kind, service=detail.get("service"), detail_type=kind,
            origin=body.get("source"), region=body.get("region"), account=body.get("account"),
            category=detail.get("eventTypeCategory"),
        ),
        annotations=facts(description=described or detail.get("description"), resource=_resource(body)),
        started_at=instant(detail.get("startTime") if "eventArn" in detail else body.get("time"), "time")
        if _readable(detail.get("startTime") if "eventArn" in detail else body.get("time")) else None,
    )  # fmt: skip


def _readable(value: object) -> bool:
    """AWS Health writes its times for people (`Fri, 15 Jul 2022 05:00:00 GMT`)."""
    return isinstance(value, str) and value[:4].isdigit()


def _resource(body: dict[str, Any]) -> str:
    return scalar(body.get("alarmArn")) or scalar(next(iter(items(body.get("resources"))), ""))


def _state(value: object, where: str) -> State | None:
    word = scalar(value)
    if word not in _STATES:
        raise Malformed(where, "expected ALARM, OK or INSUFFICIENT_DATA")
    return _STATES[word]
