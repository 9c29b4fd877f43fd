"""Slack as an app sees it: channels, messages with metadata, pins, direct messages, response addresses, signatures.

It is also the people in it: `slash` and `press` give the signed request that Slack would send us.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from tests.doubles.api_description import SAMPLES
from tests.doubles.server import Asked, Double, Reply, route

TOKEN = "xoxb-double-bot-token-0001"
SIGNING_SECRET = "signing-secret-of-the-slack-double"
#: what Slack has learnt since its description was archived in 2021 (specs/README.md)
NEWER = {
    "chat.postMessage": {"metadata"}, "chat.update": {"metadata"}, "conversations.history": {"include_all_metadata"},
    "conversations.invite": {"force"},
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, list, dict), "boolean": (bool, str), "integer": (int, str), "number": (int, float, str),
}  # fmt: skip


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


class SlackDouble(Double):
    name = "slack"
    values = {"token": TOKEN, "secret": SIGNING_SECRET, "channel": "incidents"}

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, Channel] = {}
        self.users = {f"U{number:02d}" for number in range(1, 40)}
        self.ephemeral: list[dict[str, Any]] = []
        #: windows that are open, by id
        self.views: dict[str, dict[str, Any]] = {}
        self._triggers: set[str] = set()
        """What was said through response addresses to one person only."""
        self.says: list[tuple[str, str]] = []
        """(method, error): the next call of the method is answered `ok: false` with it."""
        self.lost: set[str] = set()
        """Errors of `says` that take effect all the same (internal_error)."""
        self.may_unarchive = True
        """Most bots may not: they are no members of an archived channel any more."""
        self._numbers = 0
        self._responses: dict[str, tuple[str, str] | None] = {}
        self.add_channel("incidents")

    # -- for tests
    def given(self) -> dict[str, str]:
        return {"url": f"{self.url}/api", **self.values}

    def add_channel(self, name: str, **more: Any) -> Channel:
        self._numbers += 1
        channel = Channel(f"C{self._numbers:09d}", name, **more)
        self.channels[channel.id] = channel
        return channel

    def called(self, name: str) -> Channel:
        return next(channel for channel in self.channels.values() if channel.name == name)

    def posted(self, name: str) -> list[dict[str, Any]]:
        """The messages of a channel, in order."""
        return list(self.called(name).messages.values())

    def said(self, name: str) -> list[str]:
        """What the messages of a channel show."""
        return [
            "\n".join(block["text"]["text"] for block in message["blocks"] if block["type"] == "section")
            for message in self.posted(name)
        ]

    def read_as_markup(self, name: str) -> list[str]:
        """Texts in which Slack would see a mention, a link or a command that is none of ours."""
        ours = re.compile(r"<@[UW][A-Z0-9]+>|<https://mayday\.example/[^|>]*\|[^<>]*>")
        found = []
        for message in self.posted(name):
            texts = [message["text"], words_of(message)]
            found += [text for text in texts if "<" in ours.sub("", text)]
            kinds = {block["text"]["type"] for block in message["blocks"] if block["type"] == "section"}
            found += [kind for kind in kinds if kind != "plain_text"]
        return found

    def channels_of(self, incident: str) -> list[str]:
        """The names of the channels that say they are this incident's. One that was made and never furnished, because
        the answer to its making was lost, is nobody's: better an empty channel than one that two incidents share."""
        return [channel.name for channel in self.channels.values() if incident in channel.purpose]

    def error(self, status: int) -> Any:
        return {"ok": False, "error": f"http_{status}"}

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

    # -- the Web API
    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path.startswith("/response/") or asked.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return Reply(200, {"ok": False, "error": "invalid_auth" if "authorization" in asked.headers else "not_authed"})

    async def _answered(self, asked: Asked) -> Reply:
        method = asked.path.removeprefix("/api/")
        if asked.path.startswith("/api/"):
            self.violations += _problems(method, asked)
            for cue in self.says:
                if cue[0] == method:
                    self.says.remove(cue)
                    if cue[1] in self.lost:
                        await super()._answered(asked)
                    return Reply(200, {"ok": False, "error": cue[1]})
        return await super()._answered(asked)

    @route("POST /api/views.open")
    def open_view(self, asked: Asked) -> Reply:
        if asked.json["trigger_id"] not in self._triggers:
            return _no("invalid_trigger_id")
        self._triggers.remove(asked.json["trigger_id"])  # each opens one window
        view = asked.json["view"]
        wrong = wrong_in_view(view)
        if wrong:
            self.violations.append(f"views.open: {wrong}")
            return _no("invalid_arguments")
        name = f"V{len(self.views) + 1}"
        self.views[name] = view
        return _ok(view={**view, "id": name})

    @route("GET /api/auth.test")
    def auth_test(self, asked: Asked) -> Reply:
        from mayday.providers.slack.offer import SCOPES

        scopes = {"x-oauth-scopes": ",".join(SCOPES)}
        return Reply(200, {"ok": True, "team": "House", "user": "mayday", "user_id": "UBOT"}, scopes)

    @route("POST /api/conversations.create")
    def create(self, asked: Asked) -> Reply:
        name = asked.json["name"]
        if name != name.lower() or len(name) > 80 or not name:
            return _no("invalid_name_specials")
        if any(channel.name == name for channel in self.channels.values()):
            return _no("name_taken")
        return _ok(channel=self.add_channel(name, private=bool(asked.json.get("is_private"))).shown())

    @route("GET /api/conversations.list")
    def listed(self, asked: Asked) -> Reply:
        """Two a page, so that paging is tried."""
        rows = [channel.shown() for channel in self.channels.values() if not channel.archived]
        at = int(asked.query.get("cursor") or 0)
        more = str(at + 2) if at + 2 < len(rows) else ""
        return _ok(channels=rows[at : at + 2], response_metadata={"next_cursor": more})

    @route("POST /api/conversations.setTopic")
    def set_topic(self, asked: Asked) -> Reply:
        if len(asked.json["topic"]) > 250:
            return _no("too_long")
        self.channels[asked.json["channel"]].topic = asked.json["topic"]
        return _ok()

    @route("POST /api/conversations.setPurpose")
    def set_purpose(self, asked: Asked) -> Reply:
        if len(asked.json["purpose"]) > 250:
            return _no("too_long")
        self.channels[asked.json["channel"]].purpose = asked.json["purpose"]
        return _ok()

    @route("POST /api/conversations.invite")
    def invite(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.json["channel"])
        if channel is None or channel.archived:
            return _no("is_archived" if channel else "channel_not_found")
        users = asked.json["users"].split(",")
        known = [user for user in users if user in self.users]
        fresh = [user for user in known if user not in channel.members]
        channel.members += fresh if len(known) == len(users) or asked.json.get("force") else []
        if len(known) < len(users):
            return _no("user_not_found")
        return _ok(channel=channel.shown()) if fresh else _no("already_in_channel")

    @route("POST /api/conversations.open")
    def open_direct(self, asked: Asked) -> Reply:
        user = asked.json["users"]
        if user not in self.users:
            return _no("user_not_found")
        channel = f"D{user[1:]:0>9}"
        self.channels.setdefault(channel, Channel(channel, f"dm-{user}", private=True, members=[user]))
        return _ok(channel={"id": channel})

    @route("POST /api/conversations.archive")
    def archive(self, asked: Asked) -> Reply:
        channel = self.channels[asked.json["channel"]]
        if channel.archived:
            return _no("already_archived")
        channel.archived = True
        return _ok()

    @route("POST /api/conversations.unarchive")
    def unarchive(self, asked: Asked) -> Reply:
        channel = self.channels[asked.json["channel"]]
        if not self.may_unarchive:
            return _no("not_in_channel")
        if not channel.archived:
            return _no("not_archived")
        channel.archived = False
        return _ok()

    @route("GET /api/conversations.members")
    def members(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.query["channel"])
        return _ok(members=channel.members) if channel else _no("channel_not_found")

    @route("POST /api/chat.postMessage")
    def post(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.json["channel"])
        if channel is None or channel.archived:
            return _no("is_archived" if channel else "channel_not_found")
        wrong = wrong_in(asked.json)
        if wrong:
            return _no(wrong)
        self._numbers += 1
        ts = f"1700000000.{self._numbers:06d}"
        channel.messages[ts] = {"type": "message", "ts": ts, **{k: v for k, v in asked.json.items() if k != "channel"}}
        return _ok(channel=channel.id, ts=ts, message=channel.messages[ts])

    @route("POST /api/chat.update")
    def update(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.json["channel"])
        if channel is None or asked.json["ts"] not in channel.messages:
            return _no("message_not_found" if channel else "channel_not_found")
        wrong = wrong_in(asked.json)
        if wrong:
            return _no(wrong)
        channel.messages[asked.json["ts"]].update(text=asked.json["text"], blocks=asked.json["blocks"])
        return _ok(channel=channel.id, ts=asked.json["ts"], text=asked.json["text"])

    @route("GET /api/conversations.history")
    def history(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.query["channel"])
        if channel is None:
            return _no("channel_not_found")
        newest = list(reversed(channel.messages.values()))[: int(asked.query.get("limit", 100))]
        with_metadata = asked.query.get("include_all_metadata") == "true"
        shown = [{k: v for k, v in message.items() if k != "metadata" or with_metadata} for message in newest]
        return _ok(messages=shown, has_more=False)

    @route("POST /api/pins.add")
    def pin(self, asked: Asked) -> Reply:
        channel = self.channels[asked.json["channel"]]
        if asked.json["timestamp"] in channel.pins:
            return _no("already_pinned")
        channel.pins.append(asked.json["timestamp"])
        return _ok()

    @route("POST /response/{number}")
    def respond(self, asked: Asked) -> Reply:
        """A response address: answers plain text."""
        if asked.slots["number"] not in self._responses:
            return Reply(404, b"used_url")
        wrong = wrong_in(asked.json)
        if wrong:
            return Reply(400, wrong.encode())
        message = self._responses[asked.slots["number"]]
        if asked.json.get("replace_original") and message is not None:
            channel, ts = message
            self.channels[channel].messages[ts].update(text=asked.json["text"], blocks=asked.json["blocks"])
        else:
            self.ephemeral.append(asked.json)
        return Reply(200, b"ok", {"Content-Type": "text/html"})


def buttons_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons that answer something; links are left out."""
    return [
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if "value" in element
    ]


def words_of(message: dict[str, Any]) -> str:
    """Everything that a message shows."""
    found = []
    for block in message["blocks"]:
        text = [block["text"]] if "text" in block else []
        found += [each["text"] for each in [*text, *(e for e in block.get("elements", []) if e["type"] != "button")]]
    return "\n".join(found)


def wrong_in(message: dict[str, Any]) -> str | None:
    """Slack's limits (README, 3), and what an app must never send: control sequences that are not ours."""
    blocks = message.get("blocks") or []
    if not message.get("text") or len(message["text"]) > 40_000 or len(blocks) > 50:
        return "no_text" if not message.get("text") else "msg_too_long"
    total = 0
    for block in blocks:
        texts = [block["text"]] if "text" in block else []
        for element in block.get("elements", []):
            if element["type"] != "button":
                texts.append(element)
            elif len(element["text"]["text"]) > 75 or len(element.get("value", "")) > 2000:
                return "invalid_blocks"
        if len(block.get("elements", [])) > (25 if block["type"] == "actions" else 10):
            return "invalid_blocks"
        if any(not text["text"] or len(text["text"]) > 3000 for text in texts):
            return "invalid_blocks"
        total += sum(len(text["text"]) for text in texts)
        if any("<" in text["text"] for text in texts if text["type"] == "plain_text"):
            return "unescaped_text_of_the_outside"
    return "msg_blocks_too_long" if total > 13_000 else None


def wrong_in_view(view: dict[str, Any]) -> str | None:
    """The limits of windows (docs.slack.dev, "Modals" and "Block Kit")."""
    if view["type"] != "modal" or any(not 0 < len(view[name]["text"]) <= 24 for name in ("title", "submit", "close")):
        return "title, submit and close have 1 to 24 characters"
    if len(view["private_metadata"]) > 3000 or len(view["blocks"]) > 100:
        return "too large"
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    if len({block["block_id"] for block in inputs}) != len(inputs):
        return "block ids are not unique"
    for block in inputs:
        options = block["element"].get("options", [{"text": {"text": "x"}, "value": "x"}])
        if not options or any(len(each["text"]["text"]) > 75 or len(each["value"]) > 75 for each in options):
            return "options have 1 to 75 characters"
        if len(block["label"]["text"]) > 2000 or len(options) > (10 if "radio" in block["element"]["type"] else 100):
            return "too many options, or a label that is too long"
    shown = json.dumps([block.get("text") or block["label"] for block in view["blocks"]])
    return "unescaped_text_of_the_outside" if "<" in shown else None


def _ok(**more: Any) -> Reply:
    return Reply(200, {"ok": True, **more})


def _no(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})


@cache
def _description() -> dict[str, Any]:
    file = SAMPLES / "specs/slack/slack_web.cut.openapi_v2.json"
    return dict(json.loads(file.read_text())["paths"]) if file.is_file() else {}


def _problems(method: str, asked: Asked) -> list[str]:
    """The request held against Slack's own description: required fields, known fields, kinds of values."""
    operations = _description().get(f"/{method}")
    if operations is None:
        return [] if not _description() else [f"{method} is not described"]
    parameters = next(iter(operations.values()))["parameters"]
    fields = {each["name"]: each for each in parameters if each["name"] != "token"}
    given: dict[str, Any] = asked.json if asked.method == "POST" else asked.query
    found = [
        f"{method}: {name} is missing" for name, each in fields.items() if each.get("required") and not given.get(name)
    ]
    for name, value in given.items():
        if name in fields:
            if not isinstance(value, _TYPES[fields[name]["type"]]):
                found.append(f"{method}: {name} is no {fields[name]['type']}")
        elif name not in NEWER.get(method, set()):
            found.append(f"{method}: {name} is not described")
    return found
