"""Whatever a signed body holds, it is read or it is Malformed: never another error, which would be a 5xx."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from mayday.providers.inbound import BadSignature, Malformed
from mayday.providers.slack import inbound as slack
from mayday.providers.slack.messages import declined, settled, still_open
from mayday.providers.teams import inbound as teams
from starter.chat_words import NotUnderstood, understood

ODD = st.sampled_from(["\ud800", "\x00", "message", "button"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
PRESS: dict[str, Any] = {
    "type": "block_actions", "user": {"id": "U1"}, "container": {"message_ts": "1.2", "channel_id": "C1"},
    "message": {
        "blocks": [{"type": "section", "text": {"text": "x"}}, {"block_id": "state", "elements": [{"text": "x"}]}]
    },
    "response_url": "https://hooks.slack.com/x",
    "actions": [{"type": "button", "action_id": "mayday.answer.0", "value": "{}", "action_ts": "1"}],
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "type": "message", "id": "1", "timestamp": "2026-03-02T02:10:00Z", "from": {"aadObjectId": "u"}, "text": "status",
    "channelData": {"teamsChannelId": "19:x"}, "conversation": {"id": "19:x;messageid=1"},
}  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, sample: dict[str, Any]) -> Any:
    """The sample with one of its values replaced, at any depth."""
    value: Any = json.loads(json.dumps(sample))
    at, key = value, draw(st.sampled_from(sorted(sample)))
    while isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
        at = at[key]
        key = draw(st.sampled_from(range(len(at)) if isinstance(at, list) else sorted(at)))
    at[key] = draw(JSON)
    return value


@given(changed(PRESS))
def test_a_press(payload: Any) -> None:
    try:
        press = slack.arrived(f"payload={quote(json.dumps(payload))}".encode())
    except Malformed:
        return
    if isinstance(press, slack.Press):
        for text in (press.user, press.action, press.message, press.at):
            text.encode()
        settled(press.blocks, "over")
        still_open(press.blocks, "so far")
        declined(press.blocks, "Ana cannot")


@given(changed(MESSAGE))
def test_a_message(activity: Any) -> None:
    try:
        written = teams.written(json.dumps(activity).encode(), datetime(2026, 3, 2, 2, 10, tzinfo=UTC))
    except (Malformed, BadSignature):
        return
    for text in written:
        text.encode()


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"command=%2Fmayday&{text}".encode()))
def test_a_body(raw: bytes) -> None:
    for read in (slack.arrived, lambda body: teams.written(body, datetime.now(UTC))):
        try:
            read(raw)
        except (Malformed, BadSignature):
            pass  # what it should be


WORDS = ["vote", "declare", "INC-7KQ2MZ", "sev1", "drill", "payments", "task", "10m", "decide", "\n", " "]


@given(st.text(max_size=40) | st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
def test_a_line(text: str) -> None:
    try:
        understood(text)
    except NotUnderstood:
        pass  # what it should be


@given(JSON.map(json.dumps) | st.text(max_size=30) | st.just("[" * 3_000))
def test_a_buttons_value(value: str) -> None:
    try:
        slack.answer_in(value.encode("utf-8", "replace").decode())
    except Malformed:
        pass  # what it should be
