"""Incidents, problems, changes and follow-ups (problem tasks) in ServiceNow. What mayday writes there is internal:
work notes, never comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from mayday.domain.errors import Ambiguous, Refused, Unauthorised
from mayday.domain.ports import (
    ChildTicket,
    TicketClosing,
    TicketKind,
    TicketOrder,
    TicketRef,
    TicketReopening,
    WorkNote,
)
from mayday.providers.child_tickets import MOST_CHILDREN, proposal
from mayday.providers.receipts import Receipts
from mayday.providers.servicenow.tables import (
    NAME,
    NamesOf,
    Row,
    Tables,
    Written,
    correlation_id,
    description,
    is_sys_id,
    journal_text,
    named,
    plain,
    summary,
)
from mayday.providers.ticket_echo import note_mark

log = structlog.get_logger(__name__)

TABLE_OF: dict[TicketKind, str] = {
    "incident": "incident", "problem": "problem", "change": "change_request", "action": "problem_task",
}  # fmt: skip
#: (impact, urgency), so that the platform's own look-up gives the priority of PROCESS.md "Severity": 1 is high
MATRIX = {"SEV1": ("1", "1"), "SEV2": ("1", "2"), "SEV3": ("2", "2"), "SEV4": ("2", "3"), "SEV5": ("3", "3")}
#: the state that closing sets, and the states in which a record is over already (values of a new instance)
CLOSED_BY = {"incident": "6", "problem": "106", "change_request": "3", "problem_task": "157"}
OVER = {
    "incident": {"6", "7", "8"}, "problem": {"106", "107"}, "change_request": {"0", "3", "4"},
    "problem_task": {"157"},
}  # fmt: skip
#: change_request.state of being carried out, and the states through which an emergency change gets there
_IN_PROGRESS = "2"
_IMPLEMENT, _EMERGENCY_WAY = "-1", ("-3", "-2", "-1")
#: the incident's field that points to what was opened for it
_LINK_OF: dict[TicketKind, str] = {"problem": "problem_id", "change": "rfc"}
#: our inputs -> fields of a change (change_request dictionary)
_CHANGE_FIELDS = {"plan": "implementation_plan", "backout": "backout_plan", "justification": "justification"}
#: inputs that say where the ticket comes from, and are written as text
_TOLD = ("severity", "service")
_TICKET, _NOTE = "ticket", "note"


class ServiceNowDesk:
    """`caller` and `group` are ids or names; `more` are fields that the house demands, by table."""

    name = NAME

    def __init__(
        self, tables: Tables, receipts: Receipts, names_of: NamesOf, *, caller: str | None = None,
        group: str | None = None, close_code: str = "Solution provided",
        more: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        self._tables = tables
        self._receipts = receipts
        self._names_of = names_of
        self._caller, self._group = caller, group
        self._close_code = close_code
        self._more = more or {}
        self._ids: dict[tuple[str, str], str] = {}

    async def open(self, order: TicketOrder) -> TicketRef:
        """Open a record, or find the one that this order opened before. `ignored` names what was not taken."""
        table = TABLE_OF[order.kind]
        if order.kind == "change" and order.number:
            return await self._known(order.number)
        key = correlation_id(order.effect_key)

        async def look() -> Row | None:
            found = await self._tables.find(table, "correlation_id", key)
            return None if found is None else {"number": plain(found["number"]), "sys_id": plain(found["sys_id"])}

        async def act() -> Row:
            fields, unknown = await self._fields(order)
            row, ignored = await self._create(table, {**fields, "correlation_id": key, "correlation_display": "mayday"})
            ignored = [*unknown, *ignored]
            if ignored:
                log.warning("fields_were_ignored", provider=NAME, table=table, fields=ignored)
            return {"number": plain(row["number"]), "sys_id": plain(row["sys_id"]), "ignored": ignored}

        done = await self._receipts.once(
            _TICKET, order.effect_key, order.incident.id, look=look, act=act, look_first=True
        )
        await self._link(order, done)
        return TicketRef(
            number=done["number"], url=self._tables.url_of(table, done["sys_id"]), id=done["sys_id"],
            ignored=done.get("ignored") or None,
        )  # fmt: skip

    async def note(self, note: WorkNote) -> None:
        """Write a work note, once: its last line is a mark that can be looked for."""
        table, sys_id = await self._record(note.ticket)
        mark = note_mark(note.effect_key)

        async def look() -> Row | None:
            return {"mark": mark} if mark in await self._tables.journal(table, sys_id) else None

        async def act() -> Row:
            await self._tables.update(table, sys_id, {"work_notes": f"{journal_text(note.text)}\n{mark}"})
            return {"mark": mark}

        await self._receipts.once(_NOTE, note.effect_key, note.incident_id, look=look, act=act)

    async def close(self, closing: TicketClosing) -> None:
        """Resolve the record. One that is over stays as it is."""
        table, sys_id = await self._record(closing.ticket)
        found = await self._tables.find(table, "sys_id", sys_id, "number,state")
        if found is None or plain(found.get("state")) in OVER.get(table, set()):
            return
        reason = journal_text(closing.reason or "resolved by mayday", 4_000)
        fields = {"state": CLOSED_BY.get(table, "3"), "close_code": self._close_code, "close_notes": reason}
        if table == "problem":
            fields = {"state": CLOSED_BY[table], "resolution_code": "fix_applied", "fix_notes": reason}
        elif table == "problem_task":
            fields = {"state": CLOSED_BY[table], "close_notes": reason}
        _, ignored = await self._tables.update(table, sys_id, fields)
        if "state" in ignored:
            said = f"{NAME} did not take the state: a rule of the table forbids it"
            raise Refused(said, provider=NAME)

    async def reopen(self, again: TicketReopening) -> bool:
        """Take a resolved incident back into work. One that is closed for good is read-only, and refused."""
        table, sys_id = await self._record(again.ticket)
        found = await self._tables.find(table, "sys_id", sys_id, "number,state")
        if found is None or plain(found.get("state")) not in OVER.get(table, set()):
            return False
        if table != "incident":
            raise Refused(f"{NAME}: {again.ticket} is no incident", provider=NAME)
        said = f"{journal_text(again.reason)}\n{note_mark(again.effect_key)}"
        written = await self._tables.update(table, sys_id, {"state": _IN_PROGRESS, "work_notes": said})
        if "state" in written.ignored:
            raise Refused(f"{NAME} keeps {again.ticket} closed: a rule of the table forbids it", provider=NAME)
        return True

    async def adopt(self, child: ChildTicket) -> None:
        """`parent_incident` of the child is the major one."""
        (table, major), (kind, sys_id) = await self._record(child.ticket), await self._record(child.child)
        if (table, kind) != ("incident", "incident") or major == sys_id:
            raise Refused(f"{NAME}: {child.child} cannot be a child of {child.ticket}", provider=NAME)
        _, ignored = await self._tables.update("incident", sys_id, {"parent_incident": major})
        if ignored:
            raise Refused(f"{NAME}: {child.child} does not take its parent", provider=NAME)

    async def propose_closing(self, closing: TicketClosing) -> list[str]:
        _, major = await self._record(closing.ticket)
        rows = await self._tables.rows(
            "incident", f"parent_incident={named(major)}", "sys_id,number,state,parent_incident",
            limit=str(MOST_CHILDREN),
        )  # fmt: skip
        told = []
        for row in rows:
            if plain(row.get("parent_incident")) != major or plain(row.get("state")) in OVER["incident"]:
                continue
            told.append(plain(row["number"]))
            await self.note(proposal(closing, told[-1]))
        return told

    async def state(self, ticket: str) -> tuple[str, bool]:
        """The record's state as the platform has it, and whether it is over."""
        table, sys_id = await self._record(ticket)
        found = await self._tables.find(table, "sys_id", sys_id, "number,state")
        if found is None:
            raise Refused(f"{NAME} has no ticket {ticket}", provider=NAME)
        state = plain(found.get("state"))
        return state, state in OVER.get(table, set())

    async def implement(self, number: str) -> None:
        """Approve a change and take it to Implement, by the way of emergency changes where a jump is not allowed."""
        table, sys_id = await self._record(number)
        if table != "change_request":
            raise Refused(f"{NAME}: {number} is no change", provider=NAME)
        found = await self._tables.find(table, "sys_id", sys_id, "number,state,approval") or {}
        state = plain(found.get("state"))
        if state in OVER[table]:
            raise Refused(f"{NAME}: {number} is over already", provider=NAME)
        if plain(found.get("approval")) != "approved":
            await self._tables.update(table, sys_id, {"approval": "approved"})
        for wanted in (_IMPLEMENT, *_EMERGENCY_WAY):
            if state == _IMPLEMENT:
                return
            try:
                written = await self._tables.update(table, sys_id, {"state": wanted})
            except (Refused, Unauthorised) as error:  # a rule of the instance aborts what is not on its way
                log.info("state_not_taken", provider=NAME, ticket=number, state=wanted, reason=str(error))
                continue
            state = plain(written.row.get("state"))
        if state != _IMPLEMENT:
            said = f"{NAME}: {number} does not go to Implement: its own approvals or rules hold it"
            raise Refused(said, provider=NAME)

    # ------------------------------------------------------------------------------------------------------------

    async def _fields(self, order: TicketOrder) -> tuple[dict[str, Any], list[str]]:
        """What the record is to hold, and the names of fields whose value the platform does not know."""
        inputs = {name: value for name, value in order.fields.items() if value not in (None, "")}
        told = [f"{name}: {inputs.pop(name)}" for name in _TOLD if name in inputs]
        group = str(inputs.pop("assignment_group", None) or self._group or "")
        text = "\n".join(part for part in (order.description, f"{order.incident.id}  {', '.join(told)}") if part)
        fields: dict[str, Any] = {"short_description": summary(order.summary), "description": description(text)}
        if order.kind == "change":
            fields |= {"type": "emergency"}
            for name, field in _CHANGE_FIELDS.items():
                if name in inputs:
                    fields[field] = journal_text(str(inputs.pop(name)), 4_000)
        elif order.kind == "action":
            if order.due_at is not None:
                fields["due_date"] = order.due_at.strftime("%Y-%m-%d %H:%M:%S")
        else:
            fields["impact"], fields["urgency"] = MATRIX.get(order.incident.severity, ("2", "2"))
        user = order.assignee.get("servicenow")
        named = {
            "problem": ("problem", "number", order.problem if order.kind == "action" else None),
            "assigned_to": ("sys_user", "user_name" if user else "email", user or order.assignee.get("email")),
            "caller_id": ("sys_user", "user_name", self._caller if order.kind == "incident" else None),
            "assignment_group": ("sys_user_group", "name", group or None),
        }
        unknown = []
        for field, (table, by, value) in named.items():
            if value and (sys_id := await self._id_of(table, by, value)) is None:
                unknown.append(field)
            elif value:
                fields[field] = sys_id
        for name in self._names_of(order.incident.service):  # where none is known, the description names it
            if (service := await self._id_of("cmdb_ci_service", "name", name)) is not None:
                fields["business_service" if order.kind == "incident" else "cmdb_ci"] = service
                break
        fields |= {name: journal_text(str(value), 4_000) for name, value in inputs.items()}
        return {**fields, **self._more.get(TABLE_OF[order.kind], {})}, unknown

    async def _create(self, table: str, fields: dict[str, Any]) -> Written:
        """A change by the Change API, which knows the emergency model; by its table where that API is not there."""
        if table != "change_request":
            return await self._tables.create(table, fields)
        sent = {name: value for name, value in fields.items() if name != "type"}
        answer = await self._tables.client.call(
            "POST", "/api/sn_chg_rest/v1/change/emergency", json=sent, accept=(404,)
        )
        if answer.status == 404:
            return await self._tables.create(table, fields)
        row = answer.at("result")
        if not isinstance(row, dict) or not plain(row.get("sys_id")):
            raise Ambiguous(f"{NAME} answered without the change", provider=NAME)
        told = answer.at("result", "__meta", "ignoredFields") or []
        unread = [name for name, value in sent.items() if name in row and plain(row[name]) != plain(value)]
        return Written(row, list(dict.fromkeys([*map(str, told), *unread])))

    async def _link(self, order: TicketOrder, done: Mapping[str, Any]) -> None:
        """The incident points to its problem or change. A link is a comfort: when it fails the ticket stands."""
        field = _LINK_OF.get(order.kind)
        if field is None or order.incident.ticket is None:
            return
        try:
            table, sys_id = await self._record(order.incident.ticket)
            await self._tables.update(table, sys_id, {field: done["sys_id"]})
        except (Refused, Unauthorised) as error:
            log.warning("ticket_not_linked", provider=NAME, ticket=order.incident.ticket, reason=str(error))

    async def _known(self, number: str) -> TicketRef:
        table, sys_id = await self._record(number)
        return TicketRef(number=number, url=self._tables.url_of(table, sys_id), id=sys_id)

    async def _record(self, number: str) -> tuple[str, str]:
        """Table and id of a number: `task` is the parent of all three tables."""
        found = await self._tables.find("task", "number", number, "sys_id,sys_class_name")
        if found is None:
            raise Refused(f"{NAME} has no ticket {number}", provider=NAME)
        return plain(found.get("sys_class_name")), plain(found["sys_id"])

    async def _id_of(self, table: str, field: str, value: str) -> str | None:
        """The id behind a name, remembered; None where nothing that we may read has that name."""
        if is_sys_id(value):
            return value
        if (table, value) not in self._ids:
            try:
                found = await self._tables.find(table, field, value, "sys_id")
            except (Refused, Unauthorised):
                return None
            if found is None:
                return None
            self._ids[table, value] = plain(found["sys_id"])
        return self._ids[table, value]
