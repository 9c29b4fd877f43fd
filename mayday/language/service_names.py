"""Which service of the catalog somebody means who writes its name: a person at 3 a.m., or the label of an alert."""

from __future__ import annotations

import re
from difflib import get_close_matches

from mayday.language.catalog import Catalog

__all__ = ["service_named", "services_like"]

#: a part of a name, this long at least, says which service may be meant
SHORTEST_PART = 3
#: how much alike two names are of which one is taken for the other, mistyped (difflib's ratio)
ALIKE = 0.7
MOST_LIKE = 3


def service_named(catalog: Catalog, text: str) -> str:
    """The catalog's own spelling of a service, by its id or its name for people, or the text as it came."""
    if text in catalog.services:
        return text
    wanted = _spelled(text)
    by_id = next((name for name in catalog.services if _spelled(name) == wanted), None)
    return by_id or next(
        (name for name, entry in catalog.services.items() if _shown(entry.name) == wanted), text.strip()
    )


def services_like(catalog: Catalog, text: str) -> list[str]:
    """Services that somebody may have meant who wrote a name that the catalog does not have, the nearest first; none
    where it resembles nothing: then it is something that nobody has listed."""
    if service_named(catalog, text) in catalog.services:
        return []
    wanted = _spelled(text)
    spellings: dict[str, str] = {}
    for name, entry in catalog.services.items():
        for spelling in (_spelled(name), _shown(entry.name)):
            spellings.setdefault(spelling or name, name)
    near = get_close_matches(wanted, spellings, n=MOST_LIKE, cutoff=ALIKE)
    words = wanted.split("_")
    parts = [spelling for spelling in spellings if len(spelling) >= SHORTEST_PART and spelling in words]
    parts += [spelling for spelling in spellings if len(wanted) >= SHORTEST_PART and spelling.startswith(wanted)]
    return list(dict.fromkeys(spellings[spelling] for spelling in [*near, *parts]))[:MOST_LIKE]


def _shown(name: str | None) -> str | None:
    return _spelled(name) if name else None


def _spelled(text: str) -> str:
    """Without what people vary: capitals, and what stands between words."""
    return re.sub(r"[\s_\-/.]+", "_", text.strip().casefold())
