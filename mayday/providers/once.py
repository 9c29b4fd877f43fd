"""Done once at a provider that knows no effect keys: written down before, looked for when there is doubt.

| what the store knows of the key | what happens |
| --- | --- |
| nothing | it is done; what came of it is written down |
| how it ended | that, and the provider is not asked |
| that it was begun | the provider is asked whether it is there; done only when it is not |
| the store does not answer | the same |

An answer that was lost on the way (Ambiguous) is looked for at once. For what nobody is woken by: a page that may have
rung is the pager's own business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from mayday.domain.errors import Ambiguous, ProviderError, Unreachable
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records

__all__ = ["Once"]

log = structlog.get_logger(__name__)

Act = Callable[[], Awaitable[dict[str, Any]]]
Look = Callable[[], Awaitable[dict[str, Any] | None]]


class Once:
    """Over the records store that all workers share."""

    def __init__(self, records: Records, provider: str) -> None:
        self._effects = records.desk.effects
        self._provider = provider

    async def do(self, effect_key: str, kind: str, incident_id: str, act: Act, look: Look) -> dict[str, Any]:
        """What came of it, now or before. `look` finds what a lost try did, or None. Raises ProviderErrors."""
        try:
            known = await self._effects.begin(effect_key, kind, incident_id)
        except RecordsUnavailable:
            known = {}
        if known:
            return known
        done = await look() if known is not None else None
        if done is None:
            try:
                done = await act()
            except Ambiguous as error:
                done = await self._found(look, error)
        await self.note(effect_key, done)
        return done

    async def note(self, effect_key: str, result: dict[str, Any]) -> None:
        """Write down what came of it. Without a store the next try looks."""
        try:
            await self._effects.finish(effect_key, result)
        except RecordsUnavailable as error:
            log.warning("effect_not_noted", provider=self._provider, reason=str(error))

    async def of_kind(self, incident_id: str, kind: str) -> dict[str, dict[str, Any]]:
        """What was done for an incident, by effect key. Raises Unreachable."""
        try:
            return await self._effects.of_kind(incident_id, kind)
        except RecordsUnavailable as error:
            raise Unreachable(f"the records store does not answer: {error}", provider=self._provider) from error

    async def _found(self, look: Look, lost: Ambiguous) -> dict[str, Any]:
        """Raises Unreachable, which is tried again, when it is not there or cannot be looked for: that try looks."""
        try:
            found = await look()
        except ProviderError:
            found = None
        if found is None:
            raise Unreachable(f"{lost}; it is not there yet", provider=self._provider) from lost
        return found
