"""Zoom's meetings of one host, and the tokens of its server-to-server app."""

from __future__ import annotations

import base64
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

HOST = "bridge@example.com"


class Zoom(Double):
    name = "zoom"
    values = {"account_id": "acc-1", "client_id": "zoom-app", "client_secret": "zoom-secret-of-the-app", "host": HOST}
    specs = {"/v2": "zoom/zoom-meetings.ballerina.openapi3.yaml"}

    def __init__(self) -> None:
        super().__init__()
        self.meetings: dict[str, dict[str, Any]] = {}
        self.ended: list[str] = []
        self.tokens: list[str] = []
        self.scope = "meeting:read:list_meetings:admin meeting:write:meeting:admin meeting:update:status:admin"

    def given(self) -> dict[str, str]:
        return {"url": f"{self.url}/v2", "login_url": f"{self.url}/oauth/token", **self.values}

    def expire(self) -> None:
        """The tokens that were handed out are no good any more."""
        self.tokens.append("nobody-has-this")

    def refusal(self, asked: Asked) -> Reply | None:
        if not asked.path.startswith("/v2"):
            return None
        if self.tokens and asked.headers.get("authorization") == f"Bearer {self.tokens[-1]}":
            return None
        return Reply(401, {"code": 124, "message": "Invalid access token."})

    def error(self, status: int) -> Any:
        return {"code": 300 if status == 400 else status, "message": f"status {status}, as told by the test"}

    @route("POST /oauth/token")
    def token(self, asked: Asked) -> Reply:
        basic = base64.b64encode(b"zoom-app:zoom-secret-of-the-app").decode()
        wanted = {"grant_type": "account_credentials", "account_id": "acc-1"}
        if asked.headers.get("authorization") != f"Basic {basic}" or asked.form != wanted:
            return Reply(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        self.tokens.append(f"zoom-token-{len(self.tokens)}")
        return Reply(
            200, {"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 3599, "scope": self.scope}
        )

    @route("GET /v2/users/{user}/meetings")
    def listed(self, asked: Asked) -> Reply:
        if asked.slots["user"] != HOST:
            return Reply(404, {"code": 1001, "message": "User does not exist."})
        shown = [
            {**meeting, "agenda": str(meeting.get("agenda", ""))[:250]} for meeting in self.meetings.values()
        ]  # fmt: skip
        size, start = int(asked.query.get("page_size", "30")), int(asked.query.get("next_page_token") or 0)
        rest = str(start + size) if len(shown) > start + size else ""
        return Reply(200, {"page_size": size, "next_page_token": rest, "meetings": shown[start : start + size]})

    @route("POST /v2/users/{user}/meetings")
    def created(self, asked: Asked) -> Reply:
        number = 97_763_643_000 + len(self.meetings) + len(self.ended)
        secret = f"{self.url}/s/{number}?zak=host-key"
        meeting = {
            **asked.json, "id": number, "uuid": f"uuid{number}==", "host_id": "h1", "status": "waiting",
            "join_url": f"https://example.zoom.us/j/{number}?pwd=x", "start_url": secret, "password": "123456",
        }  # fmt: skip
        self.meetings[str(number)] = meeting
        return Reply(201, meeting)

    @route("PUT /v2/meetings/{id}/status")
    def status(self, asked: Asked) -> Reply:
        if asked.slots["id"] not in self.meetings:
            return _gone()
        self.ended.append(asked.slots["id"])
        return Reply(204)

    @route("DELETE /v2/meetings/{id}")
    def deleted(self, asked: Asked) -> Reply:
        return Reply(204) if self.meetings.pop(asked.slots["id"], None) else _gone()


def _gone() -> Reply:
    return Reply(404, {"code": 3001, "message": "Meeting does not exist."})
