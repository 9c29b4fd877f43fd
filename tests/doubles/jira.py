"""A site of Jira with one service project: its search lags behind when told to, its screens refuse fields."""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

TYPES = ("Incident", "Problem", "Change", "Task")


class Jira(Double):
    name = "jira"
    values = {"username": "mayday@example.com", "token": "jira-secret-token", "project": "PAY"}
    specs = {
        "/rest/api/3/mypermissions": "",  # our cut of the description leaves it out
        "/rest/servicedeskapi*": "atlassian/jsm-servicedesk.v3.openapi3.json",
        "": "atlassian/jira-platform.cut.openapi3.json",
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: set[str] = set()
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.links: list[tuple[str, str]] = []
        self.refused_fields: set[str] = set()
        self.approvals: dict[str, list[dict[str, Any]]] = {}
        """Of requests of a service project: issue -> approvals that our account is asked for."""
        self.unindexed: set[str] = set()
        """Issues that the search does not know yet."""

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        name = "Task" if kind == "action" else kind.capitalize()
        return [each for each in self.issues.values() if each["fields"]["issuetype"]["name"] == name]

    def notes(self, number: str) -> list[str]:
        return [text_of(each["body"]) for each in self.comments.get(number, [])]

    def refusal(self, asked: Asked) -> Reply | None:
        right = base64.b64encode(b"mayday@example.com:jira-secret-token").decode()
        if asked.headers.get("authorization") == f"Basic {right}":
            return None
        return Reply(401, {"errorMessages": ["Client must be authenticated to access this resource."]})

    def error(self, status: int) -> Any:
        return {"errorMessages": [f"status {status}, as told by the test"], "errors": {}}

    @route("GET /rest/api/3/mypermissions")
    def permissions(self, asked: Asked) -> Reply:
        wanted = asked.query["permissions"].split(",")
        return Reply(200, {"permissions": {
            each: {"key": each, "havePermission": each not in self.forbidden} for each in wanted
        }})  # fmt: skip

    @route("GET /rest/api/3/project/{key}")
    def project(self, asked: Asked) -> Reply:
        if asked.slots["key"] != "PAY":
            return Reply(404, self.error(404))
        return Reply(200, {"key": "PAY", "issueTypes": [{"name": name} for name in TYPES]})

    @route("POST /rest/api/3/issue")
    def create(self, asked: Asked) -> Reply:
        fields = asked.json["fields"]
        wrong = {name: f"Field '{name}' cannot be set." for name in fields if name in self.refused_fields}
        if fields["issuetype"]["name"] not in TYPES:
            wrong["issuetype"] = "The issue type selected is invalid."
        if len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            wrong["summary"] = "Summary must be less than 255 characters."
        if len(text_of(fields.get("description", {}))) > 32_767:
            wrong["description"] = "The entered text is too long."
        if wrong:
            return Reply(400, {"errorMessages": [], "errors": wrong})
        key = f"PAY-{len(self.issues) + 1}"
        self.issues[key] = {
            "id": str(10_000 + len(self.issues)), "key": key, "done": False, "status": "Open", "fields": fields,
            "properties": {each["key"]: each["value"] for each in asked.json.get("properties", [])},
        }  # fmt: skip
        return Reply(201, {"id": self.issues[key]["id"], "key": key, "self": f"{self.url}/rest/api/3/issue/{key}"})

    @route("POST /rest/api/3/search/jql")
    def search(self, asked: Asked) -> Reply:
        wanted = re.search(r'labels = "([^"]+)"', asked.json["jql"])
        assert wanted is not None
        found = [
            {
                "id": each["id"], "key": key, "properties": each["properties"],
                "fields": {"labels": each["fields"].get("labels", [])},
            } for key, each in self.issues.items()
            if wanted[1] in each["fields"].get("labels", []) and key not in self.unindexed
        ]  # fmt: skip
        return Reply(200, {"issues": found, "isLast": True})

    @route("PUT /rest/api/3/issue/{key}")
    def edit(self, asked: Asked) -> Reply:
        if asked.slots["key"] not in self.issues:
            return Reply(404, self.error(404))
        labels = self.issues[asked.slots["key"]]["fields"].setdefault("labels", [])
        labels += [each["add"] for each in asked.json["update"]["labels"] if each["add"] not in labels]
        return Reply(204)

    @route("GET /rest/api/3/issue/{key}")
    def get(self, asked: Asked) -> Reply:
        issue = self.issues.get(asked.slots["key"])
        if issue is None:
            return Reply(404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]})
        name, category = ("Resolved", "done") if issue["done"] else (issue["status"], "new")
        if not issue["done"] and name != "Open":
            category = "indeterminate"
        status = {"name": name, "statusCategory": {"key": category}}
        return Reply(200, {"id": issue["id"], "key": issue["key"], "fields": {"status": status}})

    @route("POST /rest/api/3/issue/{key}/comment")
    def comment(self, asked: Asked) -> Reply:
        if asked.slots["key"] not in self.issues:
            return Reply(404, self.error(404))
        comments = self.comments.setdefault(asked.slots["key"], [])
        comments.append({**asked.json, "id": str(20_000 + len(comments))})
        return Reply(201, comments[-1])

    @route("GET /rest/api/3/issue/{key}/comment")
    def commented(self, asked: Asked) -> Reply:
        if asked.slots["key"] not in self.issues:
            return Reply(404, self.error(404))
        return Reply(200, {"comments": list(reversed(self.comments.get(asked.slots["key"], [])))})

    @route("GET /rest/api/3/issue/{key}/transitions")
    def transitions(self, asked: Asked) -> Reply:
        return Reply(200, {"transitions": [
            {"id": "11", "name": "Pending", "to": {"name": "Pending", "statusCategory": {"key": "indeterminate"}}},
            {"id": "21", "name": "Go", "to": {"name": "Implementing", "statusCategory": {"key": "indeterminate"}}},
            {
                "id": "31", "name": "Resolve", "to": {"statusCategory": {"key": "done"}},
                "fields": {"resolution": {"required": True}},
            },
        ]})  # fmt: skip

    @route("POST /rest/api/3/issue/{key}/transitions")
    def move(self, asked: Asked) -> Reply:
        if asked.json["transition"]["id"] == "31" and "resolution" not in asked.json.get("fields", {}):
            return Reply(400, {"errors": {"resolution": "Resolution is required."}})
        issue, way = self.issues[asked.slots["key"]], asked.json["transition"]["id"]
        issue["done"] = way == "31"
        issue["status"] = {"11": "Pending", "21": "Implementing"}.get(way, "Resolved")
        return Reply(204)

    @route("GET /rest/servicedeskapi/request/{key}/approval")
    def asked_to_approve(self, asked: Asked) -> Reply:
        if asked.slots["key"] not in self.approvals:
            return Reply(404, {"errorMessage": "The request does not exist.", "i18nErrorMessage": {}})
        return Reply(200, {"values": self.approvals[asked.slots["key"]], "isLastPage": True})

    @route("POST /rest/servicedeskapi/request/{key}/approval/{id}")
    def approved(self, asked: Asked) -> Reply:
        for approval in self.approvals[asked.slots["key"]]:
            if approval["id"] == asked.slots["id"] and approval["canAnswerApproval"]:
                approval |= {"finalDecision": f"{asked.json['decision']}d", "canAnswerApproval": False}
                return Reply(200, approval)
        return Reply(403, self.error(403))

    @route("POST /rest/api/3/issueLink")
    def link(self, asked: Asked) -> Reply:
        self.links.append((asked.json["inwardIssue"]["key"], asked.json["outwardIssue"]["key"]))
        return Reply(201)


def text_of(node: Any) -> str:
    """The text of a document, one line a paragraph; AssertionError for what Jira would not take."""
    if not node:
        return ""
    assert node["type"] == "doc"
    assert node["version"] == 1
    lines = []
    for paragraph in node["content"]:
        texts = paragraph.get("content", [])
        assert all(each["type"] == "text" and each["text"] for each in texts)
        lines.append("".join(each["text"] for each in texts))
    return "\n".join(lines)
