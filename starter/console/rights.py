"""What one visitor may do on a page, and who may instead: read from the board, where the rules themselves put it.

The board of an incident or of a review lists who may send what (`mayday/walker/authority.py`, `Duty.hands` of a
review). A board that lists nothing (of an older worker, or stored by one) hides no button: the door and the rule still
say no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from starter.access import OWNER
from starter.console.names import Names
from starter.console.visitor import Visitor

__all__ = ["Rights"]

NAMED = 4


class Rights(NamedTuple):
    """`acts`: whether they may send anything at all."""

    may_by: Mapping[str, Sequence[str]] | None
    visitor: Visitor
    names: Names
    acts: bool

    @classmethod
    def of(
        cls, may_by: Mapping[str, Sequence[str]] | None, visitor: Visitor, names: Names, *, looking: Sequence[str] = ()
    ) -> Rights:
        """`looking`: persons who may only look here."""
        return cls(may_by, visitor, names, visitor.acts and visitor.person not in looking)

    def may(self, what: str) -> bool:
        """Whether this visitor would not be refused for who they are: `status`, or `complete:TASK` of one thing."""
        listed = self._listed(what)
        return self.acts and (listed is None or self.visitor.principal.actor in listed)

    def any(self, *whats: str) -> bool:
        return any(self.may(what) for what in whats)

    def people(self, what: str) -> dict[str, str]:
        """Of whom may, by id and name; nobody where everybody may."""
        listed = self._listed(what)
        return {one: self.names.person(one) for one in listed or () if one != OWNER}

    def who(self, what: str) -> str:
        """Who may instead, in words; empty where nobody can be named."""
        return _listed_in_words(self.people(what).values())

    def _listed(self, what: str) -> Sequence[str] | None:
        if self.may_by is None:
            return None
        found = self.may_by.get(what)
        return found if found is not None else self.may_by.get(what.partition(":")[0])


def _listed_in_words(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    shown, more = found[:NAMED], len(found) - NAMED
    if more > 0:
        return f"{', '.join(shown)} or {more} more"
    return " or ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
