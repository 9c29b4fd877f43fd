"""Tickets as issues of one project, in Jira or in Jira Service Management. Comments are internal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from mayday.domain.errors import Refused, Unauthorised
from mayday.domain.ports import (
    ChildTicket,
    TicketClosing,
    TicketKind,
    TicketOrder,
    TicketRef,
    TicketReopening,
    WorkNote,
)
from mayday.providers.child_tickets import proposal
from mayday.providers.jira.documents import NOTE, SUMMARY, document
from mayday.providers.jira.issues import Issue, Issues
from mayday.providers.receipts import Receipts
from mayday.providers.ticket_echo import note_mark
from mayday.providers.vendor_words import cut, one_line

log = structlog.get_logger(__name__)

NAME = "jira"
#: priorities of a new site; a project that has others ignores the field
PRIORITY = {"SEV1": "Highest", "SEV2": "High", "SEV3": "Medium", "SEV4": "Low", "SEV5": "Lowest"}
#: statuses of Jira Service Management's change workflow, and of others, in which a change is being carried out
IMPLEMENTING = ("Implementing", "Implementation", "In progress", "Work in progress")
#: statuses to which workflows take an issue back that had been done
REOPENED = ("Reopened", "In progress", "Work in progress", "Open")
_NEEDED = frozenset({"project", "issuetype", "summary"})
#: under which the catalog's `ids` may hold a person's Atlassian account
_ACCOUNTS = ("jira", "jsm", "atlassian")
_TICKET, _NOTE = "ticket", "note"


class JiraDesk:
    """`types` are the issue types by kind of ticket, `more` the fields that the house demands, by kind."""

    name = NAME

    def __init__(
        self, issues: Issues, receipts: Receipts, types: Mapping[TicketKind, str], *, resolution: str = "Done",
        more: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        self._issues = issues
        self._receipts = receipts
        self._types = types
        self._resolution = resolution
        self._more = more or {}

    async def open(self, order: TicketOrder) -> TicketRef:
        """Open an issue, or find the one that this order opened before. `ignored` names what was not taken."""
        if order.kind == "change" and order.number:
            known = await self._issues.get(order.number)
            return self._ref(Issue(known.text_at("key") or order.number, known.text_at("id") or "", []))

        async def look() -> dict[str, Any] | None:
            found = await self._issues.find(order.effect_key)
            return None if found is None else found._asdict()

        async def act() -> dict[str, Any]:
            fields = self._fields(order)
            made = await self._issues.create(order.effect_key, fields, _NEEDED)
            if made.ignored:
                log.warning("fields_were_ignored", provider=NAME, kind=order.kind, fields=made.ignored)
            return made._asdict()

        done = await self._receipts.once(
            _TICKET, order.effect_key, order.incident.id, look=look, act=act, look_first=True
        )
        issue = Issue(**done)
        if order.kind != "incident" and order.incident.ticket:
            await self._link(order.incident.ticket, issue.key)
        return self._ref(issue)

    async def note(self, note: WorkNote) -> None:
        async def look() -> dict[str, Any] | None:
            found = await self._issues.commented(note.ticket, note.effect_key)
            return None if found is None else {"id": found}

        async def act() -> dict[str, Any]:
            text = f"{cut(note.text, NOTE)}\n{note_mark(note.effect_key)}"  # a webhook shows the text, not our property
            return {"id": await self._issues.comment(note.ticket, note.effect_key, text)}

        await self._receipts.once(_NOTE, note.effect_key, note.incident_id, look=look, act=act)

    async def close(self, closing: TicketClosing) -> None:
        """Say why and move the issue to a done status. One that is done stays as it is."""
        _, over = await self._issues.state(closing.ticket)
        if over:
            return
        if closing.reason:
            await self.note(WorkNote(
                effect_key=f"{closing.effect_key}/reason", incident_id=closing.incident_id, ticket=closing.ticket,
                text=closing.reason,
            ))  # fmt: skip
        await self._issues.finish(closing.ticket, self._resolution)

    async def reopen(self, again: TicketReopening) -> bool:
        """Say why and move the issue out of its done status. Raises Refused where the workflow offers no way."""
        _, over = await self._issues.state(again.ticket)
        if not over:
            return False
        await self._issues.begin(again.ticket, REOPENED, anew=True)
        await self.note(WorkNote(
            effect_key=f"{again.effect_key}/reason", incident_id=again.incident_id, ticket=again.ticket,
            text=again.reason,
        ))  # fmt: skip
        return True

    async def adopt(self, child: ChildTicket) -> None:
        """Both are linked; a label of the child names the major one, so that its children are found again."""
        await self._issues.get(child.ticket)
        await self._issues.mark_child(child.child, child.ticket)
        await self._link(child.ticket, child.child)

    async def propose_closing(self, closing: TicketClosing) -> list[str]:
        told = []
        for number in await self._issues.children(closing.ticket):
            _, over = await self._issues.state(number)  # the search lags behind
            if not over:
                told.append(number)
                await self.note(proposal(closing, number))
        return told

    async def state(self, ticket: str) -> tuple[str, bool]:
        """The issue's status by name, and whether it counts as done."""
        return await self._issues.state(ticket)

    async def implement(self, number: str) -> None:
        """Approve the change where our account is an approver, and take it to a status under way."""
        status, over = await self._issues.state(number)
        if over:
            raise Refused(f"{NAME}: {number} is over already ({status})", provider=NAME)
        await self._issues.approve(number)
        await self._issues.begin(number, IMPLEMENTING)

    def _fields(self, order: TicketOrder) -> dict[str, Any]:
        """Inputs that are fields of Jira go along as they are; all others are told in the description.

        Its last line is our key: webhooks of the issue show it, and so the issue is known as ours.
        """
        own = {name: value for name, value in order.fields.items() if name.startswith("customfield_")}
        told = [f"{name}: {value}" for name, value in order.fields.items() if name not in own and value]
        text = "\n".join(part for part in (order.description, "", *told, order.effect_key) if part is not None)
        action: dict[str, Any] = {}
        if order.due_at is not None:
            action["duedate"] = order.due_at.date().isoformat()
        if account := next((order.assignee[name] for name in _ACCOUNTS if name in order.assignee), None):
            action["assignee"] = {"accountId": account}
        return {
            "issuetype": {"name": self._types[order.kind]}, "summary": one_line(order.summary, SUMMARY),
            "description": document(text), "priority": {"name": PRIORITY.get(order.incident.severity, "High")},
            **action, **own, **self._more.get(order.kind, {}),
        }  # fmt: skip

    async def _link(self, ticket: str, other: str) -> None:
        """A link is a comfort: when it fails the ticket stands."""
        try:
            await self._issues.link(ticket, other)
        except (Refused, Unauthorised) as error:
            log.warning("ticket_not_linked", provider=NAME, ticket=ticket, reason=str(error))

    def _ref(self, issue: Issue) -> TicketRef:
        url = f"{self._issues.client.base_url}/browse/{issue.key}"
        return TicketRef(number=issue.key, url=url, id=issue.id or None, ignored=issue.ignored or None)
