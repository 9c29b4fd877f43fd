"""Four vendors at one address: a case API of a house's own, a service desk of Jira, an instance of ServiceNow."""

from __future__ import annotations

import base64
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

HTTP_TOKEN, JIRA_TOKEN, SNOW_TOKEN = "pallet-secret-token", "their-jira-secret", "their-snow-secret"
JIRA, SNOW = "atlassian/jsm-servicedesk.v3.openapi3.json", "servicenow/servicenow-table.ballerina.openapi3.yaml"
RULES = """
wms_co:
  {{ via: http, url: "{url}/api/cases", case: data.number, headers: {{ X-Customer: "4711" }},
    body: {{ title: "{{summary}}", urgency: "{{priority}}", tags: ["{{contract}}", "{{key}}"] }} }}
cloud_co: {{ via: jira, url: "{url}", username: us@example.com, service_desk: "4", request_type: "17" }}
dns_co: {{ via: servicenow, url: "{url}", username: us, fields: {{ category: outage }} }}
"""


class VendorCase(Double):
    name = "vendor_case"
    values = {"wms_co_token": HTTP_TOKEN, "cloud_co_token": JIRA_TOKEN, "dns_co_token": SNOW_TOKEN}

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, dict[str, Any]] = {}
        """Number -> what was said, by whichever way."""
        self._by_key: dict[str, str] = {}

    def given(self) -> dict[str, str]:
        return {"rules": RULES.format(url=self.url), **self.values}

    def refusal(self, asked: Asked) -> Reply | None:
        jira = base64.b64encode(f"us@example.com:{JIRA_TOKEN}".encode()).decode()
        snow = base64.b64encode(f"us:{SNOW_TOKEN}".encode()).decode()
        right = {"/api/cases": f"Bearer {HTTP_TOKEN}", "/rest": f"Basic {jira}", "/api/now": f"Basic {snow}"}
        wanted = next((value for path, value in right.items() if asked.path.startswith(path)), None)
        return None if asked.headers.get("authorization") == wanted else Reply(401, self.error(401))

    def _not_described(self, asked: Asked) -> Reply | None:
        """Two descriptions that both begin at the root."""
        self.specs = {"/api/cases": "", "": JIRA if asked.path.startswith("/rest") else SNOW}
        return super()._not_described(asked)

    @route("POST /api/cases")
    def open_http(self, asked: Asked) -> Reply:
        """Knows its callers' keys, as `Idempotency-Key` asks for."""
        assert asked.headers["x-customer"] == "4711"
        key = asked.headers["idempotency-key"]
        if key not in self._by_key:
            self._by_key[key] = self._opened(asked.json)
        return Reply(201, {"data": {"number": self._by_key[key]}})

    @route("POST /rest/servicedeskapi/request")
    def open_jira(self, asked: Asked) -> Reply:
        assert (asked.json["serviceDeskId"], asked.json["requestTypeId"]) == ("4", "17")
        return Reply(201, {"issueKey": self._opened(asked.json["requestFieldValues"])})

    @route("GET /rest/servicedeskapi/request")
    def search_jira(self, asked: Asked) -> Reply:
        found = [
            {"issueKey": number, "requestFieldValues": [{"fieldId": "description", "value": case["description"]}]}
            for number, case in self.cases.items() if asked.query["searchTerm"] in case.get("description", "")
        ]  # fmt: skip
        return Reply(200, {"values": found})

    @route("POST /api/now/table/{table}")
    def open_snow(self, asked: Asked) -> Reply:
        number = self._opened({**asked.json, "sys_id": "0" * 32})
        return Reply(201, {"result": {**self.cases[number], "number": number}})

    @route("GET /api/now/table/{table}")
    def search_snow(self, asked: Asked) -> Reply:
        wanted = asked.query["sysparm_query"].removeprefix("correlation_id=")
        rows = [{**case, "number": number} for number, case in self.cases.items() if "correlation_id" in case]
        return Reply(200, {"result": [row for row in rows if row["correlation_id"] == wanted]})

    def _opened(self, said: dict[str, Any]) -> str:
        number = f"CASE-{len(self.cases) + 1}"
        self.cases[number] = said
        return number
