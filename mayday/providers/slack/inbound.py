"""What Slack sends us: the slash command and pressed buttons, verified over the raw bytes.

`X-Slack-Signature: v0=` hex HMAC-SHA256 of `v0:{timestamp}:{raw body}` with the app's signing secret; a timestamp more
than five minutes away is refused (docs.slack.dev, "Verifying requests from Slack").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mayday.providers.inbound import BadSignature, Malformed, clean_text, mapping, read_json, sequence

__all__ = ["Arrived", "Challenge", "Press", "SlashCommand", "Submission", "answer_in", "arrived", "verify"]

WINDOW_S = 300
MOST_FIELDS = 100
LONGEST = 20_000
"""Characters of a text; more than an answer of people has."""


class SlashCommand(NamedTuple):
    """`/mayday TEXT`. `trigger` is unique to the request."""

    user: str
    channel: str
    channel_name: str
    text: str
    response_url: str
    trigger: str


class Press(NamedTuple):
    """A button of a message was pressed. `blocks` are the message's, as Slack has them."""

    user: str
    channel: str
    message: str
    action: str
    value: str
    at: str
    blocks: list[dict[str, Any]]
    response_url: str
    trigger: str = ""
    """Opens a window within three seconds."""


class Submission(NamedTuple):
    """A window was filled in. `about` is what it was opened with, `values` are by block and action."""

    user: str
    view: str
    callback: str
    about: str
    values: dict[str, Any]


class Challenge(NamedTuple):
    """Slack asks whether this address is ours."""

    text: str


Arrived = SlashCommand | Press | Submission | Challenge | None
"""None: something of Slack's that asks for nothing."""


def verify(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Raises BadSignature unless one of `secrets` signed it within the window. Header names are lower case."""
    stamp, shown = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    fresh = stamp.isascii() and stamp.isdigit() and abs(now.timestamp() - int(stamp[:15])) <= WINDOW_S
    signed = b"v0:" + stamp.encode("ascii", "replace") + b":" + raw
    # Every secret is tried, so that the time taken says nothing about which was nearly right.
    fits = [
        hmac.compare_digest(
            b"v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode(), shown.encode()
        )
        for secret in secrets
    ]
    if not fresh:
        raise BadSignature("the timestamp is missing or more than five minutes away")
    if not any(fits):
        raise BadSignature("the signature does not fit")


def arrived(raw: bytes) -> Arrived:
    """What a verified body says. Raises Malformed."""
    if raw.lstrip()[:1] == b"{":
        event = mapping(read_json(raw), "")
        return Challenge(clean_text(event.get("challenge", ""))) if event.get("type") == "url_verification" else None
    form = _form(raw)
    if "payload" in form:
        return _interaction(mapping(read_json(form["payload"].encode()), "payload"))
    if "command" not in form:
        raise Malformed("", "neither a slash command nor an interaction")
    return SlashCommand(
        user=_word(form.get("user_id"), "user_id"), channel=form.get("channel_id", ""),
        channel_name=form.get("channel_name", ""), text=clean_text(form.get("text", ""), LONGEST),
        response_url=form.get("response_url", ""), trigger=_word(form.get("trigger_id"), "trigger_id"),
    )  # fmt: skip


def _form(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except (UnicodeDecodeError, ValueError):
        raise Malformed("", "not a form") from None


def _interaction(payload: dict[str, Any]) -> Press | Submission | None:
    if payload.get("type") == "view_submission":
        view = mapping(payload.get("view"), "payload.view")
        state = mapping(view.get("state") or {}, "payload.view.state")
        return Submission(
            user=_word(mapping(payload.get("user"), "payload.user").get("id"), "payload.user.id"),
            view=_word(view.get("id"), "payload.view.id"), callback=clean_text(view.get("callback_id") or "", 255),
            about=clean_text(view.get("private_metadata") or "", 3_000),
            values=mapping(state.get("values") or {}, "payload.view.state.values"),
        )  # fmt: skip
    if payload.get("type") != "block_actions":
        return None
    actions = sequence(payload.get("actions"), "payload.actions")
    if not actions:
        return None
    action = mapping(actions[0], "payload.actions[0]")
    if action.get("type") != "button":
        return None
    container = mapping(payload.get("container") or {}, "payload.container")
    message = mapping(payload.get("message") or {}, "payload.message")
    blocks = sequence(message.get("blocks") or [], "payload.message.blocks")

    def text(value: object) -> str:
        return clean_text(value or "", LONGEST)

    return Press(
        user=_word(mapping(payload.get("user"), "payload.user").get("id"), "payload.user.id"),
        channel=text(container.get("channel_id")), message=text(container.get("message_ts")),
        action=_word(action.get("action_id"), "payload.actions[0].action_id"), value=text(action.get("value")),
        at=text(action.get("action_ts")), blocks=[block for block in blocks if isinstance(block, dict)],
        response_url=str(payload.get("response_url") or ""), trigger=text(payload.get("trigger_id")),
    )  # fmt: skip


def _word(value: object, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise Malformed(where, "expected a text")
    return clean_text(value)


def answer_in(value: str) -> dict[str, str]:
    """What a button of ours carries: incident, page, deed, choice. Raises Malformed."""
    answer = mapping(read_json(value.encode()), "value")
    names = ("incident", "page", "deed", "choice")
    if not all(isinstance(answer.get(name), str) for name in names):
        raise Malformed("value", "not what a button of mayday carries")
    return {name: clean_text(answer[name]) for name in names}
