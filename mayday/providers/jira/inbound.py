"""Jira Service Management: alerts of JSM Operations (Opsgenie's format) and webhooks about issues.

Issue webhooks may be signed: `X-Hub-Signature: sha256=` + hex HMAC of the body; JSM Operations signs nothing and shows
the token in a custom header. An issue with our label (`mayday`), or with the effect key of one of our calls in a label,
a property or its description, is our own ticket: it never becomes an alert; what people change or write there goes onto
the timeline. A comment's webhook shows neither labels nor description: the incident is the one that has this ticket.
Other issues are alerts from their creation until their status is done.
Source: developer.atlassian.com "Webhooks" (Jira Cloud); docs.opsgenie.com for the alerts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import OurCall, find_call
from mayday.providers.facts import State, alert, epoch, facts, fields, grade, items, needed, scalar, title_of
from mayday.providers.inbound import (
    BadSignature,
    Callback,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    instant,
    mapping,
    read_json,
)
from mayday.providers.opsgenie.inbound import alert_callbacks, alert_events, is_alert_body
from mayday.providers.signatures import check_hmac
from mayday.providers.ticket_echo import is_ours

__all__ = ["Jira"]

OUR_LABEL = "mayday"
"""What our own issues are labelled with, and the property of our comments (`issues.py`)."""
SIGNATURE_HEADER = "X-Hub-Signature"
#: changes of an issue that its readers care about
_TOLD = ("status", "priority", "assignee", "resolution")


class Jira(InboundSource):
    """The inbound source `jira`."""

    name = "jira"
    title = "Jira Service Management and its Operations"
    settings = MappingProxyType(
        {
            "own_users": "account ids and mail addresses of our own integration: what they write is no news",
        }
    )
    proof = "SECRET"
    mixed = True
    sparse = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """Jira's signature; an alert of JSM Operations has to show the token."""
        shown = delivery.headers.get(SIGNATURE_HEADER.lower(), "")
        if shown:
            method, _, digest = shown.partition("=")
            check_hmac(secrets, delivery.raw, [digest] if method == "sha256" else [], header=SIGNATURE_HEADER)
        elif not delivery.token_fits:
            raise BadSignature(f"{SIGNATURE_HEADER} is missing, and the token was not shown")

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event when an alert or a foreign issue begins or ends."""
        body = mapping(read_json(delivery.raw), "body")
        if is_alert_body(body):
            return alert_events(body, delivery, self.name)
        kind, issue = _issue(body)
        state = _state(kind, issue, body)
        if state is None or _is_ours(issue):
            return []
        return [_alert(issue, state, body, delivery)]

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """What people answered to our pages, wrote to our tickets and changed on them."""
        body = mapping(read_json(delivery.raw), "body")
        if is_alert_body(body):
            return alert_callbacks(body, self.name)
        kind, issue = _issue(body)
        return list(_written(kind, issue, body, delivery)) if _is_ours(issue) or kind.startswith("comment_") else []


def _issue(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "issue" not in body and "webhookEvent" not in body:
        raise Malformed("webhookEvent", "is missing; this is neither a Jira webhook nor an alert of JSM Operations")
    return scalar(body.get("webhookEvent")), mapping(body.get("issue"), "issue")


def _is_ours(issue: dict[str, Any]) -> bool:
    return OUR_LABEL in items(fields(issue.get("fields")).get("labels")) or _our_call(issue) is not None


def _our_call(issue: dict[str, Any]) -> OurCall | None:
    given = fields(issue.get("fields"))
    properties = issue.get("properties")
    values = properties.values() if isinstance(properties, dict) else (
        fields(each).get("value") for each in items(properties)
    )  # fmt: skip
    for text in (*items(given.get("labels"))[:50], *values, given.get("description")):
        for each in fields(text).values() if isinstance(text, dict) else (text,):
            if call := find_call(each):
                return call
    return None


def _done(issue: dict[str, Any]) -> bool:
    status = fields(fields(issue.get("fields")).get("status"))
    return scalar(fields(status.get("statusCategory")).get("key")).lower() == "done"


def _state(kind: str, issue: dict[str, Any], body: dict[str, Any]) -> State | None:
    if kind in ("jira:issue_deleted",) or (kind == "jira:issue_updated" and _done(issue)):
        return "resolved"
    if kind == "jira:issue_created":
        return "resolved" if _done(issue) else "firing"
    changed = {scalar(fields(each).get("field")) for each in items(fields(body.get("changelog")).get("items"))}
    return "firing" if kind == "jira:issue_updated" and changed & {"status", "priority"} else None


def _alert(issue: dict[str, Any], state: State, body: dict[str, Any], delivery: Delivery) -> AlertEvent:
    given = fields(issue.get("fields"))
    key = needed(issue, "key", "id", where="issue")
    priority = scalar(fields(given.get("priority")).get("name"))
    component = fields(next(iter(items(given.get("components"))), {})).get("name")
    return alert(
        delivery,
        Jira.name,
        key=key,
        occurrence=f"{key}:{scalar(body.get('timestamp'))}",
        state=state,
        title=title_of(given.get("summary"), key),
        labels=facts(
            alertname=given.get("summary"),
            service=component,
            severity=grade({"highest": "critical", "lowest": "info"}.get(priority.lower(), priority)),
            priority=priority,
            project=fields(given.get("project")).get("key"),
            issue_type=fields(given.get("issuetype")).get("name"),
            status=fields(given.get("status")).get("name"),
            number=key,
        ),
        annotations=facts(description=given.get("description"), generator_url=issue.get("self")),
        started_at=instant(given.get("created"), "issue.fields.created"),
    )


def _written(kind: str, issue: dict[str, Any], body: dict[str, Any], delivery: Delivery) -> Iterator[Callback]:
    call = _our_call(issue)
    comment = fields(body.get("comment"))
    who = fields(comment.get("author")) or fields(body.get("user"))
    person = scalar(who.get("emailAddress")) or scalar(who.get("accountId")) or scalar(who.get("name"))
    names = {person, scalar(who.get("accountId"))}
    text = _text(comment.get("body"))
    own = {name.strip() for name in delivery.options.get("own_users", "").split(",") if name.strip()}
    marked = OUR_LABEL in [scalar(fields(each).get("key")) for each in items(comment.get("properties"))]
    if names & own or marked or is_ours(text):
        return
    key, at = scalar(issue.get("key")), epoch(body.get("timestamp"))
    name = scalar(who.get("displayName")) or person
    if text and kind in ("comment_created", "comment_updated", "jira:issue_updated"):
        mark = f"{key}:comment:{scalar(comment.get('id'))}:{scalar(comment.get('updated'))}"
        yield Callback(mark, "note", call, person, name, f"{key}: {text}", at, ticket=key)
    for index, change in enumerate(items(fields(body.get("changelog")).get("items"))[:20]):
        field = scalar(fields(change).get("field"))
        if field in _TOLD:
            words = f"{key}: {field} {scalar(change.get('fromString')) or 'none'} -> {scalar(change.get('toString'))}"
            mark = f"{key}:{scalar(fields(body.get('changelog')).get('id') or body.get('timestamp'))}:{index}"
            over = field == "status" and _done(issue)
            yield Callback(mark, "note", call, person, name, words, at, ticket=key, over=over)


def _text(value: object, depth: int = 0) -> str:
    """The words of a comment: plain, or an Atlassian document."""
    if isinstance(value, str):
        return value[:8000]
    if not isinstance(value, dict) or depth > 20:
        return ""
    inner = "".join(_text(each, depth + 1) for each in items(value.get("content"))[:500])
    words = scalar(value.get("text")) + inner
    return words + "\n" if value.get("type") == "paragraph" and depth else words.strip() if not depth else words
