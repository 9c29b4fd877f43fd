"""Slack as an app sees it: channels, messages with metadata, pins, direct messages, response addresses.

It is also the people in it (`slack_people.py`): `slash` and `press` give the signed request that Slack would send us.
"""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.server import Asked, Reply, route
from tests.doubles.slack_blocks import words_of, wrong_in, wrong_in_view
from tests.doubles.slack_description import problems_of
from tests.doubles.slack_people import SIGNING_SECRET, Channel, Workspace

TOKEN = "xoxb-double-bot-token-0001"


class SlackDouble(Workspace):
    name = "slack"
    values = {"token": TOKEN, "secret": SIGNING_SECRET, "channel": "incidents"}

    def __init__(self) -> None:
        super().__init__()
        self.users = {f"U{number:02d}" for number in range(1, 40)}
        self.ephemeral: list[dict[str, Any]] = []
        """What was said through response addresses to one person only."""
        self.says: list[tuple[str, str]] = []
        """(method, error): the next call of the method is answered `ok: false` with it."""
        self.lost: set[str] = set()
        """Errors of `says` that take effect all the same (internal_error)."""
        self.may_unarchive = True
        """Most bots may not: they are no members of an archived channel any more."""
        self.add_channel("incidents")

    # -- for tests
    def given(self) -> dict[str, str]:
        return {"url": f"{self.url}/api", **self.values}

    def add_channel(self, name: str, **more: Any) -> Channel:
        self._numbers += 1
        channel = Channel(f"C{self._numbers:09d}", name, **more)
        self.channels[channel.id] = channel
        return channel

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

    def delete(self, name: str) -> None:
        """Somebody deletes a channel, with everything that was said in it."""
        self.channels.pop(self.called(name).id)

    def error(self, status: int) -> Any:
        return {"ok": False, "error": f"http_{status}"}

    # -- the Web API
    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path.startswith("/response/") or asked.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return Reply(200, {"ok": False, "error": "invalid_auth" if "authorization" in asked.headers else "not_authed"})

    async def _answered(self, asked: Asked) -> Reply:
        method = asked.path.removeprefix("/api/")
        if asked.path.startswith("/api/"):
            self.violations += problems_of(method, asked)
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
        channel = self.channels.get(asked.json["channel"])
        if channel is None or channel.archived:
            return _no("already_archived" if channel else "channel_not_found")
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


def _ok(**more: Any) -> Reply:
    return Reply(200, {"ok": True, **more})


def _no(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})
