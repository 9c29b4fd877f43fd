"""The AR System's REST API of BMC Helix ITSM: a login, and forms whose entries have two ids."""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.server import Asked, Double, Reply, route

#: what makes a ticket -> (where it is found, its number's field, prefix, mandatory fields)
MAKES = {
    "HPD:IncidentInterface_Create": (
        "HPD:IncidentInterface", "Incident Number", "INC", ("First_Name", "Last_Name", "Service_Type", "Status"),
    ),
    "PBM:ProblemInterface_Create": (
        "PBM:ProblemInterface", "Problem Investigation ID", "PBI", ("Investigation Driver", "Status"),
    ),
    "CHG:ChangeInterface_Create": ("CHG:ChangeInterface", "Infrastructure Change Id", "CRQ", ("Class", "Status")),
    "WOI:WorkOrderInterface_Create": (
        "WOI:WorkOrderInterface", "Work Order ID", "WO",
        ("Customer First Name", "Customer Last Name", "Customer Company", "Location Company", "Summary", "z1D_Action"),
    ),
}  # fmt: skip
OF_KIND = {
    "incident": "HPD:IncidentInterface", "problem": "PBM:ProblemInterface", "change": "CHG:ChangeInterface",
    "action": "WOI:WorkOrderInterface",
}  # fmt: skip
#: forms that hold work information of tickets
NOTES = ("HPD:WorkLog", "PBM:Investigation WorkLog", "CHG:WorkLog", "WOI:WorkInfo")


class Bmc(Double):
    name = "bmc"
    values = {
        "username": "mayday", "password": "bmc-secret-password", "first_name": "Allen", "last_name": "Allbrook",
        "company": "Calbro Services",
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, dict[str, dict[str, Any]]] = {}
        """Form -> Request ID -> values."""
        self.logins = 0

    def expire(self) -> None:
        """The token that was handed out is no good any more."""
        self.logins += 100

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return list(self.entries.get(OF_KIND[kind], {}).values())

    def notes(self, number: str) -> list[str]:
        return [
            str(values["Detailed Description"]) for form in self.entries if form in NOTES
            for values in self.entries[form].values() if number in values.values()
        ]  # fmt: skip

    def refusal(self, asked: Asked) -> Reply | None:
        if asked.path == "/api/jwt/login" or asked.headers.get("authorization") == f"AR-JWT {self._token()}":
            return None
        return _error(401, 623, "Authentication failed", "Token has expired.")

    def error(self, status: int) -> Any:
        said = f"status {status}, as told by the test"
        return [{"messageType": "ERROR", "messageText": said, "messageAppendedText": "", "messageNumber": 1}]

    @route("POST /api/jwt/login")
    def login(self, asked: Asked) -> Reply:
        if asked.form != {"username": "mayday", "password": "bmc-secret-password"}:
            return _error(401, 623, "Authentication failed", "mayday")
        self.logins += 1
        return Reply(200, self._token().encode(), {"Content-Type": "text/plain"})

    @route("POST /api/arsys/v1/entry/{form}")
    def create(self, asked: Asked) -> Reply:
        form, values = asked.slots["form"], dict(asked.json["values"])
        if any(len(str(values.get(name, ""))) > 100 for name in ("Description", "Summary")):
            return _error(400, 306, "Value does not fall within the limits specified for the field", "Description")
        if form in MAKES:
            form, field, prefix, mandatory = MAKES[form]
            if missing := [name for name in mandatory if not values.get(name)]:
                said = "Required field (without a default) not specified"
                return _error(400, 9424, said, f"{asked.slots['form']} : {missing[0]}")
            values[field] = f"{prefix}{len(self.entries.get(form, {})) + 430:012d}"
            values |= {"WorkOrder_ID": values[field]} if prefix == "WO" else {}
        stored = self.entries.setdefault(form, {})
        request = f"{len(stored) + 527:015d}|{len(stored) + 527:015d}"
        stored[request] = {**values, "Request ID": request}
        wanted = re.fullmatch(r"values\((.*)\)", asked.query.get("fields", ""))
        names = wanted[1].split(",") if wanted else []
        return Reply(201, {"values": {name: stored[request].get(name) for name in names}})

    @route("GET /api/arsys/v1/entry/{form}")
    def listed(self, asked: Asked) -> Reply:
        wanted = re.fullmatch(r"'([^']+)'=\"([^\"]*)\"", asked.query["q"])
        assert wanted is not None, asked.query["q"]
        entries = [
            {"values": values} for values in self.entries.get(asked.slots["form"], {}).values()
            if str(values.get(wanted[1])) == wanted[2]
        ]  # fmt: skip
        return Reply(200, {"entries": entries[: int(asked.query.get("limit", "100"))]})

    @route("PUT /api/arsys/v1/entry/{form}/{id}")
    def change(self, asked: Asked) -> Reply:
        values = self.entries.get(asked.slots["form"], {}).get(asked.slots["id"])
        if values is None:
            return _error(404, 302, "Entry does not exist in database", "")
        values |= asked.json["values"]
        return Reply(204)

    def _token(self) -> str:
        return f"eyJhbGciOiJIUzI1NiJ9.token-{self.logins}"


def _error(status: int, number: int, text: str, appended: str) -> Reply:
    message = {"messageType": "ERROR", "messageText": text, "messageAppendedText": appended, "messageNumber": number}
    return Reply(status, [message])
