"""Catalog ids as people say them: `sam` is Sam Reilly, `role.incident_commander` the incident commander."""

from __future__ import annotations

from mayday.domain.incident import Pending
from mayday.domain.plain_words import spoken
from mayday.domain.timeline import Entry, timestamp
from mayday.domain.timeline_words import sentence
from mayday.language.catalog import Catalog
from mayday.language.naming import naming_of

__all__ = ["Names"]


class Names:
    """Built once a page from the catalog of the moment."""

    def __init__(self, catalog: Catalog) -> None:
        self._naming = naming_of(catalog)

    @property
    def people(self) -> dict[str, str]:
        """Everybody of the catalog: id and name, in the order of names."""
        return dict(sorted(self._naming.people.items(), key=lambda item: item[1]))

    def person(self, ref: str | None) -> str:
        """A person or any other reference, in words."""
        if ref is None:
            return "nobody"
        return self._naming.of(ref)

    def vendor(self, vendor: str) -> str:
        return self._naming.vendors.get(vendor, spoken(vendor))

    def service(self, service: str) -> str:
        return self._naming.services.get(service, spoken(service))

    def text(self, words: str) -> str:
        """A sentence with its references in words."""
        return self._naming.text(words)

    def then(self, words: str) -> str:
        """What happens to something that gets no answer."""
        return self._naming.then(words)

    def waiting(self, item: Pending) -> str:
        """What waits, in words."""
        return self._naming.waiting(item.kind, item.text, item.for_)

    def entry(self, entry: Entry) -> str:
        """An entry's sentence, with names for ids; its moments are written so that the page shows them in its zone."""
        return sentence(entry.kind, entry.actor, entry.step, entry.data, naming=self._naming, moment=timestamp)
