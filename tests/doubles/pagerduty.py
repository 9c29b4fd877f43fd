"""PagerDuty: the Events API v2 and the part of the REST API that a pager needs, on one address."""

from __future__ import annotations

from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

ROUTING_KEY = "e93facc04764012d7bfb002500d5d1a6"
USERS = {"PT23IWX": "raj@example.com", "PLEE001": "lee@example.com"}


class PagerDuty(Double):
    """One service; incidents by id, each with its key and status."""

    name = "pagerduty"
    values = {
        "routing_key": ROUTING_KEY, "token": "u+pagerduty-token", "from_email": "ops@example.com", "service": "PWIXJZS",
    }  # fmt: skip
    specs = {"/v2": "pagerduty/events-v2.openapi3.json", "": "pagerduty/rest-v2.cut.openapi3.json"}

    contradicted = {"incident.body.details:": "the schema says object, the vendor's own example of this call a text"}

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, dict[str, Any]] = {}
        self.oncalls: list[dict[str, Any]] = []

    def given(self) -> dict[str, str]:
        return {**super().given(), "events_url": self.url}

    # -- what people do there
    def acknowledge(self, key: str, user: str = "PT23IWX") -> None:
        self._by_key(key).update(status="acknowledged", acknowledgements=[{"acknowledger": _user(user)}])

    def write_note(self, key: str, text: str, user: str = "PT23IWX") -> None:
        """Somebody writes a note on an incident."""
        incident = self._by_key(key)
        notes = incident.setdefault("notes", [])
        notes.append({
            "id": f"{incident['id']}N{len(notes)}", "content": text, "created_at": "2026-03-02T02:20:00Z",
            "user": {**_user(user), "summary": "Lee Chen"}, "channel": {"type": "web_ui"},
        })  # fmt: skip

    def ringing(self) -> list[str]:
        return [each["incident_key"] for each in self.incidents.values() if each["status"] == "triggered"]

    # -- the API
    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path == "/v2/enqueue":
            return None if asked.json.get("routing_key") == ROUTING_KEY else Reply(400, self.error(400))
        if asked.headers.get("authorization") != f"Token token={self.values['token']}":
            return Reply(401, self.error(401))
        return None

    def error(self, status: int) -> Any:
        return {"error": {"message": f"Status {status}", "code": 2000 + status % 100, "errors": ["it was told to"]}}

    @route("POST /v2/enqueue")
    def enqueue(self, asked: Asked) -> Reply:
        body = asked.json
        key = body.get("dedup_key") or f"made-{len(self.incidents)}"
        found = self._by_key(key)
        if body["event_action"] == "trigger" and found.get("status") in (None, "resolved"):
            self._open(key, body["payload"]["summary"], [])
        elif body["event_action"] == "resolve" and found:
            found["status"] = "resolved"
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    @route("POST /incidents")
    def create(self, asked: Asked) -> Reply:
        wanted = asked.json["incident"]
        if self._by_key(wanted["incident_key"]).get("status") in ("triggered", "acknowledged"):
            text = "Open incident with matching dedup key already exists on this service"
            return Reply(400, {"error": {"message": "Invalid Input Provided", "code": 2001, "errors": [text]}})
        made = self._open(wanted["incident_key"], wanted["title"], wanted.get("assignments", []))
        return Reply(201, {"incident": made})

    @route("GET /incidents")
    def listed(self, asked: Asked) -> Reply:
        key = asked.query.get("incident_key")
        found = [each for each in self.incidents.values() if key is None or each["incident_key"] == key]
        return Reply(200, {"incidents": found[::-1][: int(asked.query.get("limit", 25))], "more": False})

    @route("PUT /incidents/{id}")
    def change(self, asked: Asked) -> Reply:
        incident = self.incidents.get(asked.slots["id"])
        if incident is None:
            return Reply(404, self.error(404))
        incident.update(asked.json["incident"], last_status_change_by={"type": "service_reference", "id": "PWIXJZS"})
        return Reply(200, {"incident": incident})

    @route("GET /incidents/{id}/notes")
    def noted(self, asked: Asked) -> Reply:
        incident = self.incidents.get(asked.slots["id"])
        return Reply(404, self.error(404)) if incident is None else Reply(200, {"notes": incident.get("notes", [])})

    @route("GET /services/{id}")
    def service(self, asked: Asked) -> Reply:
        known = asked.slots["id"] == self.values["service"]
        return Reply(200, {"service": {"id": asked.slots["id"]}}) if known else Reply(404, self.error(404))

    @route("GET /oncalls")
    def on_call(self, asked: Asked) -> Reply:
        wanted = asked.query.get("schedule_ids[]")
        return Reply(200, {"oncalls": [each for each in self.oncalls if each["schedule"]["id"] == wanted]})

    def on_duty(self, schedule: str, user: str, start: str, end: str) -> None:
        self.oncalls.append({"schedule": {"id": schedule}, "user": _user(user), "start": start, "end": end})

    def _open(self, key: str, title: str, assignments: list[Any]) -> dict[str, Any]:
        number = f"PINC{len(self.incidents):03d}"
        self.incidents[number] = {
            "id": number, "type": "incident", "incident_key": key, "title": title, "status": "triggered",
            "assignments": assignments, "acknowledgements": [], "html_url": f"https://x.pagerduty.com/{number}",
        }  # fmt: skip
        return self.incidents[number]

    def _by_key(self, key: str) -> dict[str, Any]:
        return next((each for each in reversed(self.incidents.values()) if each["incident_key"] == key), {})


def _user(user: str) -> dict[str, str]:
    return {"id": user, "type": "user_reference", "email": USERS.get(user, "")}
