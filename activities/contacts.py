"""Where the catalog says a person, an audience or a vendor can be reached."""

from __future__ import annotations

from collections.abc import Iterable

from mayday.language.catalog import Catalog, Person, VendorContact

#: what each channel needs of a person; push and chat find people by their id
_NEEDS = {"voice": "phone", "sms": "phone", "email": "email"}


def address_of(person_id: str, person: Person | None, channel: str, provider: str) -> str | None:
    """The person's address on a channel of a provider, or None: the next channel is tried."""
    if channel in _NEEDS:
        found: str | None = getattr(person, _NEEDS[channel]) if person else None
        return found
    return (person.ids.get(provider) if person else None) or person_id


def vendor_address(contact: VendorContact | None, channel: str) -> str | None:
    found: str | None = getattr(contact, _NEEDS.get(channel, "email")) if contact else None
    return found


def people_among(catalog: Catalog, recipients: Iterable[str]) -> list[str]:
    """Person ids of `person.X`, `group.X` and plain ids, each once, in order; addresses are left out."""
    found: list[str] = []
    for recipient in recipients:
        kind, _, name = recipient.partition(".")
        if kind == "group" and "@" not in recipient:
            found += catalog.groups.get(name, [])
        elif kind == "person" and "@" not in recipient:
            found.append(name)
        elif recipient in catalog.people:
            found.append(recipient)
    return list(dict.fromkeys(found))


def mail_addresses(catalog: Catalog, recipients: Iterable[str]) -> tuple[list[str], list[str]]:
    """Mail addresses of recipients, and the recipients who have none."""
    addresses: list[str] = []
    missing: list[str] = []
    for recipient in recipients:
        if "@" in recipient:
            addresses.append(recipient)
            continue
        people = people_among(catalog, [recipient])
        if not people and not recipient.startswith("#"):
            missing.append(recipient)
        for person in people:
            known = catalog.people.get(person)
            if known and known.email:
                addresses.append(known.email)
            else:
                missing.append(person)
    return list(dict.fromkeys(addresses)), missing
