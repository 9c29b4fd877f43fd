"""Any system that can post JSON: a mapping of the catalog (`sources:`) says where in its body the alerts are.

`/webhooks/NAME` takes what the mapping NAME describes, with a token and a secret of its own
(`MAYDAY_WEBHOOK_NAME_TOKEN`). `/webhooks/generic` takes the mapping `generic`, and without one the plain form below.
The texts of a mapping are the language's own expressions over `body`, `item` and `headers`; a label without a value is
left out, a title or key without one refuses the message with the place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import SourceMapping
from mayday.language.expressions import ExpressionError, evaluate_condition, is_template, parse_template
from mayday.providers.facts import State, alert, epoch, facts, fields, scalar, title_of
from mayday.providers.inbound import (
    BadSignature,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    fingerprint_of,
    instant,
    read_json,
)
from mayday.providers.signatures import check_hmac, check_window

__all__ = ["PLAIN", "Generic"]

MOST_ITEMS = 1_000

#: what `/webhooks/generic` reads when the catalog has no mapping of that name
PLAIN = SourceMapping(
    description="title or summary, key or id, state or status (resolved, ok or closed ends it), service, severity",
    title="{{ item.title | default(item.summary) | default(item.message) | default(item.name) }}",
    key="{{ item.key | default(item.id) | default(item.title) | default(item.summary) | default(item.name) }}",
    occurrence=None,
    resolved="(item.state | default(item.status) | default('firing') | lower) in "
    "['resolved', 'ok', 'closed', 'recovered', 'inactive', 'up']",
    started_at="{{ item.started_at | default(item.timestamp) | default(item.time) }}",
    labels={
        name: f"{{{{ item.{name} }}}}" for name in ("service", "severity", "priority", "environment", "region", "team",
                                                    "host", "source")
    },
    annotations={
        "description": "{{ item.description | default(item.message) }}",
        "generator_url": "{{ item.url | default(item.link) }}",
    },
)  # fmt: skip


class Generic(InboundSource):
    """One source of the catalog."""

    title = "Any other system, by the catalog's `sources`"

    def __init__(self, name: str, given: SourceMapping | None, title: str | None = None) -> None:
        self.name = name
        self.title = title or self.title
        self._plain = given is None
        self._map = given or PLAIN
        self.proof = "SECRET" if self._map.signature else None

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """The HMAC as the mapping describes it."""
        how = self._map.signature
        if how is None:
            return
        message = delivery.raw
        if how.timestamp_header:
            seconds = delivery.headers.get(how.timestamp_header.lower(), "")
            check_window(seconds, delivery.received_at, header=how.timestamp_header)
            message = (seconds + how.joined_by).encode() + message
        shown = delivery.headers.get(how.header.lower(), "")
        if not shown.startswith(how.prefix):
            raise BadSignature(f"{how.header} does not begin with {how.prefix}")
        check_hmac(
            secrets, message, [shown.removeprefix(how.prefix)], digest=how.algorithm, encoding=how.encoding,
            header=how.header,
        )  # fmt: skip

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event an item that fires or is over."""
        body = read_json(delivery.raw)
        scope: dict[str, object] = {"body": body, "headers": dict(delivery.headers), "item": body}
        items = self._items(body, scope)
        if len(items) > MOST_ITEMS:
            raise Malformed("each", f"{len(items)} items in one message; {MOST_ITEMS} at most")
        found = [self._event({**scope, "item": item}, f"item[{index}]", delivery) for index, item in enumerate(items)]
        return [event for event in found if event is not None]

    def _items(self, body: Any, scope: Mapping[str, object]) -> list[Any]:
        if self._map.each is not None:
            listed = self._needed("each", self._map.each, scope, "body")
            if not isinstance(listed, list | tuple):
                raise Malformed("each", "is no list")
            return list(listed)
        if self._plain and isinstance(body, dict) and isinstance(body.get("alerts"), list):
            return list(body["alerts"])
        return body if isinstance(body, list) and self._plain else [body]

    def _event(self, scope: dict[str, object], where: str, delivery: Delivery) -> AlertEvent | None:
        given = self._map
        if given.when is not None and not self._holds("when", given.when, scope, where):
            return None
        state = self._state(scope, where)
        if state is None:
            return None
        key = scalar(self._needed("key", given.key, scope, where)).strip()
        if not key:
            raise Malformed(f"{where}: key", "is empty")
        if given.occurrence is not None:
            occurrence = scalar(self._needed("occurrence", given.occurrence, scope, where))
        else:
            occurrence = f"{key}:{fingerprint_of(scope['item'])}:{delivery.received_at:%Y%m%d%H%M}"
        labels = {name: self._value(text, scope) for name, text in given.labels.items()}
        item = fields(scope["item"])
        extra = (fields(item.get("labels")), fields(item.get("annotations"))) if self._plain else ({}, {})
        return alert(
            delivery,
            self.name,
            key=key,
            occurrence=occurrence,
            state=state,
            title=title_of(self._needed("title", given.title, scope, where), key),
            labels=facts(labels, extra[0], alertname=labels.get("alertname")),
            annotations=facts(
                {name: self._value(text, scope) for name, text in given.annotations.items()}, extra[1]
            ),
            started_at=self._moment(scope, where),
        )  # fmt: skip

    def _state(self, scope: dict[str, object], where: str) -> State | None:
        given = self._map
        if given.resolved is not None and self._holds("resolved", given.resolved, scope, where):
            return "resolved"
        if given.firing is None or self._holds("firing", given.firing, scope, where):
            return "firing"
        return "resolved" if given.resolved is None else None

    def _holds(self, name: str, text: str, scope: dict[str, object], where: str) -> bool:
        try:
            return evaluate_condition(text, scope)
        except ExpressionError as error:
            raise Malformed(f"{where}: {name}", str(error)) from None

    def _needed(self, name: str, text: str, scope: Mapping[str, object], where: str) -> object:
        try:
            return parse_template(text).value(scope) if is_template(text) else text
        except ExpressionError as error:
            raise Malformed(f"{where}: {name}", str(error)) from None

    @staticmethod
    def _value(text: str, scope: Mapping[str, object]) -> object:
        try:
            return parse_template(text).value(scope) if is_template(text) else text
        except ExpressionError:
            return None  # a label that this message does not have

    def _moment(self, scope: Mapping[str, object], where: str) -> Any:
        value = self._value(self._map.started_at, scope) if self._map.started_at is not None else None
        found = epoch(value)
        if found is not None or (self._plain and not isinstance(value, str)):
            return found
        try:
            return instant(value, f"{where}: started_at")
        except Malformed:
            if self._plain:
                return None  # nobody said that it is a time
            raise
