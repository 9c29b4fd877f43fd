"""What vendors gave us, by effect key: the memory of adapters whose vendor has no idempotency key of its own.

    receipts = Receipts(records.desk, "zoom")
    done = await receipts.once(BRIDGE, order.effect_key, order.incident.id, look=..., act=...)

`once` answers from memory where the effect is known to have happened. Where it was begun and nobody knows how it ended
(a worker died, an answer was lost), `look` asks the vendor before `act` is tried again. The memory is the records
store; while that is silent every effect counts as begun, so that the vendor is asked each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.errors import Ambiguous, Broken, ProviderError
from mayday.records.desk import Desk
from mayday.records.errors import RecordsUnavailable

__all__ = ["LOOK_AFTER_S", "Receipts"]

log = structlog.get_logger(__name__)

Found = dict[str, Any]
Look = Callable[[], Awaitable[Found | None]]
Act = Callable[[], Awaitable[Found]]

#: after a lost answer the vendor is looked at so many seconds later, one pause after the other
LOOK_AFTER_S = (0.0, 1.0, 2.0)
_BEGUN = "begun"


class Receipts:
    """The receipts of one vendor. `look_after_s` are the pauses before each look that follows a lost answer."""

    look_after_s: ClassVar[Sequence[float]] = LOOK_AFTER_S

    def __init__(self, desk: Desk, provider: str) -> None:
        self._effects = desk.effects
        self._provider = provider

    async def once(
        self, kind: str, effect_key: str, incident_id: str | None, *, look: Look, act: Act, look_first: bool = False
    ) -> Found:
        """The effect's receipt: of before, found at the vendor, or of `act`.

        `look_first` asks the vendor even when nothing was begun here (another system may know the key).

        Raises:
            Broken: no answer came and the vendor shows no trace: the next try looks again before it acts.
            ProviderError: what `look` or `act` raised.
        """
        known = await self.of(kind, effect_key)
        if known is not None:
            return known
        begun_before = await self._begin(kind, effect_key, incident_id)
        found = await look() if begun_before or look_first else None
        if found is None:
            try:
                found = await act()
            except Ambiguous as doubt:
                found = await self._look_after(look, doubt)
        return await self.keep(kind, effect_key, incident_id, found)

    async def of(self, kind: str, effect_key: str) -> Found | None:
        """The receipt under a key, None where there is none or the store is silent."""
        try:
            return await self._effects.get(self._key(kind, effect_key))
        except RecordsUnavailable:
            return None

    async def all(self, kind: str, incident_id: str) -> dict[str, Found]:
        """Every receipt of a kind that belongs to an incident, by effect key. A silent store knows none."""
        start = self._key(kind, "").rstrip("/")
        try:
            rows = await self._effects.under(incident_id, start)
        except RecordsUnavailable:
            return {}
        return {key.removeprefix(f"{start}/"): receipt for key, receipt in rows.items()}

    async def keep(self, kind: str, effect_key: str, incident_id: str | None, receipt: Found) -> Found:
        """Remember a receipt; the first one under a key stays."""
        try:
            return await self._effects.once(self._key(kind, effect_key), kind, incident_id, _with(receipt))
        except RecordsUnavailable as error:
            log.warning("receipt_not_kept", provider=self._provider, effect_key=effect_key, reason=str(error))
            return receipt

    async def _begin(self, kind: str, effect_key: str, incident_id: str | None) -> bool:
        """Note that the effect begins; True where it had begun before, or nobody knows."""
        mine = {"try": uuid4().hex}
        key = self._key(f"{kind}.{_BEGUN}", effect_key)
        try:
            return await self._effects.once(key, f"{kind}.{_BEGUN}", incident_id, _with(mine)) != mine
        except RecordsUnavailable:
            return True

    async def _look_after(self, look: Look, doubt: Ambiguous) -> Found:
        for pause in self.look_after_s:
            await asyncio.sleep(pause)
            try:
                found = await look()
            except ProviderError:
                continue
            if found is not None:
                return found
        said = f"{doubt}, and nothing of it is seen there: looked for again at the next try"
        raise Broken(said, provider=self._provider) from doubt

    def _key(self, kind: str, effect_key: str) -> str:
        return f"{self._provider}/{kind}/{effect_key}"


def _with(receipt: Found) -> Callable[[AsyncConnection], Awaitable[Found]]:
    async def put(connection: AsyncConnection) -> Found:
        return receipt

    return put
