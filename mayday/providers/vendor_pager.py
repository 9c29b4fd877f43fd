"""A vendor's pager, made of its line: what is the same for all of them is here, once.

A line knows how its vendor is asked to ring, and how in doubt it is found out whether it does. Everything that keeps
people from being woken twice, or not at all, is the VendorPager's: it writes each call down before it leaves; a second
try of the same effect finds what the first one did; an answer that never came is looked up, or asked for again where
the vendor has an idempotency key of its own (DESIGN.md, idea 7).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import structlog

from mayday.domain.effects import ClosePage, SentVia
from mayday.domain.errors import Ambiguous, Broken, ProviderError, RateLimited, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Call, EffectJournal, Rendering
from mayday.providers.embedded.failures import provider_errors
from mayday.records.errors import RecordsUnavailable
from mayday.records.pager_calls import STOPPABLE, PagerCall, PagerCalls

__all__ = [
    "AnsweredCall", "CallJournal", "InDoubt", "Line", "NotedLine", "PageNote", "VendorPager", "WatchedLine",
]  # fmt: skip

log = structlog.get_logger(__name__)

InDoubt = Literal["again", "look", "leave"]
"""After an answer that never came: `again` where the vendor knows the call by our key, `look` where it can only be
looked up, `leave` where neither is possible and a second message would do little harm later."""

#: calls of a person can be seen at the vendor this long after they left, at the latest
SETTLES_IN = timedelta(seconds=4)
#: how long before a call's beginning a look begins: clocks differ
CLOCKS_DIFFER = timedelta(seconds=90)
#: what a vendor is told of a call that left while its page was closed
CLOSED_MEANWHILE = "the page was closed meanwhile"
#: how far back an earlier try is looked for that nobody noted
UNKNOWN_BEGAN = timedelta(minutes=15)
#: errors after which the vendor certainly has no call of ours
_NOT_TAKEN = (Unreachable, Refused, Unauthorised, RateLimited)


class Line(Protocol):
    """What is particular to one vendor."""

    name: str
    channels: frozenset[str]
    in_doubt: InDoubt

    def rendered(self, call: Call) -> Rendering:
        """What `ring` would ask of the vendor. Asks nobody."""
        ...

    async def ring(self, call: Call) -> str:
        """Make the call; returns the vendor's id of it."""
        ...

    async def look(self, call: Call, since: datetime) -> list[str]:
        """The vendor's ids of calls made at `since` or later that may be this one. Only asked of `look` lines."""
        ...

    async def stop(self, call: PagerCall, reason: str) -> None:
        """Let it ring no more. A call that the vendor does not know any more is stopped."""
        ...


class AnsweredCall(NamedTuple):
    """A call that somebody answered at the vendor. `by` is the vendor's id or mail address of who did, if it says."""

    call: PagerCall
    by: str | None = None


class WatchedLine(Line, Protocol):
    """A vendor that does not tell us of answers by itself: it is asked, at a bounded rate."""

    async def answered(self, calls: Sequence[PagerCall]) -> list[AnsweredCall]:
        """Those of `calls` that somebody answered. A few requests at most, however many calls there are."""
        ...


class PageNote(NamedTuple):
    """What a person wrote on a call at the vendor. `id` is the vendor's of the note, `by` and `name` are who wrote."""

    call: PagerCall
    id: str
    text: str
    by: str = ""
    name: str = ""
    at: datetime | None = None


@runtime_checkable
class NotedLine(Protocol):
    """A vendor on whose calls people write notes, and that does not tell us of them by itself."""

    async def notes(self, calls: Sequence[PagerCall]) -> list[PageNote]:
        """Everything that people wrote on these calls, and nothing of ours. A request or two for each."""
        ...


class VendorPager:
    """Implements the port `Pager` with a line."""

    def __init__(
        self, line: Line, calls: PagerCalls, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:  # fmt: skip
        self.line = line
        self.name = line.name
        self.channels = line.channels
        self._calls = calls
        self._sleep = sleep

    def rendered(self, call: Call) -> Rendering:
        return self.line.rendered(call)

    async def call(self, call: Call) -> SentVia:
        """Ring, unless this very call rings already."""
        earlier = await self._begin(call)
        if isinstance(earlier, PagerCall) and earlier.state != "calling":
            return SentVia(channel=call.channel, provider=self.name, ref=earlier.ref)
        try:
            ref = await self._ring_once(call, earlier)
        except _NOT_TAKEN:
            await self._forget(call)
            raise
        if not await self._note(call, ref):
            await self._stop_again(call, ref)
        return SentVia(channel=call.channel, provider=self.name, ref=ref)

    async def close(self, closing: ClosePage) -> int:
        """Stop every call of the page, or those to one person; a vendor that fails for one is asked for the others."""
        with provider_errors():
            found = await self._calls.find(
                incident_id=closing.incident.id, page=closing.page, provider=self.name, states=STOPPABLE
            )
        stopped = 0
        failure: ProviderError | None = None
        for call in found:
            if closing.person not in (None, call.person):
                continue
            try:
                await self.line.stop(call, closing.reason)
            except ProviderError as error:
                failure = failure or error
                continue
            with provider_errors():
                stopped += await self._calls.note(call.effect_key, self.name, "closed")
        if failure is not None:
            raise failure
        return stopped

    async def _ring_once(self, call: Call, earlier: PagerCall | Literal["unknown"] | None) -> str:
        if earlier is not None and self.line.in_doubt == "look":
            found = await self._looked(call, earlier if isinstance(earlier, PagerCall) else None)
            if found is not None:
                return found
        try:
            return await self.line.ring(call)
        except Ambiguous as lost:
            if self.line.in_doubt == "again":
                return await self.line.ring(call)  # the vendor knows it by our key
            if self.line.in_doubt == "leave":
                raise
            return await self._found_after(call, lost)

    async def _looked(self, call: Call, earlier: PagerCall | None) -> str | None:
        """What an earlier try made of it. One that has only just left may not be seen yet.

        Raises Broken when the vendor does not say: then nothing is done blindly.
        """
        now = self._calls.now()
        since = (earlier.begun_at if earlier else now - UNKNOWN_BEGAN) - CLOCKS_DIFFER
        try:
            found = await self._look(call, since)
            if found is None and earlier is not None and now - earlier.begun_at < SETTLES_IN:
                await self._sleep((SETTLES_IN - (now - earlier.begun_at)).total_seconds())
                found = await self._look(call, since)
        except ProviderError as error:
            said = f"{self.name} does not say whether an earlier try rings: {error}"
            raise Broken(said, provider=self.name) from error
        return found

    async def _found_after(self, call: Call, lost: Ambiguous) -> str:
        """The call that got no answer. Raises Unreachable when it is certain that it did not happen."""
        since = self._calls.now() - CLOCKS_DIFFER
        try:
            found = await self._look(call, since)
            if found is None:
                await self._sleep(1.0)
                found = await self._look(call, since)
        except ProviderError as error:
            raise lost from error
        if found is None:
            raise Unreachable(f"{lost}; it has no such call", provider=self.name) from lost
        return found

    async def _look(self, call: Call, since: datetime) -> str | None:
        """The newest that may be this one and is none of our other calls."""
        candidates = await self.line.look(call, since)
        if not candidates:
            return None
        try:
            others = await self._calls.find(provider=self.name, since=since)
        except RecordsUnavailable:
            others = []
        taken = {other.ref for other in others if other.effect_key != call.effect_key}
        return next((ref for ref in candidates if ref not in taken), None)

    async def _begin(self, call: Call) -> PagerCall | Literal["unknown"] | None:
        """The earlier try. Paging does not wait for the store: without it nothing is known of one."""
        try:
            return await self._calls.begin(call.effect_key, self.name, {
                "incident_id": call.incident.id, "page": call.page, "purpose": call.purpose, "person": call.person,
                "target": call.target, "channel": call.channel, "urgent": call.urgent,
            })  # fmt: skip
        except RecordsUnavailable as error:
            log.warning("pager_call_not_noted", provider=self.name, key=call.effect_key, reason=str(error))
            return "unknown"

    async def _note(self, call: Call, ref: str) -> bool:
        """That it rings. False when it was answered or closed meanwhile."""
        try:
            return await self._calls.note(call.effect_key, self.name, "ringing" if call.urgent else "sent", ref)
        except RecordsUnavailable as error:
            log.warning("pager_call_not_noted", provider=self.name, key=call.effect_key, reason=str(error))
            return True

    async def _stop_again(self, call: Call, ref: str) -> None:
        """The page may have been closed while this call was on its way, or between two tries of it: then the vendor was
        told to stop what it did not have yet, and nobody would tell it again."""
        try:
            made = await self._calls.find(
                incident_id=call.incident.id, page=call.page, provider=self.name, states=("closed",)
            )
            late = next((each for each in made if each.effect_key == call.effect_key), None)
            if late is not None:
                await self.line.stop(late.model_copy(update={"ref": ref}), CLOSED_MEANWHILE)
        except (RecordsUnavailable, ProviderError) as error:
            log.warning("late_call_not_stopped", provider=self.name, key=call.effect_key, reason=str(error))

    async def _forget(self, call: Call) -> None:
        try:
            await self._calls.forget(call.effect_key, self.name)
        except RecordsUnavailable as error:
            log.warning("pager_call_not_noted", provider=self.name, key=call.effect_key, reason=str(error))


class CallJournal:
    """What was done under an effect's key: at the desk, and at vendors' pagers."""

    def __init__(self, desk: EffectJournal, calls: PagerCalls) -> None:
        self._desk = desk
        self._calls = calls

    async def done_under(self, incident_id: str, effect_key: str) -> Mapping[str, dict[str, Any]]:
        done = dict(await self._desk.done_under(incident_id, effect_key))
        with provider_errors():
            made = await self._calls.find(incident_id=incident_id, under=effect_key)
        for call in made:
            if call.state != "calling":
                done[call.effect_key] = {
                    "person": call.person, "target": call.target, "channel": call.channel, "provider": call.provider,
                    "ref": call.ref,
                }  # fmt: skip
        return done
