"""An instance of ServiceNow: tables with its bad habits, journals, the Change API, and a calendar of blackouts."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

Row = dict[str, Any]
TASK = {
    "sys_id", "number", "sys_class_name", "short_description", "description", "state", "correlation_id",
    "correlation_display", "assignment_group", "cmdb_ci", "business_service", "work_notes", "comments", "impact",
    "urgency", "priority", "close_code", "close_notes", "sys_created_on", "opened_at", "parent", "category",
}  # fmt: skip
FIELDS = {
    "incident": TASK | {"caller_id", "problem_id", "rfc", "parent_incident", "severity"},
    "problem": TASK | {"resolution_code", "fix_notes"},
    "change_request": TASK | {
        "type", "implementation_plan", "backout_plan", "justification", "start_date", "work_start", "approval",
    },
    "problem_task": TASK | {"problem", "assigned_to", "due_date"},
    "sys_user": {"sys_id", "user_name", "name", "email"}, "sys_user_group": {"sys_id", "name"},
    "cmdb_ci_service": {"sys_id", "name"}, "cmn_schedule": {"sys_id", "name", "sys_class_name"},
    "cmn_schedule_span": {"sys_id", "name", "schedule", "start_date_time", "end_date_time", "repeat_type"},
}  # fmt: skip
PREFIX = {"incident": "INC", "problem": "PRB", "change_request": "CHG", "problem_task": "PTASK"}
POINTS_TO = {
    "cmdb_ci": "cmdb_ci_service", "business_service": "cmdb_ci_service", "assignment_group": "sys_user_group",
    "caller_id": "sys_user", "assigned_to": "sys_user", "problem": "problem", "schedule": "cmn_schedule",
}  # fmt: skip
LENGTHS = {"short_description": 160, "description": 4000, "correlation_id": 100}


class ServiceNow(Double):
    name = "servicenow"
    values = {"username": "mayday", "password": "snow-secret-password", "caller": "mayday"}
    specs = {"/api/sn_chg_rest": "", "/oauth_token.do": "", "": "servicenow/servicenow-table.ballerina.openapi3.yaml"}

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, dict[str, Row]] = {table: {} for table in FIELDS}
        self.journals: dict[str, list[str]] = {}
        self.read_only: set[str] = set()
        """Fields that our account may not write: ignored, with a 2xx."""
        self.forbidden: set[str] = set()
        """Tables that it may not read."""
        self.has_change_api = True
        self.strict_changes = False
        """A change goes from state to state as the emergency model has it, with its approval; a jump is ignored."""
        self._numbers = 10_000
        self.put("sys_user", user_name="mayday", name="Mayday")
        self.put("sys_user_group", name="Payments")
        self.put("cmdb_ci_service", name="payments")

    # -- for tests
    def put(self, table: str, **fields: Any) -> Row:
        """A record that is there already."""
        self._numbers += 1
        row: Row = {"sys_id": md5(f"{table}{self._numbers}".encode(), usedforsecurity=False).hexdigest()}
        if table in PREFIX:
            row |= {"number": f"{PREFIX[table]}{self._numbers:07d}", "sys_class_name": table, "state": "1"}
            row["sys_created_on"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        row |= fields
        self.tables[table][row["sys_id"]] = row
        return row

    def records(self, table: str) -> list[Row]:
        return list(self.tables[table].values())

    def of_kind(self, kind: str) -> list[Row]:
        return self.records({"change": "change_request", "action": "problem_task"}.get(kind, kind))

    def notes(self, number: str) -> list[str]:
        [row] = [row for table in PREFIX for row in self.records(table) if row["number"] == number]
        return self.journals.get(row["sys_id"], [])

    # -- the vendor
    def refusal(self, asked: Asked) -> Reply | None:
        right = base64.b64encode(b"mayday:snow-secret-password").decode()
        if asked.headers.get("authorization") == f"Basic {right}":
            return None
        return _error(401, "User Not Authenticated", "Required to provide Auth information")

    def error(self, status: int) -> Any:
        return {"error": {"message": f"status {status}", "detail": "as told by the test"}, "status": "failure"}

    @route("GET /api/now/table/{table}")
    def listed(self, asked: Asked) -> Reply:
        table = asked.slots["table"]
        if table in self.forbidden:
            return _error(403, "Operation Failed", "ACL Exception")
        tables = list(PREFIX) if table == "task" else [table]
        known = TASK if table == "task" else FIELDS[table]
        wanted = self._filter(asked.query.get("sysparm_query", ""), known)
        rows = [row for name in tables for row in self.records(name) if wanted(row)]
        limit = int(asked.query.get("sysparm_limit", "10000"))
        return Reply(200, {"result": [self._shown(row, asked.query) for row in rows[:limit]]})

    @route("POST /api/now/table/{table}")
    def created(self, asked: Asked) -> Reply:
        table = asked.slots["table"]
        row = self.put(table)
        self._write(table, row, asked.json)
        location = {"Location": f"{self.url}/api/now/table/{table}/{row['sys_id']}"}
        return Reply(201, {"result": self._shown(row, asked.query)}, location)

    @route("GET /api/now/table/{table}/{sys_id}")
    def one(self, asked: Asked) -> Reply:
        row = self.tables[asked.slots["table"]].get(asked.slots["sys_id"])
        return Reply(200, {"result": self._shown(row, asked.query)}) if row else _missing()

    @route("PATCH /api/now/table/{table}/{sys_id}")
    def changed(self, asked: Asked) -> Reply:
        row = self.tables[asked.slots["table"]].get(asked.slots["sys_id"])
        if row is None:
            return _missing()
        self._write(asked.slots["table"], row, asked.json)
        return Reply(200, {"result": self._shown(row, asked.query)})

    @route("POST /api/sn_chg_rest/v1/change/emergency")
    def emergency(self, asked: Asked) -> Reply:
        if not self.has_change_api:
            return Reply(404, self.error(404))
        row = self.put("change_request", type="emergency", state="-5")
        ignored = self._write("change_request", row, asked.json)
        result: Row = {name: {"value": str(value), "display_value": str(value)} for name, value in row.items()}
        return Reply(200, {"result": {**result, "__meta": {"ignoredFields": sorted(ignored)}}})

    # -- how it works inside
    def _write(self, table: str, row: Row, fields: Row) -> set[str]:
        ignored = {name for name in fields if name not in FIELDS[table] or name in self.read_only}
        if (
            table == "change_request"
            and self.strict_changes
            and "state" in fields
            and not _is_next(row, fields["state"])
        ):
            ignored.add("state")
        for name, value in fields.items():
            if name in ignored:
                continue
            if name in ("work_notes", "comments"):
                self.journals.setdefault(row["sys_id"], []).append(str(value))
            else:
                row[name] = str(value)[: LENGTHS.get(name, 100_000)]
        return ignored

    def _shown(self, row: Row, query: dict[str, str]) -> Row:
        names = [name for name in query.get("sysparm_fields", "").split(",") if name] or list(row)
        shown = {name: self._value(row, name) for name in names}
        if "work_notes" in names and query.get("sysparm_display_value") == "true":
            notes = reversed(self.journals.get(row["sys_id"], []))
            shown["work_notes"] = "\n\n".join(f"2026-03-02 02:10:00 - Mayday (Work notes)\n{note}" for note in notes)
        return shown

    def _value(self, row: Row, name: str) -> Any:
        field, _, rest = name.partition(".")
        value = row.get(field, "")
        if rest and field in POINTS_TO:
            return self.tables[POINTS_TO[field]].get(str(value), {}).get(rest, "")
        return value

    def _filter(self, query: str, known: set[str]) -> Callable[[Row], bool]:
        """`a=1^ORb=2^c>=3` is (a or b) and c; a condition on an unknown field is left out, as the platform does."""
        groups: list[list[Callable[[Row], bool]]] = []
        for part in query.split("^"):
            either = part.startswith("OR") and not part.startswith("ORDERBY")
            found = re.fullmatch(r"([a-z_.]+)(>=|ISEMPTY|=|LIKE)(.*)", part.removeprefix("OR") if either else part)
            if not found or found[1].partition(".")[0] not in known:
                continue
            test = self._test(*found.groups())
            if either and groups:
                groups[-1].append(test)
            else:
                groups.append([test])
        return lambda row: all(any(test(row) for test in group) for group in groups)

    def _test(self, field: str, operator: str, value: str) -> Callable[[Row], bool]:
        def holds(row: Row) -> bool:
            own = str(self._value(row, field))
            return {"=": own == value, ">=": own >= value, "LIKE": value in own, "ISEMPTY": own == ""}[operator]

        return holds


def _is_next(row: Row, state: str) -> bool:
    """New -> Authorize -> (approved) Scheduled -> Implement."""
    ways = {"-5": "-3", "-3": "-2" if row.get("approval") == "approved" else None, "-2": "-1", "-1": "0"}
    return ways.get(str(row.get("state"))) == state


def _error(status: int, message: str, detail: str) -> Reply:
    return Reply(status, {"error": {"message": message, "detail": detail}, "status": "failure"})


def _missing() -> Reply:
    return _error(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
