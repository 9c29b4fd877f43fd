"""Microsoft Graph for one organiser: online meetings, events, and the sign-in service."""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

ORGANISER = "bridge@example.com"


class Graph(Double):
    name = "graph"
    values = {
        "tenant": "tenant-1", "client_id": "graph-app", "client_secret": "graph-secret-of-the-app",
        "organiser": ORGANISER,
    }  # fmt: skip
    specs = {"/v1.0": "msgraph/graph-v1.0-teams-meetings-events.derived.openapi3.json"}

    def __init__(self) -> None:
        super().__init__()
        self.meetings: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.cancelled: list[str] = []
        self.made = 0

    def given(self) -> dict[str, str]:
        return {"url": self.url, "login_url": f"{self.url}/login", **self.values}

    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path.startswith("/login") or asked.headers.get("authorization") == "Bearer graph-token":
            return None
        return Reply(401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}})

    def error(self, status: int) -> Any:
        inner = {"request-id": "00000000-0000-4000-8000-000000000009"}
        return {"error": {"code": "AsTold", "message": f"status {status}, as told by the test", "innerError": inner}}

    def _not_described(self, asked: Asked) -> Reply | None:
        """Our cut of the description has no list of events, which Graph has."""
        return None if asked.method == "GET" and asked.path.endswith("/events") else super()._not_described(asked)

    @route("POST /login/{tenant}/oauth2/v2.0/token")
    def token(self, asked: Asked) -> Reply:
        wanted = {
            "grant_type": "client_credentials", "client_id": "graph-app", "client_secret": "graph-secret-of-the-app",
            "scope": f"{self.url}/.default",
        }  # fmt: skip
        if asked.form != wanted or asked.slots["tenant"] != "tenant-1":
            return Reply(401, {"error": "invalid_client", "error_description": "AADSTS7000215"})
        return Reply(200, {"access_token": "graph-token", "token_type": "Bearer", "expires_in": 3599})

    @route("POST /v1.0/users/{user}/onlineMeetings/createOrGet")
    def create_or_get(self, asked: Asked) -> Reply:
        if asked.slots["user"] != ORGANISER:
            message = "No application access policy found for this app."
            return Reply(403, {"error": {"code": "Forbidden", "message": message}})
        for meeting in self.meetings.values():
            if meeting["externalId"] == asked.json["externalId"]:
                return Reply(200, meeting)
        self.made += 1
        number = f"MSpkYzE3Njc0Yy04MWQ5-{self.made}"
        url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{self.made}%40thread.v2/0"
        self.meetings[number] = {**asked.json, "id": number, "joinWebUrl": url}
        return Reply(201, self.meetings[number])

    @route("GET /v1.0/users/{user}/onlineMeetings")
    def list_meetings(self, asked: Asked) -> Reply:
        if "JoinWebUrl eq" not in asked.query.get("$filter", ""):
            return Reply(400, self.error(400))
        return Reply(200, {"value": []})

    @route("DELETE /v1.0/users/{user}/onlineMeetings/{id}")
    def delete_meeting(self, asked: Asked) -> Reply:
        return Reply(204) if self.meetings.pop(asked.slots["id"], None) else Reply(404, self.error(404))

    @route("POST /v1.0/users/{user}/events")
    def create_event(self, asked: Asked) -> Reply:
        transaction = asked.json["transactionId"]
        if any(event["transactionId"] == transaction for event in self.events.values()):
            return Reply(409, self.error(409))
        number = f"AAMkAGI1AAAt9AHjAAA{len(self.events)}="
        self.events[number] = {**asked.json, "id": number}
        return Reply(201, self.events[number])

    @route("GET /v1.0/users/{user}/events")
    def list_events(self, asked: Asked) -> Reply:
        wanted = re.search(r"ep/value eq '(.*)'\)$", asked.query.get("$filter", ""))
        uid = wanted[1].replace("''", "'") if wanted else None
        found = [
            event for event in self.events.values()
            if uid is None or any(each["value"] == uid for each in event["singleValueExtendedProperties"])
        ]  # fmt: skip
        return Reply(200, {"value": found})

    @route("PATCH /v1.0/users/{user}/events/{id}")
    def change_event(self, asked: Asked) -> Reply:
        event = self.events.get(asked.slots["id"])
        if event is None:
            return Reply(404, self.error(404))
        event |= asked.json
        return Reply(200, event)

    @route("POST /v1.0/users/{user}/events/{id}/cancel")
    def cancel_event(self, asked: Asked) -> Reply:
        if self.events.pop(asked.slots["id"], None) is None:
            return Reply(404, self.error(404))
        self.cancelled.append(asked.slots["id"])
        return Reply(202)
