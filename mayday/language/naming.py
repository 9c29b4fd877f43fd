"""What a catalog calls people, vendors and services, for the words of the timeline."""

from __future__ import annotations

from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import Naming
from mayday.language.catalog import Catalog

__all__ = ["naming_of"]


def naming_of(catalog: Catalog) -> Naming:
    """The catalog's names; what has none goes by its id, as people say it."""
    return Naming(
        people={person: entry.name for person, entry in catalog.people.items()},
        vendors={vendor: entry.name or spoken(vendor) for vendor, entry in catalog.vendors.items()},
        services={service: entry.name or spoken(service) for service, entry in catalog.services.items()},
    )
