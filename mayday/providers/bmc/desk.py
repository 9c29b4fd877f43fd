"""Tickets in BMC Helix ITSM (Remedy). Our key stands in `Vendor Ticket Number`; notes are internal work information.

BMC sends no callback: `state` is for who asks now and then.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import structlog

from mayday.domain.errors import Ambiguous, Refused
from mayday.domain.ports import (
    ChildTicket,
    TicketClosing,
    TicketKind,
    TicketOrder,
    TicketRef,
    TicketReopening,
    WorkNote,
)
from mayday.providers.bmc.forms import NAME, Forms, Values
from mayday.providers.child_tickets import MOST_CHILDREN, proposal
from mayday.providers.receipts import Receipts
from mayday.providers.ticket_echo import note_mark
from mayday.providers.vendor_words import cut, one_line, short_key

log = structlog.get_logger(__name__)

#: characters of the summary, of the notes below it, of the key's field (field properties of HPD:Help Desk)
SUMMARY, TEXT, KEY = 100, 32_000, 60
IMPACT = {"SEV1": "1-Extensive/Widespread", "SEV2": "2-Significant/Large", "SEV3": "3-Moderate/Limited"}
URGENCY = {"SEV1": "1-Critical", "SEV2": "2-High", "SEV3": "3-Medium"}
_LEAST_IMPACT, _LEAST_URGENCY = "4-Minor/Localized", "4-Low"
_TICKET, _NOTE = "ticket", "note"
_CLOSING_REASON = 255
#: relations between tickets, and the fields of the major one and of its child
_RELATIONS, _MAJOR, _CHILD = "HPD:Associations", "Request ID01", "Request ID02"
_IMPLEMENTING = "Implementation In Progress"


class Form(NamedTuple):
    """Where a kind of ticket is made and found; `notes` is the form of its work information, `made_as` how the form
    that makes it calls the number, where it does otherwise."""

    create: str
    entry: str
    number: str
    key: str
    notes: str
    over: frozenset[str]
    closed: str
    made_as: str = ""


#: a follow-up action is a work order. Its form has no field for another system's number: our key stands in its
#: description, and its summary ends with a mark that can be searched for
FORMS: dict[TicketKind, Form] = {
    "incident": Form(
        "HPD:IncidentInterface_Create", "HPD:IncidentInterface", "Incident Number", "Vendor Ticket Number",
        "HPD:WorkLog", frozenset({"Resolved", "Closed", "Cancelled"}), "Resolved",
    ),
    "problem": Form(
        "PBM:ProblemInterface_Create", "PBM:ProblemInterface", "Problem Investigation ID", "Vendor Ticket Number",
        "PBM:Investigation WorkLog", frozenset({"Completed", "Closed", "Cancelled"}), "Completed",
    ),
    "change": Form(
        "CHG:ChangeInterface_Create", "CHG:ChangeInterface", "Infrastructure Change Id", "Vendor Ticket Number",
        "CHG:WorkLog", frozenset({"Completed", "Closed", "Cancelled"}), "Completed",
    ),
    "action": Form(
        "WOI:WorkOrderInterface_Create", "WOI:WorkOrderInterface", "Work Order ID", "Summary", "WOI:WorkInfo",
        frozenset({"Completed", "Closed", "Cancelled", "Rejected"}), "Completed", made_as="WorkOrder_ID",
    ),
}  # fmt: skip
_BY_PREFIX: dict[str, TicketKind] = {"INC": "incident", "PBI": "problem", "CRQ": "change", "WO": "action"}
_PREFIX = re.compile(r"[A-Z]*")


class BmcDesk:
    """`more` are fields that the house demands, by kind of ticket; `first_name` and `last_name` are the customer's,
    `company` theirs: without it there are no work orders."""

    name = NAME

    def __init__(
        self, forms: Forms, receipts: Receipts, *, first_name: str, last_name: str,
        company: str = "", more: dict[str, dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        self._forms = forms
        self._receipts = receipts
        self._first_name, self._last_name, self._company = first_name, last_name, company
        self._more = more or {}

    async def open(self, order: TicketOrder) -> TicketRef:
        form = FORMS[order.kind]
        if order.kind == "action" and not self._company:
            said = f"{NAME} takes work orders for a company's customer only: MAYDAY_BMC_COMPANY names none"
            raise Refused(said, provider=NAME)
        if order.kind == "change" and order.number:
            await self._entry(order.number)
            return TicketRef(number=order.number)
        key = _key_of(order)

        async def look() -> Values | None:
            found = await self._forms.find(form.entry, form.key, key, form.number)
            return {"number": str(found[form.number])} if found and found.get(form.number) else None

        async def act() -> Values:
            number_as = form.made_as or form.number
            answer = await self._forms.create(form.create, {**self._values(order), form.key: key}, number_as)
            number = answer.text_at("values", number_as)
            if number is None:
                raise Ambiguous(f"{NAME} answered without the number", provider=NAME)
            return {"number": number}

        done = await self._receipts.once(
            _TICKET, order.effect_key, order.incident.id, look=look, act=act, look_first=True
        )
        return TicketRef(number=done["number"])

    async def note(self, note: WorkNote) -> None:
        """Work information that only the support staff sees; its summary is a mark that can be looked for."""
        form = FORMS[_kind(note.ticket)]
        mark = note_mark(note.effect_key)

        async def look() -> Values | None:
            found = await self._forms.find(form.notes, "Description", mark, form.number)
            return {"mark": mark} if found and str(found.get(form.number)) == note.ticket else None

        async def act() -> Values:
            await self._entry(note.ticket)  # a note for a number that is not there would be taken
            await self._forms.create(form.notes, {
                form.number: note.ticket, "Description": mark,
                "Detailed Description": f"{cut(note.text, TEXT)}\n{mark}",
                "Work Log Type": "General Information", "View Access": "Internal", "Secure Work Log": "No",
            }, form.number)  # fmt: skip
            return {"mark": mark}

        await self._receipts.once(_NOTE, note.effect_key, note.incident_id, look=look, act=act)

    async def close(self, closing: TicketClosing) -> None:
        """Resolve the ticket. One that is over stays as it is."""
        form = FORMS[_kind(closing.ticket)]
        entry = await self._entry(closing.ticket)
        if str(entry.get("Status")) in form.over:
            return
        reason = one_line(closing.reason or "resolved by mayday", _CLOSING_REASON)
        values = {"Status": form.closed, "Resolution": reason, "Status_Reason": "No Further Action Required"}
        if form.entry != "HPD:IncidentInterface":
            values = {"Status": form.closed}
        await self._forms.change(form.entry, str(entry["Request ID"]), values)

    async def reopen(self, again: TicketReopening) -> bool:
        """Assign a resolved incident again. What is closed or cancelled stays so on this form, and is refused."""
        form = FORMS[_kind(again.ticket)]
        entry = await self._entry(again.ticket)
        status = str(entry.get("Status"))
        if status not in form.over:
            return False
        if form is not FORMS["incident"] or status != form.closed:
            raise Refused(f"{NAME} keeps {again.ticket} as it is: {status}", provider=NAME)
        await self._forms.change(form.entry, str(entry["Request ID"]), {"Status": "Assigned"})
        await self.note(WorkNote(
            effect_key=f"{again.effect_key}/reason", incident_id=again.incident_id, ticket=again.ticket,
            text=again.reason,
        ))  # fmt: skip
        return True

    async def adopt(self, child: ChildTicket) -> None:
        """A relation of the form that the console's relationships are kept in."""
        if (_kind(child.ticket), _kind(child.child)) != ("incident", "incident") or child.ticket == child.child:
            raise Refused(f"{NAME}: {child.child} cannot be a child of {child.ticket}", provider=NAME)
        await self._entry(child.ticket)
        await self._entry(child.child)

        async def look() -> Values | None:
            known = await self._forms.all(_RELATIONS, _MAJOR, child.ticket, _CHILD, MOST_CHILDREN)
            return {"child": child.child} if any(str(each.get(_CHILD)) == child.child for each in known) else None

        async def act() -> Values:
            await self._forms.create(_RELATIONS, {
                _MAJOR: child.ticket, _CHILD: child.child, "Form Name01": "HPD:Help Desk",
                "Form Name02": "HPD:Help Desk", "Association Type01": "Related to", "Lookup Keyword": "MAINHELPDESK",
                "Request Description01": f"child of the major incident {child.ticket}",
            }, _CHILD)  # fmt: skip
            return {"child": child.child}

        await self._receipts.once("child", child.effect_key, child.incident_id, look=look, act=act, look_first=True)

    async def propose_closing(self, closing: TicketClosing) -> list[str]:
        told = []
        for relation in await self._forms.all(_RELATIONS, _MAJOR, closing.ticket, _CHILD, MOST_CHILDREN):
            number = str(relation.get(_CHILD))
            if not number.upper().startswith("INC") or (await self.state(number))[1]:
                continue
            told.append(number)
            await self.note(proposal(closing, number))
        return told

    async def state(self, ticket: str) -> tuple[str, bool]:
        """The ticket's status by name, and whether it is over."""
        status = str((await self._entry(ticket)).get("Status"))
        return status, status in FORMS[_kind(ticket)].over

    async def implement(self, number: str) -> None:
        """Take a change to its implementation. Its approvals are signatures of people: ours stands in its work
        information, and a server that wants more says so."""
        form = FORMS["change"]
        if _kind(number) != "change":
            raise Refused(f"{NAME}: {number} is no change", provider=NAME)
        entry = await self._entry(number)
        status = str(entry.get("Status"))
        if status in form.over:
            raise Refused(f"{NAME}: {number} is over already ({status})", provider=NAME)
        if status != _IMPLEMENTING:
            await self._forms.change(form.entry, str(entry["Request ID"]), {"Status": _IMPLEMENTING})

    def _values(self, order: TicketOrder) -> Values:
        told = "\n".join(f"{name}: {value}" for name, value in order.fields.items() if value)
        text = "\n\n".join(part for part in (order.description, told, order.incident.id) if part)
        if order.kind == "action":
            return {**self._work_order(order, text), **self._more.get(order.kind, {})}
        severity = order.incident.severity
        values = {
            "First_Name": self._first_name, "Last_Name": self._last_name,
            "Description": one_line(order.summary, SUMMARY), "Detailed_Decription": cut(text, TEXT),
            "Impact": IMPACT.get(severity, _LEAST_IMPACT), "Urgency": URGENCY.get(severity, _LEAST_URGENCY),
        }  # fmt: skip
        if order.kind == "incident":
            values |= {
                "Status": "New", "Reported Source": "Systems Management", "Service_Type": "Infrastructure Event",
            }  # fmt: skip
        elif order.kind == "problem":
            values |= {"Status": "Draft", "Investigation Driver": "High Impact Incident"}
        else:
            values |= {"Status": "Draft", "Class": "Emergency", "Change Type": "Change", "Timing": "Emergency"}
        return {**values, **self._more.get(order.kind, {})}

    def _work_order(self, order: TicketOrder, text: str) -> Values:
        """The fields that the form demands (BMC's knowledge article "How to create a new Work Order through Rest
        API"). Who owns the action and until when stands in the text: assignees are known there by group and login."""
        ours = f"{order.effect_key}\n{note_mark(order.effect_key)}"  # a flow that posts it back is known as ours
        return {
            "z1D_Action": "CREATE", "Status": "Assigned", "First Name": self._first_name, "Last Name": self._last_name,
            "Customer First Name": self._first_name, "Customer Last Name": self._last_name, "Company": self._company,
            "Customer Company": self._company, "Location Company": self._company,
            "Detailed Description": f"{cut(text, TEXT)}\n\n{ours}",
        }  # fmt: skip

    async def _entry(self, number: str) -> Values:
        """`Request ID` and `Status` of a ticket. Raises Refused for one that is not there."""
        form = FORMS[_kind(number)]
        found = await self._forms.find(form.entry, form.number, number, "Request ID,Status")
        if found is None:
            raise Refused(f"{NAME} has no ticket {number[:60]}", provider=NAME)
        return found


def _key_of(order: TicketOrder) -> str:
    """What the form's key field holds, and is looked for."""
    if order.kind == "action":
        mark = note_mark(order.effect_key)
        return f"{one_line(order.summary, SUMMARY - len(mark) - 1)} {mark}"
    return short_key(order.effect_key.replace('"', "'"), KEY)


def _kind(number: str) -> TicketKind:
    """By the number's prefix. Raises Refused for one that is none of BMC's."""
    prefix = _PREFIX.match(number.upper())
    kind = _BY_PREFIX.get(prefix[0]) if prefix else None
    if kind is None:
        raise Refused(f"{NAME} has no ticket {number[:60]}", provider=NAME)
    return kind
