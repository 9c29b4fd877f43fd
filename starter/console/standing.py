"""Where a visitor stands in an incident: what their own pieces of its page depend on.

Of two hundred who watch a night, a dozen are asked, hold a role or may steer; all others see the same, letter by
letter. So a piece is rendered once for each standing and not once for each person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mayday.domain.incident import Board
from starter.access import OWNER
from starter.console.visitor import Visitor
from starter.console.waiting import Said

__all__ = ["Standing", "Standings"]


class Standing(NamedTuple):
    """`person` only of whom the incident names; `lists` are those of the board's `may` that they are on."""

    person: str | None
    acts: bool
    decides: bool
    owner: bool
    lists: frozenset[str]


class Standings:
    """Of everybody at one moment; made once for all who look."""

    def __init__(self, board: Board | None, said: Said, on_call: Callable[[str], str | None]) -> None:
        self._lists: dict[str, set[str]] = {}
        self._named: set[str] = set()
        if board is None:
            return
        for what, actors in (board.may or {}).items():
            for actor in actors:
                self._lists.setdefault(actor, set()).add(what)
        for item in board.pending:
            self._named |= set(_texts([item.for_, item.detail]))
            for ref in item.for_:
                if ref.startswith("schedule."):
                    self._named |= {on_call(ref.removeprefix("schedule.")) or ""}
        for opened in said.opened.values():
            self._named |= set(_texts(opened.data.get("excluded")))

    def of(self, visitor: Visitor) -> Standing:
        person, lists = visitor.person, self._lists.get(visitor.principal.actor, set())
        return Standing(
            person if person in self._named else None, visitor.acts, visitor.decides,
            visitor.principal.actor == OWNER, frozenset(lists),
        )  # fmt: skip


def _texts(given: Any) -> Iterator[str]:
    """Every text in it, names of fields too."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        for name, value in given.items():
            yield str(name)
            yield from _texts(value)
    elif isinstance(given, list | tuple | set):
        for each in given:
            yield from _texts(each)
