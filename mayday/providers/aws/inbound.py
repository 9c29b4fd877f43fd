"""AWS: CloudWatch alarms and other notifications through SNS, and EventBridge, told apart by their fields.

SNS signs with RSA (SignatureVersion 1 and 2, see `sns.py`): MAYDAY_WEBHOOK_AWS_TOPICS lists the topics (ARNs, `*` at
the end for all that begin so), and then each message has to be signed and of such a topic. A subscription to a listed
topic is confirmed by visiting its SubscribeURL. EventBridge's API destinations show the token in a header of their
connection (`Authorization: Bearer`, `X-Api-Key` or basic). Without topics SNS messages need the token too (`?token=`),
and subscriptions are confirmed by hand.

`MessageId` and the envelope's `id` are the same at every attempt; an alarm is told by its ARN. ALARM fires, OK
resolves, INSUFFICIENT_DATA is neither. Source: awsdocs SNS developer guide; CloudWatch user guide "Alarm events and
EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import structlog

from mayday.domain.incident import AlertEvent
from mayday.providers.aws import sns
from mayday.providers.aws.alarms import alarm_event, cloud_event
from mayday.providers.facts import alert, facts, fields, items, needed, scalar, title_of
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

__all__ = ["Aws"]

log = structlog.get_logger(__name__)


class Aws(InboundSource):
    """The inbound source `aws`."""

    name = "aws"
    title = "AWS: CloudWatch and others through SNS, EventBridge"
    settings = MappingProxyType(
        {
            "topics": "ARNs of the SNS topics that may post, commas between; `*` at the end: all that begin so",
        }
    )
    proof = "TOPICS"
    mixed = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """An SNS message by signature and topic, everything else by token."""
        message = _sns_message(delivery.raw)
        if message is not None:
            await sns.check(message, delivery.options.get("topics", ""), fetch)
        elif not delivery.token_fits:
            raise BadSignature("only messages of SNS are signed; an event of EventBridge has to show the token")

    async def handshake(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> Mapping[str, Any] | None:
        """Confirms a subscription to a listed topic; one to another topic waits for a person."""
        message = _sns_message(delivery.raw)
        kind = message.get("Type") if message else None
        if message is None or kind not in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
            return None
        topic = scalar(message.get("TopicArn"))
        if kind == "UnsubscribeConfirmation":
            log.warning("sns_unsubscribed", topic=topic)
        elif sns.listed(topic, delivery.options.get("topics", "")):
            await fetch(sns.subscribe_url(message))
            log.info("sns_subscription_confirmed", topic=topic)
        else:
            log.warning("sns_subscription_not_confirmed", topic=topic, hint="list it in MAYDAY_WEBHOOK_AWS_TOPICS")
        return {"incidents": []}

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an alarm that changed its state, one for any other message or event."""
        body = mapping(read_json(delivery.raw), "body")
        if "Type" in body:
            return _notification(body, delivery)
        if "Records" in body:  # as SNS invokes a Lambda, which may pass it on
            found = [fields(fields(record).get("Sns")) for record in items(body["Records"])[:100]]
            if not found or not all(found):
                raise Malformed("Records", "expected records of SNS")
            return [event for message in found for event in _notification(message, delivery)]
        if "detail-type" in body or "alarmData" in body:
            return cloud_event(body, delivery, scalar(body.get("id")))
        raise Malformed("Type", "is missing; this is neither a message of SNS nor an event of EventBridge")


def _sns_message(raw: bytes) -> dict[str, Any] | None:
    body = read_json(raw)
    return body if isinstance(body, dict) and "Type" in body and "TopicArn" in body else None


def _notification(message: dict[str, Any], delivery: Delivery) -> list[AlertEvent]:
    if scalar(message.get("Type")) != "Notification":
        return []
    occurrence = needed(message, "MessageId")
    try:
        inner = json.loads(_text(message.get("Message")))
    except (ValueError, RecursionError):
        inner = None
    if isinstance(inner, dict) and "NewStateValue" in inner:
        return alarm_event(inner, delivery, occurrence)
    if isinstance(inner, dict) and ("detail-type" in inner or "alarmData" in inner):
        return cloud_event(inner, delivery, occurrence)
    return [_plain(message, occurrence, delivery)]


def _text(value: object) -> str:
    """A text of any length: the message is JSON inside JSON."""
    return value if isinstance(value, str) else ""


def _plain(message: dict[str, Any], occurrence: str, delivery: Delivery) -> AlertEvent:
    """Whatever else somebody publishes to the topic: text for people."""
    text, subject, topic = (
        scalar(message.get("Message")),
        scalar(message.get("Subject")),
        scalar(message.get("TopicArn")),
    )
    attributes = {
        name: fields(value).get("Value") for name, value in list(fields(message.get("MessageAttributes")).items())[:20]
    }
    return alert(
        delivery,
        Aws.name,
        key=f"{topic}:{subject or occurrence}",
        occurrence=occurrence,
        state="firing",
        title=title_of(subject, text.partition("\n")[0]),
        labels=facts(attributes, alertname=subject, topic=topic.rpartition(":")[2], topic_arn=topic),
        annotations=facts(description=text),
        started_at=instant(message.get("Timestamp"), "Timestamp"),
    )
