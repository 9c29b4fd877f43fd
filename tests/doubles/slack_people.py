"""The people of a Slack workspace: what Slack posts to us when they write, press a button or fill in a window."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from tests.doubles.server import Double
from tests.doubles.slack_blocks import buttons_of, wrong_in_view

SIGNING_SECRET = "signing-secret-of-the-slack-double"


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "is_channel": True, "is_archived": self.archived,
            "is_private": self.private, "topic": {"value": self.topic}, "purpose": {"value": self.purpose},
        }  # fmt: skip


class Workspace(Double):
    """Channels and windows, and what people do with them."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, Channel] = {}
        #: windows that are open, by id
        self.views: dict[str, dict[str, Any]] = {}
        self._triggers: set[str] = set()
        self._numbers = 0
        self._responses: dict[str, tuple[str, str] | None] = {}

    def called(self, name: str) -> Channel:
        return next(channel for channel in self.channels.values() if channel.name == name)

    def signed(self, body: str, at: datetime) -> dict[str, str]:
        """The headers with which Slack posts this body."""
        stamp = str(int(at.timestamp()))
        digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip

    def slash(self, user: str, text: str, channel: str = "incidents") -> str:
        """The body of `/mayday TEXT`."""
        known = self.called(channel)
        self._numbers += 1
        self._triggers.add(f"{self._numbers}.1.abc")
        return urlencode({
            "token": "deprecated", "team_id": "T1", "team_domain": "house", "channel_id": known.id,
            "channel_name": "privategroup" if known.private else known.name, "user_id": user, "user_name": user.lower(),
            "command": "/mayday", "text": text, "api_app_id": "A1", "trigger_id": f"{self._numbers}.1.abc",
            "response_url": self._response_url(None),
        })  # fmt: skip

    def press(self, user: str, channel: str, message: dict[str, Any], words: str) -> str:
        """The body of a press on the button that says `words`."""
        known = self.channels.get(channel) or self.called(channel)
        element = next(button for button in buttons_of(message) if button["text"]["text"] == words)
        self._numbers += 1
        self._triggers.add(f"{self._numbers}.2.abc")
        payload = {
            "type": "block_actions", "user": {"id": user, "team_id": "T1"}, "api_app_id": "A1", "token": "deprecated",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": known.id},
            "trigger_id": f"{self._numbers}.2.abc", "team": {"id": "T1"}, "channel": {"id": known.id},
            "message": message, "response_url": self._response_url((known.id, message["ts"])),
            "actions": [
                {
                    "action_id": element["action_id"], "block_id": "answers", "type": "button",
                    "text": element["text"], "value": element.get("value", ""), "action_ts": f"{self._numbers}.5",
                }
            ],
        }  # fmt: skip
        return f"payload={quote(json.dumps(payload))}"

    def press_on_answer(self, user: str, channel: str, answer: dict[str, Any], words: str) -> str:
        """The body of a press on a button of an answer that only `user` sees: Slack sends no message with it."""
        element = next(button for button in buttons_of(answer) if button["text"]["text"] == words)
        self._numbers += 1
        self._triggers.add(f"{self._numbers}.2.abc")
        payload = {
            "type": "block_actions", "user": {"id": user, "team_id": "T1"}, "api_app_id": "A1", "token": "deprecated",
            "container": {"type": "message", "message_ts": f"{self._numbers}.1", "is_ephemeral": True,
                          "channel_id": self.called(channel).id},
            "trigger_id": f"{self._numbers}.2.abc", "team": {"id": "T1"}, "response_url": self._response_url(None),
            "actions": [{"action_id": element["action_id"], "block_id": "answers", "type": "button",
                         "text": element["text"], "value": element["value"], "action_ts": f"{self._numbers}.5"}],
        }  # fmt: skip
        return f"payload={quote(json.dumps(payload))}"

    def shows(self, view_id: str, view: dict[str, Any]) -> None:
        """A window that was answered with another one (`response_action: update`)."""
        if wrong := wrong_in_view(view):
            self.violations.append(f"update: {wrong}")
        self.views[view_id] = view

    def submit(self, user: str, view_id: str, **given: Any) -> str:
        """The body of a filled-in window; values by block, dots as double underscores."""
        view = self.views[view_id]
        values = {}
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            element, value = block["element"], given.pop(block["block_id"].replace(".", "__"), None)
            state: dict[str, Any] = {"type": element["type"]}
            if element["type"] in ("radio_buttons", "static_select"):
                known = {option["value"]: option for option in element["options"]}
                state["selected_option"] = known[value] if value is not None else None
            elif element["type"] == "datetimepicker":
                state["selected_date_time"] = value
            else:
                state["value"] = value
            values[block["block_id"]] = {element["action_id"]: state}
        assert not given, f"the window has no {', '.join(given)}"
        payload = {
            "type": "view_submission", "user": {"id": user, "team_id": "T1"}, "team": {"id": "T1"}, "api_app_id": "A1",
            "trigger_id": "9.9.zzz", "response_urls": [],
            "view": {**{name: view[name] for name in ("callback_id", "private_metadata", "type")}, "id": view_id,
                     "state": {"values": values}},
        }  # fmt: skip
        return f"payload={quote(json.dumps(payload))}"

    def _response_url(self, message: tuple[str, str] | None) -> str:
        self._numbers += 1
        self._responses[str(self._numbers)] = message
        return f"{self.url}/response/{self._numbers}"
