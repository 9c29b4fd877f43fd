"""One page of Statuspage. It counts its requests: more than one a second is answered with 420."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

PAGE = "kctbh9vrtdwd"
_OPEN = ("investigating", "identified", "monitoring")


class Statuspage(Double):
    name = "statuspage"
    values = {"token": "statuspage-secret-key", "page": PAGE, "components": '{"payments": "8kbf7d35c070"}'}
    specs = {"/v1": "statuspage/statuspage.openapi3.json"}

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, dict[str, Any]] = {}
        self.components: dict[str, str] = {}
        self.counts_seconds = False
        """Whether more than one request a second is answered with 420."""
        self._last_at = 0.0

    def given(self) -> dict[str, str]:
        return {"url": f"{self.url}/v1", **self.values}

    def updates(self) -> list[str]:
        """What the page said, the oldest first."""
        return [each["body"] for incident in self.incidents.values() for each in incident["incident_updates"]]

    def refusal(self, asked: Asked) -> Reply | None:
        now, last = time.monotonic(), self._last_at
        self._last_at = now
        if asked.headers.get("authorization") != "OAuth statuspage-secret-key":
            return Reply(401, {"error": "Could not authenticate"})
        if self.counts_seconds and now - last < 0.95:
            return Reply(420, {"error": "Enhance your calm"})
        return None if f"/pages/{PAGE}/" in asked.path else Reply(404, {"error": "Not found"})

    @route("GET /v1/pages/{page}/incidents/{id}")
    def one(self, asked: Asked) -> Reply:
        if asked.slots["id"] == "unresolved":
            return Reply(200, [each for each in self.incidents.values() if each["status"] in _OPEN])
        found = self.incidents.get(asked.slots["id"])
        return Reply(200, found) if found else Reply(404, {"error": "Not found"})

    @route("POST /v1/pages/{page}/incidents")
    def created(self, asked: Asked) -> Reply:
        fields = asked.json["incident"]
        number = f"p31zjtct2j{len(self.incidents):02d}"
        self.incidents[number] = {
            "id": number, "name": fields["name"], "status": "investigating", "metadata": fields.get("metadata", {}),
            "impact": fields.get("impact_override", "none"), "shortlink": f"https://stspg.io/{number}",
            "incident_updates": [],
        }  # fmt: skip
        return Reply(201, self._told(number, fields))

    @route("PATCH /v1/pages/{page}/incidents/{id}")
    def changed(self, asked: Asked) -> Reply:
        if asked.slots["id"] not in self.incidents:
            return Reply(404, {"error": "Not found"})
        return Reply(200, self._told(asked.slots["id"], asked.json["incident"]))

    @route("DELETE /v1/pages/{page}/incidents/{id}")
    def deleted(self, asked: Asked) -> Reply:
        found = self.incidents.pop(asked.slots["id"], None)
        return Reply(200, found) if found else Reply(404, {"error": "Not found"})

    def _told(self, number: str, fields: dict[str, Any]) -> dict[str, Any]:
        incident = self.incidents[number]
        incident["status"] = fields.get("status", incident["status"])
        self.components |= fields.get("components", {})
        incident["incident_updates"].append({
            "id": f"upd{len(incident['incident_updates'])}", "incident_id": number, "status": incident["status"],
            "body": fields.get("body", ""), "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        })  # fmt: skip
        return incident
