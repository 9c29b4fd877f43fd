"""Waking people: who is meant now, on the first channel that works, and never twice for one effect."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from temporalio import activity

from activities.chain import noted
from activities.contacts import address_of
from activities.dependencies import Dependencies
from activities.failures import reported
from activities.roster import People
from mayday.domain.effects import (
    CLOSE_PAGE,
    PAGE,
    ClosePage,
    PagedPerson,
    PagePurpose,
    PageReceipt,
    PageRequest,
    SentVia,
    Unreached,
)
from mayday.domain.errors import NobodyReached, ProviderError
from mayday.domain.ports import Call, Card, Pager
from mayday.domain.timeline_words import closing as words_of_closing
from mayday.language.naming import naming_of

#: the page under which command is offered
COMMAND = "role:incident_commander"
#: purposes of pages that a button answers
ANSWERED: frozenset[PagePurpose] = frozenset({"page", "exhausted", "join", "role", "vote", "candidate", "task"})
#: people have been called by then; a card is worth no longer wait
CARD_WITHIN_SECONDS = 10.0
#: a try is ended after 14 s (mayday/domain/limits.py): by then whoever stands behind the silent ones has to have called
CALLED_WITHIN_SECONDS = 12.0
#: behind every other pager, in the records store
DESK = "desk"
#: a pager that took so long to fail is asked last for the others of this page
SLOW_SECONDS = 1.0
REMEMBERED_PAGES = 1_000


class Paging:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies
        self._people = People(dependencies)
        #: pagers that were silent, by effect key: the next try of a page begins with those that were not
        self._silent: OrderedDict[str, set[str]] = OrderedDict()

    @activity.defn(name=PAGE)
    async def page_responder(self, request: PageRequest) -> PageReceipt:
        """Page every target; a target with several people pages them all. Fails when nobody at all was reached.

        Each person is called on the channels of `via` in order until one works. What an earlier try of the same effect
        did counts: nobody it reached is called again, and no schedule whose person it reached is looked up again. A
        provider that is silent takes the time of one call, not that of the page: whoever stands behind it calls.
        """
        with reported():
            silent = self._silent.setdefault(request.effect_key, set())
            while len(self._silent) > REMEMBERED_PAGES:
                self._silent.popitem(last=False)
            page = _Page(self._given, request, await self._done_before(request), silent)
            for target in request.targets:
                await page.target(target, self._people)
            await page.put_up()
            return page.receipt()

    @activity.defn(name=CLOSE_PAGE)
    async def close_page(self, closing: ClosePage) -> dict[str, int]:
        """Stop what a page still rings, at every pager, and take the buttons off its cards."""
        closed = 0
        failed: list[ProviderError] = []
        ports = self._given.ports_for(closing.incident)
        naming = naming_of(self._given.catalog.current())
        closing = closing.model_copy(update={"reason": words_of_closing(closing.reason, naming)})  # cards show it
        with reported():
            boards = ports.noticeboards if closing.person is None else ()  # a card is everybody's
            for stop in [*(pager.close for pager in ports.pagers), *(board.settle for board in boards)]:
                try:
                    closed += await stop(closing)
                except ProviderError as error:
                    failed.append(error)
            if failed:
                raise failed[0]
        return {"closed": closed}

    async def _done_before(self, request: PageRequest) -> Mapping[str, dict[str, Any]]:
        try:
            return await self._given.journal.done_under(request.incident.id, request.effect_key)
        except ProviderError:
            return {}  # paging does not wait for the store; the provider's own idempotency still holds


class _Page:
    """One request on its way."""

    def __init__(
        self, given: Dependencies, request: PageRequest, done: Mapping[str, dict[str, Any]], silent: set[str]
    ) -> None:
        self._given = given
        self._request = request
        self._silent = silent
        self._until = asyncio.get_running_loop().time() + CALLED_WITHIN_SECONDS
        self._known = given.catalog.current().people
        self._paged: dict[str, PagedPerson] = {}
        self._unreached: list[Unreached] = []
        self._retry_may_help = False
        for result in done.values():
            if result.get("person"):
                person = PagedPerson.model_validate(result)
                self._paged[person.person] = person

    async def target(self, target: str, people: People) -> None:
        if target.startswith("schedule.") and any(paged.target == target for paged in self._paged.values()):
            return
        resolved = await people.of(target, self._request.fallback)
        if resolved.reason is not None:
            self._unreached.append(Unreached(target=target, reason=resolved.reason))
        for person in resolved.people:
            if person in self._request.spare:
                self._unreached.append(Unreached(target=target, reason=f"{person} declined"))
            elif person not in self._paged:
                await self._person(target, person)

    async def _person(self, target: str, person: str) -> None:
        other = await self._commands_another(person)
        if other is not None:
            self._note(target, "role", f"{person} commands {other}")
            return
        before = len(self._unreached)
        for channel in self._request.via:
            sent = await self._channel(target, person, channel)
            if sent is not None:
                self._stood_in(person, sent, self._unreached[before:])
                self._paged[person] = PagedPerson(
                    person=person, target=target, channel=channel, provider=sent.provider, ref=sent.ref
                )
                return

    async def _channel(self, target: str, person: str, channel: str) -> SentVia | None:
        """The first pager that carries the call on this channel; why the others did not is noted."""
        now = asyncio.get_running_loop().time
        pagers = [each for each in self._given.ports_for(self._request.incident).pagers if channel in each.channels]
        pagers.sort(key=lambda pager: pager.name in self._silent)
        for number, pager in enumerate(pagers):
            address = address_of(person, self._known.get(person), channel, pager.name)
            if address is None:
                self._note(target, channel, f"{person} has no address for {channel}")
                return None
            began, within = now(), self._within(pagers[number:], channel)
            try:
                async with asyncio.timeout(within):
                    return await pager.call(self._call(target, person, channel, address))
            except TimeoutError:
                self._retry_may_help = True
                self._note(target, channel, f"{person}: {pager.name} did not answer in time")
            except ProviderError as error:
                self._retry_may_help |= error.retryable
                self._note(target, channel, f"{person}: {error}")
            if now() - began >= SLOW_SECONDS:
                self._silent.add(pager.name)
        if not pagers:
            self._note(target, channel, f"no pager serves {channel}")
        return None

    def _within(self, pagers: Sequence[Pager], channel: str) -> float | None:
        """Seconds that the first of `pagers` has, so that whoever is behind it is asked too; None when nobody is.

        The desk is behind the vendors, and answers at once; without it there are the channels to come.
        """
        vendors = sum(pager.name != DESK for pager in pagers)
        desk = len(pagers) > vendors
        later = 0 if desk else len(self._request.via) - self._request.via.index(channel) - 1
        if vendors == 0 or (vendors + later == 1 and not desk):
            return None
        left = self._until - asyncio.get_running_loop().time()
        return max(SLOW_SECONDS, left / (vendors + later))

    async def _commands_another(self, person: str) -> str | None:
        """One person commands one SEV1: a second one goes to the next (PROCESS.md "Long and wide incidents")."""
        request = self._request
        if request.purpose != "role" or request.page != COMMAND or request.incident.severity != "SEV1":
            return None
        try:
            return await self._given.memory.commanded_by(person, "SEV1", request.incident.id)
        except ProviderError:
            return None  # better two incidents for one than none: paging does not wait for the store

    def _stood_in(self, person: str, sent: SentVia, missed: list[Unreached]) -> None:
        """Beside each provider that failed: who called the person instead, and how if on another channel."""
        for each in missed:
            if each.reason.startswith(f"{person}: "):
                way = "" if each.channel == sent.channel else f" by {sent.channel}"
                each.reason += f" ({sent.provider} stood in{way})"

    def _call(self, target: str, person: str, channel: str, address: str) -> Call:
        request = self._request
        return Call(
            effect_key=f"{request.effect_key}/{person}/{channel}", incident=request.incident, page=request.page,
            purpose=request.purpose, person=person, target=target, channel=channel, address=address,
            text=request.text, urgent=request.urgent, choices=request.choices,
        )  # fmt: skip

    async def put_up(self) -> None:
        """A card with buttons where everybody sees it, for what can be answered; why there is none is noted."""
        request = self._request
        if request.purpose not in ANSWERED or (request.purpose == "task" and request.page.startswith("role:")):
            return  # what waits for a role may be several tasks, each with a card of its own
        card = Card(
            effect_key=f"{request.effect_key}/card", incident=request.incident, page=request.page,
            purpose=request.purpose, text=request.text, people=list(self._paged), choices=request.choices,
        )  # fmt: skip
        for board in self._given.ports_for(request.incident).noticeboards:
            try:
                async with asyncio.timeout(CARD_WITHIN_SECONDS):
                    put_up = await board.put_up(card)
                if put_up is not None:
                    self._unreached += noted(put_up)
            except TimeoutError:
                self._note("noticeboard", board.name, f"{board.name} did not answer in time")
            except ProviderError as error:
                self._note("noticeboard", board.name, str(error))

    def _note(self, target: str, channel: str, reason: str) -> None:
        self._unreached.append(Unreached(target=target, channel=channel, reason=reason))

    def receipt(self) -> PageReceipt:
        """Who was reached and what failed on the way. Raises NobodyReached."""
        if not self._paged:
            reasons = "; ".join(dict.fromkeys(each.reason for each in self._unreached)) or "no targets"
            raise NobodyReached(f"nobody was reached: {reasons}", retryable=self._retry_may_help)
        return PageReceipt(paged=list(self._paged.values()), unreached=self._unreached)
