"""Ticket desks that tell us nothing by themselves: what the starter asks them."""

from __future__ import annotations

from typing import Protocol

__all__ = ["WatchedDesk"]


class WatchedDesk(Protocol):
    """A ticket desk whose tickets are looked at now and then."""

    @property
    def name(self) -> str: ...

    async def state(self, ticket: str) -> tuple[str, bool]:
        """The ticket's state in the vendor's words, and whether it is over. Raises ProviderErrors: Refused for a
        number that the desk does not know."""
        ...
