"""Who somebody of a chat platform is to us: the person of the catalog with that id in `ids`."""

from __future__ import annotations

from datetime import datetime

from mayday.language.catalog import Catalog
from starter.access import Principal, level_of
from starter.problems import Problem

__all__ = ["principal_of"]


def principal_of(catalog: Catalog, platform: str, user: str, at: datetime) -> Principal:
    """The person behind a user's id; a 403 `Problem` that says what to add where nobody, or more than one, has it."""
    found = [name for name, person in catalog.people.items() if user and person.ids.get(platform) == user]
    if len(found) != 1:
        names = " and ".join(catalog.people[name].name for name in found)
        why = f"mayday cannot tell who you are: this account is that of {names}" if found else (
            "mayday does not know you here: nobody of the catalog has this account"
        )  # fmt: skip
        hint = f"whoever keeps the catalog gives one person ids: {{ {platform}: {user[:40]} }}"
        raise Problem(403, "not_in_catalog", why, hint=hint)
    return Principal(found[0], level_of(catalog, found[0], at), f"chat {platform} {user}")
