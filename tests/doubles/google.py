"""Google for one user: the service account's tokens, Meet's spaces, one calendar."""

from __future__ import annotations

import base64
import json
import re
import time
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.doubles.server import Asked, Double, Reply, route

EMAIL = "mayday@project.iam.gserviceaccount.com"
TOKEN = "google-access-token"


class Google(Double):
    name = "google"
    values = {"subject": "bridge@example.com", "calendar": "reviews@example.com"}

    def __init__(self) -> None:
        super().__init__()
        self.spaces: list[str] = []
        self.ended: list[str] = []
        self.all_events: dict[str, dict[str, Any]] = {}

    @property
    def events(self) -> dict[str, dict[str, Any]]:
        """Those that stand: a cancelled one keeps its id for ever."""
        return {key: event for key, event in self.all_events.items() if event["status"] != "cancelled"}

    def given(self) -> dict[str, str]:
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {"client_email": EMAIL, "private_key": pem, "token_uri": f"{self.url}/token"}
        addresses = {"meet_url": self.url, "calendar_url": self.url}
        return {**addresses, **self.values, "service_account_key": json.dumps(account)}

    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path == "/token" or asked.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return Reply(401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Invalid credentials"}})

    def error(self, status: int) -> Any:
        return {"error": {"code": status, "message": "as told by the test", "errors": [{"reason": "forbidden"}]}}

    @route("POST /token")
    def token(self, asked: Asked) -> Reply:
        """Checks the claim's signature, issuer, audience and life."""
        head, body, signature = asked.form["assertion"].split(".")
        try:
            _key().public_key().verify(_bytes(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        claims = json.loads(_bytes(body))
        right = (
            claims["iss"] == EMAIL and claims["aud"] == f"{self.url}/token" and claims["sub"] == "bridge@example.com"
        )
        if not right or not claims["iat"] <= time.time() + 5 < claims["exp"] <= claims["iat"] + 3600:
            return Reply(400, {"error": "invalid_grant"})
        return Reply(200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})

    @route("POST /v2/spaces")
    def space(self, asked: Asked) -> Reply:
        self.spaces.append(f"spaces/jQCFfuBOdN{len(self.spaces)}")
        code = f"abc-mnop-{len(self.spaces):03d}"
        return Reply(
            200, {"name": self.spaces[-1], "meetingUri": f"https://meet.google.com/{code}", "meetingCode": code}
        )

    @route("POST /v2/spaces/{id}")
    def end(self, asked: Asked) -> Reply:
        assert asked.slots["id"].endswith(":endActiveConference")
        self.ended.append(asked.slots["id"].partition(":")[0])
        return Reply(200, {})

    @route("GET /calendar/v3/calendars/{calendar}/events")
    def events_of(self, asked: Asked) -> Reply:
        known = asked.slots["calendar"] == self.values["calendar"]
        return Reply(200, {"items": []}) if known else Reply(404, self.error(404))

    @route("POST /calendar/v3/calendars/{calendar}/events")
    def insert(self, asked: Asked) -> Reply:
        event = asked.json
        if not re.fullmatch(r"[a-v0-9]{5,1024}", event["id"]):
            return Reply(400, self.error(400))
        if event["id"] in self.all_events:
            return Reply(409, {"error": {"code": 409, "errors": [{"reason": "duplicate"}]}})
        self.all_events[event["id"]] = {"status": "confirmed", **event}
        return Reply(200, self.all_events[event["id"]])

    @route("PATCH /calendar/v3/calendars/{calendar}/events/{id}")
    def patch(self, asked: Asked) -> Reply:
        self.all_events[asked.slots["id"]] |= asked.json
        return Reply(200, self.all_events[asked.slots["id"]])

    @route("DELETE /calendar/v3/calendars/{calendar}/events/{id}")
    def delete(self, asked: Asked) -> Reply:
        event = self.all_events.get(asked.slots["id"])
        if event is None:
            return Reply(404, self.error(404))
        if event["status"] == "cancelled":
            return Reply(410, {"error": {"code": 410, "errors": [{"reason": "deleted"}]}})
        event["status"] = "cancelled"
        return Reply(204)


@cache
def _key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
