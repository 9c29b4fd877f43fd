"""Catalog ids as people say them: `sam` is Sam Reilly, `role.incident_commander` the incident commander."""

from __future__ import annotations

import re
from typing import Any

from mayday.domain.timeline import Entry
from mayday.domain.timeline_kinds import render
from mayday.language.catalog import Catalog
from starter.console.sheets import spoken

__all__ = ["Names"]

_PREFIXED = re.compile(r"\b(role|review|cadence|confirm|final):(?=[a-z])")
_REF = re.compile(r"\b(person|role|schedule|group|audience|vendor|service)\.([a-z0-9_]+)\b")
#: where `data` of an entry holds people
_PEOPLE = frozenset(
    {
        "people", "person", "to", "voters", "waiting", "stands_in", "on_behalf_of", "heard_by", "voter", "before",
        "owner", "paged", "was",
    }
)  # fmt: skip


class Names:
    """Built once a page from the catalog of the moment."""

    def __init__(self, catalog: Catalog) -> None:
        self._people = {person: entry.name for person, entry in catalog.people.items()}
        self._vendors = {vendor: entry.name or spoken(vendor) for vendor, entry in catalog.vendors.items()}
        self._services = {service: entry.name or spoken(service) for service, entry in catalog.services.items()}

    @property
    def people(self) -> dict[str, str]:
        """Everybody of the catalog: id and name, in the order of names."""
        return dict(sorted(self._people.items(), key=lambda item: item[1]))

    def person(self, ref: str | None) -> str:
        """A person or any other reference, in words."""
        if ref is None:
            return "nobody"
        kind, _, name = ref.partition(".")
        if not name:
            return self._people.get(ref, ref)
        if kind == "person":
            return self._people.get(name, name)
        return f"{spoken(name)} on call" if kind == "schedule" else spoken(name)

    def vendor(self, vendor: str) -> str:
        return self._vendors.get(vendor, spoken(vendor))

    def service(self, service: str) -> str:
        return self._services.get(service, spoken(service))

    def text(self, words: str) -> str:
        """A sentence with its references in words."""
        return _REF.sub(lambda found: self.person(found.group(0)), words)

    def entry(self, entry: Entry) -> str:
        """An entry's sentence, with names for ids."""
        data = {key: self._named(value) if key in _PEOPLE else value for key, value in entry.data.items()}
        if isinstance(data.get("votes"), dict):
            data["votes"] = {self.person(person): choice for person, choice in data["votes"].items()}
        if isinstance(data.get("vendor"), str):
            data["vendor"] = self.vendor(data["vendor"])
        return self.text(_PREFIXED.sub(r"\1 ", render(entry.kind, self.person(entry.actor), entry.step, data)))

    def _named(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._people.get(value, value)
        return [self._named(item) for item in value] if isinstance(value, list) else value
