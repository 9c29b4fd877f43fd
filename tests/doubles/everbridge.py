"""Everbridge: incidents launched from a template, one notification each, and who confirmed it."""

from __future__ import annotations

import time
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

ORG, TEMPLATE = "1536984111644001", 1536984111644002


class Everbridge(Double):
    name = "everbridge"
    values = {
        "organization": ORG, "template": str(TEMPLATE), "key_variable": "8110002061440001", "client_id": "eb-client",
        "client_secret": "everbridge-client-secret",
    }  # fmt: skip
    specs = {"/rest/notificationReports": "", "": "everbridge/everbridge-incidents.transcribed.openapi3.json"}

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[int, dict[str, Any]] = {}
        self.confirmed: dict[int, list[str]] = {}
        self.now_ms = lambda: int(time.time() * 1000)
        self._token = "eyJ.everbridge-token"

    def ringing(self) -> list[int]:
        return [each["id"] for each in self.incidents.values() if each["incidentStatus"] == "Open"]

    def confirm(self, incident: int, contact: str) -> None:
        self.confirmed.setdefault(self.incidents[incident]["notificationIds"][0], []).append(contact)

    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path == "/authorization/v1/tokens":
            good = asked.form.get("client_secret") == self.values["client_secret"]
        else:
            good = asked.headers.get("authorization") == f"Bearer {self._token}"
        return None if good else Reply(401, self.error(401))

    def error(self, status: int) -> Any:
        return {"message": f"Status {status}", "status": status}

    @route("POST /authorization/v1/tokens")
    def token(self, asked: Asked) -> Reply:
        return Reply(200, {"access_token": self._token, "token_type": "Bearer", "expires_in": 28800})

    @route(f"POST /rest/incidents/{ORG}")
    def launch(self, asked: Asked) -> Reply:
        template = asked.json["incidentPhases"][0]["phaseTemplate"]
        if template["templateId"] != TEMPLATE:
            return Reply(400, {"message": "Invalid template id.", "status": 400})
        number = 3004419817920001 + len(self.incidents)
        self.incidents[number] = {
            "id": number, "name": asked.json["name"], "incidentStatus": "Open", "createdDate": self.now_ms(),
            "notificationIds": [number + 10_000], "form": template["formTemplate"],
            "contacts": template["broadcastTemplate"]["broadcastContacts"]["externalIds"],
        }  # fmt: skip
        return Reply(200, {"message": "OK", "id": number})

    @route(f"POST /rest/incidents/{ORG}/preview")
    def preview(self, asked: Asked) -> Reply:
        if asked.json["incidentPhases"][0]["phaseTemplate"]["templateId"] != TEMPLATE:
            return Reply(400, {"message": "Invalid template id.", "status": 400})
        return Reply(200, {"message": "OK", "id": 0})

    @route(f"GET /rest/incidents/{ORG}")
    def listed(self, asked: Asked) -> Reply:
        since = int(asked.query.get("startTime", 0))
        found = [each for each in self.incidents.values() if each["createdDate"] >= since]
        return Reply(200, {"message": "OK", "nextPageUri": None, "page": {"data": found, "totalCount": len(found)}})

    @route(f"GET /rest/incidents/{ORG}/{{id}}")
    def incident(self, asked: Asked) -> Reply:
        found = self.incidents.get(int(asked.slots["id"]))
        return Reply(200, {"message": "OK", "result": found}) if found else Reply(404, self.error(404))

    @route(f"PUT /rest/incidents/{ORG}/{{id}}")
    def update(self, asked: Asked) -> Reply:
        found = self.incidents.get(int(asked.slots["id"]))
        if found is None:
            return Reply(404, self.error(404))
        if found["incidentStatus"] == "Closed":
            return Reply(400, {"message": "Incident is closed.", "status": 400})
        found["incidentStatus"] = "Closed"
        return Reply(200, {"message": "OK", "id": found["id"]})

    @route(f"GET /rest/notificationReports/{ORG}/{{id}}")
    def report(self, asked: Asked) -> Reply:
        number = int(asked.slots["id"])
        incident = next((each for each in self.incidents.values() if number in each["notificationIds"]), None)
        if incident is None:
            return Reply(404, self.error(404))
        confirmed = self.confirmed.get(number, [])
        rows = [
            {"externalId": contact, "contactStatus": "CONFIRMED" if contact in confirmed else "NOTCONFIRMED"}
            for contact in incident["contacts"]
        ]
        return Reply(200, {"message": "OK", "page": {"data": rows}})
