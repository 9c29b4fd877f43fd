"""Opsgenie and JSM Operations: alerts by alias, requests that are carried out a moment later, who is on call."""

from __future__ import annotations

from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

CLOUD = "11111111-2222-4333-8444-555555555555"


class _Alerts(Double):
    """What both keep."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, dict[str, Any]] = {}
        self.oncalls: dict[str, list[str]] = {}
        self.strangers: set[str] = set()
        """Responders that it does not know: the order is taken and fails later."""

    def ringing(self) -> list[str]:
        return [each["alias"] for each in self.alerts.values() if each["status"] == "open" and not each["acknowledged"]]

    def acknowledge(self, alias: str, by: str = "raj@example.com") -> None:
        self._open_alert(alias).update(acknowledged=True, owner=by, report={"acknowledgedBy": by})

    def take(self, body: dict[str, Any]) -> Reply:
        known = not any(self.strangers & set(each.values()) for each in body.get("responders", []))
        found = self._open_alert(body["alias"])
        if known and found:
            found["count"] += 1
        elif known:
            number = f"alert-{len(self.alerts)}"
            self.alerts[number] = {
                **body,
                "id": number,
                "status": "open",
                "acknowledged": False,
                "count": 1,
                "owner": "",
            }
        request = f"request-{len(self.requests)}"
        status = "Created alert" if known else "Responder not found"
        self.requests[request] = {"isSuccess": known, "success": known, "status": status, "alias": body["alias"]}
        return Reply(202, {"result": "Request will be processed", "took": 0.1, "requestId": request})

    def _open_alert(self, alias: str) -> dict[str, Any]:
        return next((each for each in self.alerts.values() if each["alias"] == alias and each["status"] == "open"), {})

    def by_alias(self, alias: str) -> dict[str, Any]:
        return next((each for each in reversed(self.alerts.values()) if each["alias"] == alias), {})


class Opsgenie(_Alerts):
    name = "opsgenie"
    values = {"token": "genie-key-00000000"}
    specs = {"": "opsgenie/opsgenie-oas.swagger2.json"}

    def refusal(self, asked: Asked) -> Reply | None:
        good = asked.headers.get("authorization") == f"GenieKey {self.values['token']}"
        return None if good else Reply(401, self.error(401))

    def error(self, status: int) -> Any:
        return {"message": f"Status {status}", "took": 0.001, "requestId": "rId"}

    @route("POST /v2/alerts")
    def create(self, asked: Asked) -> Reply:
        return self.take(asked.json)

    @route("GET /v2/alerts")
    def listed(self, asked: Asked) -> Reply:
        return Reply(200, {"data": list(self.alerts.values())[: int(asked.query.get("limit", 20))]})

    @route("GET /v2/alerts/requests/{id}")
    def request(self, asked: Asked) -> Reply:
        found = self.requests.get(asked.slots["id"])
        return Reply(200, {"data": found}) if found else Reply(404, self.error(404))

    @route("GET /v2/alerts/{alias}")
    def alert(self, asked: Asked) -> Reply:
        found = self.by_alias(asked.slots["alias"])
        return Reply(200, {"data": found}) if found else Reply(404, self.error(404))

    @route("POST /v2/alerts/{alias}/close")
    def close(self, asked: Asked) -> Reply:
        self._open_alert(asked.slots["alias"]).update(status="closed")
        return Reply(202, {"result": "Request will be processed", "requestId": "close"})

    @route("GET /v2/schedules/{id}/on-calls")
    def on_call(self, asked: Asked) -> Reply:
        return Reply(200, {"data": {"onCallRecipients": self.oncalls.get(asked.slots["id"], [])}})


class Jsm(_Alerts):
    name = "jsm"
    values = {"token": "atlassian-api-token", "email": "ops@example.com", "cloud_id": CLOUD}
    specs = {f"/jsm/ops/api/{CLOUD}/v1/schedules": "", "": "atlassian/jsm-ops-alerts.transcribed.openapi3.json"}

    def refusal(self, asked: Asked) -> Reply | None:
        good = asked.headers.get("authorization") == "Basic b3BzQGV4YW1wbGUuY29tOmF0bGFzc2lhbi1hcGktdG9rZW4="
        return None if good else Reply(401, {"code": 401, "message": "Unauthorized"})

    def error(self, status: int) -> Any:
        return {"errors": [{"title": f"Status {status}", "code": str(status)}]}

    @route(f"POST /jsm/ops/api/{CLOUD}/v1/alerts")
    def create(self, asked: Asked) -> Reply:
        return self.take(asked.json)

    @route(f"GET /jsm/ops/api/{CLOUD}/v1/alerts")
    def listed(self, asked: Asked) -> Reply:
        return Reply(200, {"values": list(self.alerts.values()), "count": len(self.alerts)})

    @route(f"GET /jsm/ops/api/{CLOUD}/v1/alerts/requests/{{id}}")
    def request(self, asked: Asked) -> Reply:
        found = self.requests.get(asked.slots["id"])
        return Reply(200, found) if found else Reply(404, self.error(404))

    @route(f"GET /jsm/ops/api/{CLOUD}/v1/alerts/alias")
    def alert(self, asked: Asked) -> Reply:
        found = self.by_alias(asked.query["alias"])
        return Reply(200, found) if found else Reply(404, self.error(404))

    @route(f"POST /jsm/ops/api/{CLOUD}/v1/alerts/{{id}}/close")
    def close(self, asked: Asked) -> Reply:
        if asked.slots["id"] not in self.alerts:
            return Reply(404, self.error(404))
        self.alerts[asked.slots["id"]]["status"] = "closed"
        return Reply(202, {"result": "Request will be processed", "requestId": "close"})

    @route(f"GET /jsm/ops/api/{CLOUD}/v1/schedules")
    def schedules(self, asked: Asked) -> Reply:
        return Reply(200, {"values": [{"id": name} for name in self.oncalls]})

    @route(f"GET /jsm/ops/api/{CLOUD}/v1/schedules/{{id}}/on-calls")
    def on_call(self, asked: Asked) -> Reply:
        return Reply(200, {"onCallUsers": self.oncalls.get(asked.slots["id"], [])})


class JsmByKey(_Alerts):
    """The endpoint of integrations: a key as Opsgenie's, addresses as its below that of JSM."""

    values = {"key": "genie-key-of-jsm-0000"}
    specs = {"/jsm/ops/integration/v2/alerts/": "", "": "atlassian/jsm-ops-alerts.transcribed.openapi3.json"}
    name = "jsm"

    def refusal(self, asked: Asked) -> Reply | None:
        good = asked.headers.get("authorization") == f"GenieKey {self.values['key']}"
        return None if good else Reply(401, self.error(401))

    def error(self, status: int) -> Any:
        return {"message": f"Status {status}", "took": 0.001, "requestId": "rId"}

    @route("POST /jsm/ops/integration/v2/alerts")
    def create(self, asked: Asked) -> Reply:
        return self.take(asked.json)

    @route("GET /jsm/ops/integration/v2/alerts/requests/{id}")
    def request(self, asked: Asked) -> Reply:
        found = self.requests.get(asked.slots["id"])
        return Reply(200, {"data": found}) if found else Reply(404, self.error(404))

    @route("GET /jsm/ops/integration/v2/alerts/{alias}")
    def alert(self, asked: Asked) -> Reply:
        found = self.by_alias(asked.slots["alias"])
        return Reply(200, {"data": found}) if found else Reply(404, self.error(404))

    @route("POST /jsm/ops/integration/v2/alerts/{alias}/close")
    def close(self, asked: Asked) -> Reply:
        self._open_alert(asked.slots["alias"]).update(status="closed")
        return Reply(202, {"result": "Request will be processed", "requestId": "close"})
