"""A team in Microsoft Teams: its channels and messages by Graph, a Workflows webhook, and the people who write to us.

Cards are held against the official schema of Adaptive Cards 1.5, requests against the description of Graph.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema

from tests.doubles.api_description import SAMPLES
from tests.doubles.server import Asked, Double, Reply, route

TEAM = "6f3f6a2e-team"
SECURITY_TOKEN = base64.b64encode(b"security-token-of-the-teams-double").decode()
SIGNATURE = "sig-of-the-workflow-0001"
LARGEST = 28_000


@dataclass
class Channel:
    id: str
    name: str
    description: str = ""
    archived: bool = False
    private: bool = False
    members: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id, "displayName": self.name, "description": self.description, "isArchived": self.archived,
            "webUrl": f"https://teams.microsoft.com/l/channel/{quote(self.id)}/{self.name}",
        }  # fmt: skip


class Teams(Double):
    name = "teams"
    values = {
        "tenant": "tenant-1", "client_id": "teams-app", "client_secret": "teams-secret-of-the-app", "team": TEAM,
        "refresh_token": "refresh-token-of-the-account", "secret": SECURITY_TOKEN, "channel": "incidents",
    }  # fmt: skip
    specs = {"/v1.0": "msgraph/graph-v1.0-teams-meetings-events.derived.openapi3.json"}

    def __init__(self) -> None:
        super().__init__()
        graph = "https://graph.microsoft.com/"
        self.scope = " ".join(
            graph + each
            for each in ("Channel.Create", "Channel.ReadBasic.All", "ChannelMessage.Read.All", "ChannelMessage.Send")
        )
        self.channels: dict[str, Channel] = {}
        self.workflow: list[dict[str, Any]] = []
        """What came by the webhook."""
        self.may_unarchive = True
        """Not where the whole team is archived."""
        self._numbers = 0
        self._names_of_deleted: set[str] = set()
        self.add_channel("incidents")

    # -- for tests
    def given(self) -> dict[str, str]:
        return {"url": self.url, "login_url": f"{self.url}/login", **self.values}

    def webhook(self) -> dict[str, str]:
        """The settings of who has no more than a webhook."""
        path = "/workflows/1/triggers/manual/paths/invoke?api-version=2016-06-01"
        return {"webhook_url": f"{self.url}{path}&sig={SIGNATURE}", "channel": "incidents"}

    def add_channel(self, name: str, description: str = "") -> Channel:
        self._numbers += 1
        channel = Channel(f"19:{self._numbers:032d}@thread.tacv2", name, description)
        self.channels[channel.id] = channel
        return channel

    def called(self, name: str) -> Channel:
        return next(channel for channel in self.channels.values() if channel.name == name)

    def cards(self, name: str) -> list[dict[str, Any]]:
        """The cards of a channel, in order."""
        return [json.loads(m["attachments"][0]["content"]) for m in self.called(name).messages.values()]

    def said(self, name: str) -> list[str]:
        return [words_of(card) for card in self.cards(name)]

    def read_as_markup(self, name: str) -> list[str]:
        """Blocks whose text Teams would read as Markdown, and mentions."""
        blocks = [block["type"] for card in self.cards(name) for block in card["body"]]
        mentions = [
            str(message["mentions"]) for message in self.called(name).messages.values() if "mentions" in message
        ]
        return [kind for kind in blocks if kind != "RichTextBlock"] + mentions

    def channels_of(self, incident: str) -> list[str]:
        return [channel.name for channel in self.channels.values() if incident in channel.description]

    def error(self, status: int) -> Any:
        inner = {"request-id": "00000000-0000-4000-8000-000000000009"}
        return {"error": {"code": "AsTold", "message": f"status {status}, as told by the test", "innerError": inner}}

    def writes(self, user: str, text: str, at: datetime, channel: str = "incidents") -> tuple[str, dict[str, str]]:
        """Body and headers of a message to the outgoing webhook."""
        self._numbers += 1
        known = self.called(channel)
        body = json.dumps({
            "type": "message", "id": f"16{self._numbers:011d}", "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.123Z",
            "serviceUrl": "https://smba.trafficmanager.net/emea/", "channelId": "msteams", "textFormat": "plain",
            "from": {"id": f"29:{user}", "name": user, "aadObjectId": user},
            "conversation": {"isGroup": True, "id": f"{known.id};messageid=1", "conversationType": "channel"},
            "channelData": {"teamsChannelId": known.id, "teamsTeamId": TEAM}, "text": f"<at>mayday</at>&nbsp;{text}\n",
        })  # fmt: skip
        return body, {"Authorization": signature_of(body), "Content-Type": "application/json"}

    def delete(self, name: str) -> None:
        """Somebody deletes a channel: its name stays taken for a month."""
        self.channels.pop(self.called(name).id)
        self._names_of_deleted.add(name.lower())

    # -- Graph
    def _not_described(self, asked: Asked) -> Reply | None:
        """`unarchive` is an action of the CSDL that the description derived of it has left out."""
        return None if asked.path.endswith("/unarchive") else super()._not_described(asked)

    def refusal(self, asked: Asked) -> Reply | None:
        if not asked.path.startswith("/v1.0") or asked.headers.get("authorization") == "Bearer teams-token":
            return None
        return Reply(401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}})

    @route("POST /login/{tenant}/oauth2/v2.0/token")
    def token(self, asked: Asked) -> Reply:
        wanted = {
            "grant_type": "refresh_token",
            "client_id": "teams-app",
            "refresh_token": self.values["refresh_token"],
        }
        if {name: asked.form.get(name) for name in wanted} != wanted or asked.slots["tenant"] != "tenant-1":
            return Reply(400, {"error": "invalid_grant", "error_description": "AADSTS70000"})
        return Reply(
            200, {"access_token": "teams-token", "token_type": "Bearer", "expires_in": 3599, "scope": self.scope}
        )

    @route("GET /v1.0/teams/{team}/channels")
    def listed(self, asked: Asked) -> Reply:
        """Two a page, so that paging is tried."""
        if asked.slots["team"] != TEAM:
            return Reply(404, self.error(404))
        rows = [channel.shown() for channel in self.channels.values()]
        at = int(asked.query.get("$skiptoken") or 0)
        more = {"@odata.nextLink": f"{self.url}{asked.path}?$skiptoken={at + 2}"} if at + 2 < len(rows) else {}
        return Reply(200, {"value": rows[at : at + 2], **more})

    @route("POST /v1.0/teams/{team}/channels")
    def create(self, asked: Asked) -> Reply:
        name = asked.json["displayName"]
        if (
            len(name) > 50
            or len(asked.json["description"]) > 1024
            or any(sign in name for sign in "~#%&*{}/\\:<>?+|'\"")
        ):
            return Reply(400, self.error(400))
        if name.lower() in {channel.name.lower() for channel in self.channels.values()} | self._names_of_deleted:
            message = "Channel name already existed, please use other name."
            return Reply(400, {"error": {"code": "BadRequest", "message": message}})
        channel = self.add_channel(name, asked.json["description"])
        channel.private = asked.json["membershipType"] == "private"
        return Reply(201, channel.shown())

    @route("POST /v1.0/teams/{team}/channels/{channel}/members")
    def add_member(self, asked: Asked) -> Reply:
        user = asked.json["user@odata.bind"].partition("('")[2].removesuffix("')")
        channel = self.channels[asked.slots["channel"]]
        if not channel.private or "stranger" in user:
            return Reply(400, self.error(400))
        if user in channel.members:
            return Reply(409, self.error(409))
        channel.members.append(user)
        return Reply(201, {"id": user})

    @route("POST /v1.0/teams/{team}/channels/{channel}/archive")
    def archive(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.slots["channel"])
        if channel is None:
            return Reply(404, self.error(404))
        channel.archived = True
        return Reply(202)

    @route("POST /v1.0/teams/{team}/channels/{channel}/unarchive")
    def unarchive(self, asked: Asked) -> Reply:
        if not self.may_unarchive:
            return Reply(403, self.error(403))
        self.channels[asked.slots["channel"]].archived = False
        return Reply(202)

    @route("GET /v1.0/teams/{team}/channels/{channel}")
    def one(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.slots["channel"])
        return Reply(404, self.error(404)) if channel is None else Reply(200, channel.shown())

    @route("GET /v1.0/teams/{team}/channels/{channel}/messages")
    def messages(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.slots["channel"])
        if channel is None:
            return Reply(404, self.error(404))
        return Reply(200, {"value": list(reversed(channel.messages.values()))[: int(asked.query.get("$top", 20))]})

    @route("POST /v1.0/teams/{team}/channels/{channel}/messages")
    def post(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.slots["channel"])
        if channel is None or channel.archived or self._wrong(asked):
            status = 404 if channel is None else 403 if channel.archived else 400
            return Reply(status, self.error(status))
        self._numbers += 1
        number = f"1616990{self._numbers:06d}"
        channel.messages[number] = {**asked.json, "id": number}
        return Reply(201, channel.messages[number])

    @route("PATCH /v1.0/teams/{team}/channels/{channel}/messages/{id}")
    def change(self, asked: Asked) -> Reply:
        channel = self.channels.get(asked.slots["channel"])
        if channel is not None and channel.archived:
            return Reply(403, self.error(403))
        message = channel.messages.get(asked.slots["id"]) if channel is not None else None
        if message is None or self._wrong(asked):
            return Reply(404 if message is None else 400, self.error(404))
        message |= asked.json
        return Reply(204)

    def _wrong(self, asked: Asked) -> bool:
        """Too large, a card that is none, or an attachment that its body does not show."""
        [shown] = asked.json["attachments"]
        self.violations += problems_of(json.loads(shown["content"]))
        return len(asked.body) > LARGEST or f'<attachment id="{shown["id"]}">' not in asked.json["body"]["content"]

    @route("POST /workflows/{id}/triggers/manual/paths/invoke")
    def invoke(self, asked: Asked) -> Reply:
        if asked.query.get("sig") != SIGNATURE:
            return Reply(
                401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "The request is not authorized"}}
            )
        if asked.json["type"] != "message" or len(asked.body) > LARGEST:
            return Reply(400, self.error(400))
        self.violations += [each for a in asked.json["attachments"] for each in problems_of(a["content"])]
        self.workflow.append(asked.json)
        return Reply(202)


def signature_of(body: str) -> str:
    digest = hmac.new(base64.b64decode(SECURITY_TOKEN), body.encode(), hashlib.sha256).digest()
    return f"HMAC {base64.b64encode(digest).decode()}"


def words_of(card: dict[str, Any]) -> str:
    """Everything that a card shows."""
    return "\n".join(run["text"] for block in card["body"] for run in block["inlines"])


@cache
def _schema() -> Any:
    file = SAMPLES / "specs/adaptivecards/adaptive-card-1.5.0.schema.json"
    if not file.is_file():
        return None
    document = json.loads(file.read_text())
    return jsonschema.validators.validator_for(document)(document)


def problems_of(card: dict[str, Any]) -> list[str]:
    """What the official schema says about a card."""
    validator = _schema()
    if validator is None:
        return []
    return [f"card {'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(card)]
