"""What people did at a vendor with something that we made there, on its way to the incident as a command.

    a page acknowledged there   -> `ack` of that page, by the person of the catalog behind the vendor's user
    a page declined there       -> `decline`, by the person whom the call rang
    a ticket changed there      -> `note`
    a follow-up's ticket        -> `tell_action` of the review: closed there, the action is done
    a vendor's case changed     -> `vendor_reply`, which stops the contract's clocks

The vendor's user is found by the catalog's `ids`, else by mail address. When nobody of the catalog fits, an
acknowledgement counts for the person whom that call rang, with a note that says who it was; a note is entered by the
machine under the name that the vendor gives. `starter.couriers` keeps them until they are delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.commands import Ack, Answer, Command, Decline, Note, VendorReply
from mayday.domain.incident import Board
from mayday.domain.review import ReviewCommand
from mayday.domain.review.commands import ReviewNote, TellAction
from mayday.language.catalog import Catalog
from mayday.providers.calls import ACTION_STEP, REVIEW_STEP
from mayday.providers.inbound import Callback
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records
from mayday.signing import Signer
from starter.access import OWNER
from starter.decisions import Decisions
from starter.directory import Directory
from starter.gateway import CommandRefused, Gateway, NoSuchRun, NotAccepted
from starter.minting import command_id, review_workflow_id
from starter.problems import Problem

__all__ = ["Callbacks", "person_of"]

log = structlog.get_logger(__name__)

#: names under which the catalog's `ids` may hold a person's id of a source
ID_NAMES: dict[str, tuple[str, ...]] = {"opsgenie": ("opsgenie", "jsm"), "jira": ("jira", "jsm", "atlassian")}
LONGEST_NOTE = 4_000
OPEN_LOOKED_AT = 200
_NAMED = "vendors_name"


class Callbacks:
    """Delivers what vendors say of our own calls."""

    def __init__(
        self, decisions: Decisions, records: Records, directory: Directory, catalog: Callable[[], Catalog],
        gateway: Gateway, signer: Signer,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._signer = signer
        self._decisions = decisions
        self._records = records
        self._directory = directory
        self._catalog = catalog

    async def deliver(self, source: str, callback: Callback, received_at: datetime) -> dict[str, Any]:
        """What became of it. Raises `TemporalSilent` and `RecordsUnavailable`."""
        call = callback.call
        shown: dict[str, Any] = {"incident": call and call.incident_id, "kind": callback.kind}
        shown["step"] = call.step if call and call.step else None
        record = await self._record(source, callback)
        if record is None:
            return {**shown, "state": "ignored", "reason": "there is no such incident here"}
        shown["incident"] = record.id
        if callback.kind == "named":
            await self._named(source, callback, record)
            return {**shown, "state": "applied"}
        person = person_of(self._catalog(), source, callback.person)
        common: dict[str, Any] = {
            "id": command_id(f"webhook {source}", f"{record.id} {callback.id}"),
            "channel": source,
            "received_at": received_at,
        }
        if callback.kind == "decline":
            decliner = person or (call.person if call else None)
            if decliner is None or call is None or not call.step:
                return {**shown, "state": "ignored", "reason": "it does not say whose page was declined"}
            declined = Decline(**common, actor=decliner, target=call.step, reason=callback.text)
            return {**shown, **await self._send(record, declined)}
        if callback.kind == "ack":
            actor = person or (call.person if call else None)
            if actor is None or call is None or not call.step:
                return {**shown, "state": "ignored", "reason": "it does not say whose page was answered"}
            answer = await self._send(record, Ack(**common, actor=actor, page=call.step))
            if person is None and callback.person and answer["state"] == "applied":
                words = f"{callback.name or 'somebody'} {callback.text}, for {actor}: not among the catalog's ids"
                note = {**common, "id": f"{common['id']}-who"}
                await self._send(record, Note(**note, actor=OWNER, text=words))
            return {**shown, **answer}
        if call is not None and call.step.startswith(REVIEW_STEP):
            told = await self._tell_review(record, _for_review(callback, person, source, common))
            if (
                person is not None and told.get("code") == "not_yours"
            ):  # they do not write here: said of them, not by them
                common = {**common, "id": f"{common['id']}-said"}
                told = await self._tell_review(record, _for_review(callback, None, source, common))
            return {**shown, **told}
        return {**shown, **await self._send(record, _written(callback, person, source, common))}

    async def lane(self, source: str, callback: Callback) -> str:
        """What it is about: callbacks of one lane are delivered in the order in which they came."""
        if callback.call is not None:
            return callback.call.incident_id
        record = await self._record(source, callback)
        return record.id if record else f"{source} {callback.ref or callback.ticket or callback.meeting}"

    async def _record(self, source: str, callback: Callback) -> IncidentRecord | None:
        """The incident of our call, else the open one with that ticket or bridge, else that of the vendor's page."""
        incident = callback.call.incident_id if callback.call else None
        if incident is None and callback.ref:
            incident = await self._paged_in(source, callback.ref)
        if incident is not None:
            try:
                return await self._directory.find(incident)
            except Problem:
                return None
        if not callback.ticket and not callback.meeting:
            return None
        known = await self._records.incidents.find(open_only=True, limit=OPEN_LOOKED_AT)
        return next((each for each in known.items if each.board and _is_about(callback, each.board)), None)

    async def _named(self, source: str, callback: Callback, record: IncidentRecord) -> None:
        async def put(_: AsyncConnection) -> dict[str, Any]:
            return {"incident": record.id}

        await self._records.desk.effects.once(_name_key(source, callback.ref), _NAMED, record.id, put)

    async def _paged_in(self, source: str, ref: str) -> str | None:
        """The incident whose page the vendor has under this id of its own."""
        named = await self._records.desk.effects.get(_name_key(source, ref))
        if named is not None:
            return str(named["incident"])
        calls = await self._records.pager_calls.find(provider=source, ref=ref, limit=1)
        return calls[0].incident_id if calls else None

    async def _tell_review(self, record: IncidentRecord, command: ReviewCommand) -> dict[str, Any]:
        workflow_id, envelope = review_workflow_id(record.id), await self._signer.for_review(record.id, command)
        try:
            answer = await self._gateway.command(workflow_id, envelope)
        except NotAccepted:
            await self._gateway.signal_command(workflow_id, envelope)
            answer = Answer(state="pending")
        except (CommandRefused, NoSuchRun) as refused:
            reason = refused.reason if isinstance(refused, CommandRefused) else "the review has ended"
            log.info("callback_refused", incident=record.id, channel=command.channel, reason=reason)
            code = refused.code if isinstance(refused, CommandRefused) else "closed"
            return {"state": "refused", "reason": reason, "code": code}
        return {"state": answer.state}

    async def _send(self, record: IncidentRecord, command: Command) -> dict[str, Any]:
        try:
            decided = await self._decisions.send(record, command)
        except Problem as refused:
            log.info(
                "callback_refused", incident=record.id, channel=command.channel, code=refused.code,
                reason=refused.detail,
            )  # fmt: skip
            return {"state": "refused", "reason": refused.detail}
        return {"state": str(decided.body["state"])}


def _name_key(source: str, ref: str) -> str:
    return f"{source}/{_NAMED}/{ref}"


def _is_about(callback: Callback, board: Board) -> bool:
    if callback.meeting:
        return f"/{callback.meeting}" in (board.bridge or "").partition("?")[0]
    return bool(callback.ticket) and board.ticket == callback.ticket


def _for_review(callback: Callback, person: str | None, source: str, common: dict[str, Any]) -> ReviewCommand:
    """A ticket of the review changed: a follow-up's, or the problem record."""
    words = callback.text if person else f"{callback.name or 'somebody'} in {source}: {callback.text}"
    said: dict[str, Any] = {**common, "actor": person or OWNER, "text": words[:LONGEST_NOTE]}
    step = callback.call.step if callback.call else ""
    if step.startswith(ACTION_STEP):
        return TellAction(**said, action=step.removeprefix(ACTION_STEP), over=callback.over)
    return ReviewNote(**said)


def _written(callback: Callback, person: str | None, source: str, common: dict[str, Any]) -> Note | VendorReply:
    at = callback.at if callback.at is not None and callback.at <= common["received_at"] else None
    words = callback.text if person else f"{callback.name or 'somebody'} in {source}: {callback.text}"
    said: dict[str, Any] = {"actor": person or OWNER, "text": words[:LONGEST_NOTE], "occurred_at": at}
    if callback.call is not None and callback.call.case:
        return VendorReply(**common, **said, step=callback.call.step, reply="resolved" if callback.over else "reply")
    return Note(**common, **said)


def person_of(catalog: Catalog, source: str, known_as: str) -> str | None:
    """The person of the catalog whom a source knows under an id, a user name or a mail address."""
    wanted = known_as.strip().casefold()
    if not wanted:
        return None
    names = ID_NAMES.get(source, (source,))
    for name, person in catalog.people.items():
        if any(person.ids.get(each, "").casefold() == wanted for each in names):
            return name
    for name, person in catalog.people.items():
        if person.email and person.email.casefold() == wanted:
            return name
    return None
