"""BMC Helix ITSM (Remedy): what a filter or flow of the house posts; BMC has no webhook of its own.

Fields are those of the REST API's forms (`Incident Number`, `Status`, `Vendor Ticket Number`, ...), plain or under
`values`. The token comes in a header or in the address; `X-Mayday-Signature: sha256=` + hex HMAC of the body where a
secret is shared. A record whose `Vendor Ticket Number` is the effect key of one of our calls (a work order's
`Detailed Description` holds it) is our own ticket: states
and work notes go onto the timeline. Another record is an alert until it is resolved, closed or cancelled. Where
nobody builds the flow, tickets are looked at now and then instead (`desk.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import OurCall, find_call, read_call
from mayday.providers.facts import alert, facts, fields, grade, scalar, title_of
from mayday.providers.inbound import (
    Callback,
    Delivery,
    Fetch,
    InboundSource,
    Malformed,
    fingerprint_of,
    instant,
    mapping,
    read_json,
)
from mayday.providers.signatures import check_own
from mayday.providers.ticket_echo import is_ours

__all__ = ["Bmc"]

_NUMBERS = ("Incident Number", "Problem Investigation ID", "Infrastructure Change Id", "Work Order ID")
_OVER = ("resolved", "closed", "cancelled", "completed", "rejected")
_NOTES = ("Detailed Description", "Work Log Details", "WorkLog Text")


class Bmc(InboundSource):
    """The inbound source `bmc`."""

    name = "bmc"
    title = "BMC Helix ITSM (Remedy)"
    settings = MappingProxyType({"own_users": "login names of our own integration: what they write is no news"})
    proof = "SECRET"
    sparse = True

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """The signature that the flow makes."""
        check_own(secrets, delivery.raw, delivery.headers)

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """One event a foreign record."""
        record = _record(delivery)
        return [] if _call(record) is not None else [_alert(record, delivery)]

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """States and work notes of our own tickets."""
        record = _record(delivery)
        call = _call(record)
        return [] if call is None else list(_written(record, call, delivery))


def _call(record: dict[str, Any]) -> OurCall | None:
    """The call that made the record. A work order holds our key in its description."""
    call = read_call(record.get("Vendor Ticket Number"))
    if call is None and record.get("Work Order ID"):
        return find_call(record.get("Detailed Description"))
    return call


def _record(delivery: Delivery) -> dict[str, Any]:
    body = mapping(read_json(delivery.raw), "body")
    record = {**body, **fields(body.get("values"))}
    if not _number(record):
        raise Malformed("Incident Number", "is missing")
    return record


def _number(record: dict[str, Any]) -> str:
    return next((text for name in _NUMBERS if (text := scalar(record.get(name)).strip())), "")


def _mark(record: dict[str, Any], delivery: Delivery) -> str:
    changed = scalar(record.get("Last Modified Date"))
    return f"{_number(record)}:{changed or fingerprint_of(delivery.raw.decode('utf-8', 'replace'))}"


def _alert(record: dict[str, Any], delivery: Delivery) -> AlertEvent:
    status, priority = scalar(record.get("Status")), scalar(record.get("Priority"))
    return alert(
        delivery,
        Bmc.name,
        key=_number(record),
        occurrence=_mark(record, delivery),
        state="resolved" if status.lower() in _OVER else "firing",
        title=title_of(record.get("Description"), record.get("Summary"), _number(record)),
        labels=facts(
            alertname=record.get("Description") or record.get("Summary"),
            service=record.get("ServiceCI") or record.get("HPD_CI"),
            severity=grade(priority),
            priority=priority,
            impact=record.get("Impact"),
            urgency=record.get("Urgency"),
            status=status,
            assigned_group=record.get("Assigned Group"),
            number=_number(record),
        ),
        annotations=facts(description=record.get("Detailed Decription") or record.get("Detailed Description")),
        started_at=_time(record, "Reported Date", "Submit Date"),
    )


def _written(record: dict[str, Any], call: OurCall, delivery: Delivery) -> Iterator[Callback]:
    number, mark = _number(record), _mark(record, delivery)
    person = scalar(record.get("Last Modified By"))
    if person in [name.strip() for name in delivery.options.get("own_users", "").split(",") if name.strip()]:
        return
    at = _time(record, "Last Modified Date")
    for name in _NOTES:
        text = scalar(record.get(name))
        if text and not is_ours(text):
            yield Callback(f"{mark}:{name}", "note", call, person, person, f"{number}: {text}", at)
    if status := scalar(record.get("Status")):
        words, over = f"{number}: state is {status}", status.lower() in _OVER
        yield Callback(f"{mark}:Status", "note", call, person, person, words, at, over=over)


def _time(record: dict[str, Any], *names: str) -> Any:
    """REST gives `2026-02-20T17:00:06.000+0000`; what a form shows to people cannot be read."""
    for name in names:
        try:
            return instant(record.get(name), name)
        except Malformed:
            continue
    return None
