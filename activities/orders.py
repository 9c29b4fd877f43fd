"""What one message asks of the ports, channel by channel: what is sent and what a preview shows are both made of these.

A mail has a subject; chat, text messages and calls have it as their first line; a status page names the incident once,
and its later words stand below that name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from activities.contacts import address_of, mail_addresses, people_among
from mayday.domain.effects import SendRequest
from mayday.domain.ports import Call, Mail, Pager, Post, StatusUpdate
from mayday.language.catalog import Catalog

__all__ = ["CORRECTION", "Mailing", "calls_of", "mailing", "people_of", "posts", "status_update"]

CORRECTION = "correction"
"""The purpose of a message that puts right what was sent."""


class Mailing(NamedTuple):
    """`mail` is None where nobody of the audience has an address; `missing` are those who have none."""

    mail: Mail | None
    missing: list[str]


def mailing(request: SendRequest, catalog: Catalog) -> Mailing:
    """One mail to all of the audience."""
    addresses, missing = mail_addresses(catalog, request.to)
    if not addresses:
        return Mailing(None, missing)
    mail = Mail(
        effect_key=f"{request.effect_key}/email", incident=request.incident, to=addresses, subject=request.subject,
        text=request.text,
    )  # fmt: skip
    return Mailing(mail, missing)


def posts(request: SendRequest) -> list[Post]:
    """To the channels that the audience names (`#status`), else to the incident's own."""
    named = [recipient.lstrip("#") for recipient in request.to if recipient.startswith("#")]
    channels: list[str | None] = [*named] or [None]
    return [
        Post(
            effect_key=f"{request.effect_key}/chat" + (f"/{channel}" if channel else ""), incident=request.incident,
            text=_with_subject(request), channel=channel, audience=request.audience,
        )
        for channel in channels
    ]  # fmt: skip


def status_update(request: SendRequest) -> StatusUpdate:
    """The words of a correction say that they are one: the name above them is the incident's, and stays."""
    corrects = request.purpose == CORRECTION
    return StatusUpdate(
        effect_key=f"{request.effect_key}/status_page", incident=request.incident,
        title=request.subject.removeprefix("Correction: ") if corrects else request.subject,
        text=f"Correction: {request.text}" if corrects else request.text, purpose=request.purpose,
    )  # fmt: skip


def people_of(request: SendRequest, catalog: Catalog) -> list[str]:
    """Whom a short message to each person goes to."""
    return people_among(catalog, request.to)


def calls_of(
    request: SendRequest, person: str, channel: str, pagers: Sequence[Pager], catalog: Catalog
) -> Iterator[tuple[Pager, Call]]:
    """The pagers that carry a short message to a person, one after the other; nobody has to acknowledge it."""
    for pager in pagers:
        address = address_of(person, catalog.people.get(person), channel, pager.name)
        if channel not in pager.channels or address is None:
            continue
        yield pager, Call(
            effect_key=f"{request.effect_key}/{person}/{channel}", incident=request.incident,
            page=f"audience:{request.audience}", purpose="notice", person=person, target=f"person.{person}",
            channel=channel, address=address, text=_with_subject(request), urgent=False,
        )  # fmt: skip


def _with_subject(request: SendRequest) -> str:
    return f"{request.subject}\n{request.text}" if request.subject else request.text
