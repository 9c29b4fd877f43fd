"""Twilio: messages and calls of one account, form-encoded, with lists by number."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

from tests.doubles.server import Asked, Double, Reply, route

ACCOUNT = "AC00000000000000000000000000000001"
BASE = f"/2010-04-01/Accounts/{ACCOUNT}"


class Twilio(Double):
    name = "twilio"
    values = {"account": ACCOUNT, "token": "twilio-auth-token", "from_number": "+15550100000"}
    specs = {"": "twilio/twilio_api_v2010.cut.openapi3.json"}

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.calls_made: list[dict[str, Any]] = []
        self.now = lambda: datetime.now(UTC)

    def ringing(self) -> list[str]:
        return [each["sid"] for each in self.calls_made if each["status"] == "ringing"]

    def refusal(self, asked: Asked) -> Reply | None:
        basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp0d2lsaW8tYXV0aC10b2tlbg=="
        return None if asked.headers.get("authorization") == basic else Reply(401, self.error(401))

    def error(self, status: int) -> Any:
        return {"code": 20000 + status, "message": f"Status {status}", "more_info": "", "status": status}

    @route(f"POST {BASE}/Messages.json")
    def send(self, asked: Asked) -> Reply:
        form = asked.form
        if len(form.get("Body", "")) > 1600:
            return Reply(
                400, {"code": 21617, "message": "The message body exceeds the 1600 character limit.", "status": 400}
            )
        made = self._made("SM", len(self.messages), form, body=form["Body"], status="queued")
        self.messages.append(made)
        return Reply(201, made)

    @route(f"GET {BASE}/Messages.json")
    def sent(self, asked: Asked) -> Reply:
        return Reply(200, {"messages": self._to(self.messages, asked)})

    @route(f"POST {BASE}/Calls.json")
    def dial(self, asked: Asked) -> Reply:
        ElementTree.fromstring(asked.form["Twiml"])  # not XML: Twilio would say "application error" to the sleeper
        if len(asked.form["Twiml"]) > 4000:
            return Reply(400, self.error(400))
        made = self._made("CA", len(self.calls_made), asked.form, twiml=asked.form["Twiml"], status="ringing")
        self.calls_made.append(made)
        return Reply(201, made)

    @route(f"GET {BASE}/Calls.json")
    def dialled(self, asked: Asked) -> Reply:
        return Reply(200, {"calls": self._to(self.calls_made, asked)})

    @route(f"POST {BASE}/Calls/{{sid}}.json")
    def change(self, asked: Asked) -> Reply:
        found = next((each for each in self.calls_made if each["sid"] == asked.slots["sid"]), None)
        if found is None:
            return Reply(404, self.error(404))
        if found["status"] == "completed":
            return Reply(400, {"code": 21220, "message": "Call is not in-progress.", "status": 400})
        found["status"] = asked.form["Status"]
        return Reply(200, found)

    def _made(self, prefix: str, number: int, form: dict[str, str], **more: str) -> dict[str, Any]:
        return {
            "sid": f"{prefix}{number:032d}", "to": form["To"], "from": form.get("From"), "direction": "outbound-api",
            "date_created": format_datetime(self.now()), "form": form, **more,
        }  # fmt: skip

    def _to(self, made: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
        return [each for each in reversed(made) if each["to"] == asked.query.get("To", each["to"])]
