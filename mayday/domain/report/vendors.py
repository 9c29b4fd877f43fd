"""Vendors against their contracts: response, pauses with their reasons, escalations, evidence of each breach."""

from __future__ import annotations

from collections.abc import Sequence

from mayday.domain.report.decisions import clock
from mayday.domain.report.model import VendorFact
from mayday.domain.report.reading import at, happened, moment, number, seconds, text
from mayday.domain.timeline import Entry

#: replies that end the response clock
ANSWERS = ("reply", "eta", "resolved")


def vendors(entries: Sequence[Entry]) -> list[VendorFact]:
    """One per engagement, in the order in which they began."""
    found: dict[str, VendorFact] = {}
    for entry in entries:
        vendor = text(entry.data.get("vendor"))
        if not vendor or not entry.kind.startswith("vendor_") or entry.kind.startswith("vendor_rca"):
            continue
        step = entry.step or vendor
        _read(found.setdefault(step, VendorFact(step=step, vendor=vendor)), entry)
    return list(found.values())


def when(value: object) -> str:
    found = moment(value)
    return f"{found:%Y-%m-%d %H:%M:%S}" if found else "-"


def _read(fact: VendorFact, entry: Entry) -> None:
    data = entry.data
    fact.case = text(data.get("case")) or fact.case
    fact.contract = text(data.get("contract")) or fact.contract
    fact.priority = text(data.get("priority")) or fact.priority
    if entry.kind == "vendor_engaged":
        fact.engaged_at = fact.engaged_at or at(entry)
    elif entry.kind == "vendor_contacted":
        fact.first_contact_at = fact.first_contact_at or at(entry)
    elif entry.kind == "vendor_contact_failed":
        fact.replies.append(f"{clock(entry)} not reached: {text(data.get('reason'))}")
    elif entry.kind == "vendor_replied":
        if fact.first_reply_at is None and data.get("reply") in ANSWERS:
            fact.first_reply_at = happened(entry)
            fact.response_s = seconds(fact.first_contact_at or fact.engaged_at, fact.first_reply_at)
        fact.replies.append(f"{happened(entry):%Y-%m-%d %H:%M:%S} {entry.text} (entered by {entry.by})")
    elif entry.kind == "vendor_clock_paused":
        fact.pauses.append(f"{clock(entry)} {text(data.get('reason')) or 'waiting on us'}")
    elif entry.kind == "vendor_clock_resumed":
        fact.paused_s += number(data.get("paused_s")) or 0
    elif entry.kind == "vendor_escalated":
        fact.escalations.append(f"{clock(entry)} {entry.said('level')}")
    elif entry.kind == "vendor_breached":
        limit = number(data.get("limit_s"))
        fact.breaches.append(
            f"{clock(entry)} {text(data.get('clock'))} promise of {text(data.get('contract'))} "
            f"({text(data.get('priority'))}): started {when(data.get('started_at'))}, due {when(data.get('due_at'))}"
            + (f", {limit // 60} minutes" if limit else "")
        )
    elif entry.kind == "vendor_update_missed":
        fact.breaches.append(f"{clock(entry)} an update every {number(data.get('every_s')) or 0} s was owed")
    elif entry.kind == "vendor_closed":
        fact.closed_at = at(entry)
