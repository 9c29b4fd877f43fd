"""Telling an audience, on all of its channels; one that is down is named in the receipt and the others carry it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from temporalio import activity

from activities.chain import first_that_works, noted
from activities.dependencies import Dependencies
from activities.failures import reported
from activities.orders import calls_of, mailing, people_of, posts, status_update
from mayday.domain.effects import SEND, SendReceipt, SendRequest, SentVia, Unreached
from mayday.domain.errors import Broken, HeldBack, NobodyReached, ProviderError
from mayday.domain.ports import Post
from mayday.domain.review.wire import SEND_REPORT, SendReport

Carrier = Callable[[SendRequest, SendReceipt], Awaitable[list[SentVia]]]


class Messaging:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies
        self._carriers: dict[str, Carrier] = {
            "email": self._mail, "chat": self._chat, "status_page": self._status_page, "push": self._direct,
            "sms": self._direct, "voice": self._direct,
        }  # fmt: skip

    @activity.defn(name=SEND)
    async def send_message(self, request: SendRequest) -> SendReceipt:
        """Send on every channel of `via`. Fails only when no channel carried it."""
        with reported():
            return await self._told(request)

    @activity.defn(name=SEND_REPORT)
    async def send_report(self, request: SendReport) -> SendReceipt:
        """Send a version of the report: all of it by mail, elsewhere that it is there. Fails as `send_message` does."""
        with reported():
            text = await self._given.reviews.report(request.incident.id, request.version)
            if text is None:
                raise Broken(f"the store has no version {request.version} of the report")
            return await self._told(request, {"email": f"{request.text}\n\n{text}"})

    async def _told(self, request: SendRequest, texts: Mapping[str, str] | None = None) -> SendReceipt:
        """`texts` are those of channels that carry another one."""
        receipt = SendReceipt()
        retry_may_help = False
        for channel in request.via:
            if await self._held(request):
                if not receipt.sent:
                    raise HeldBack("outward messages are held")
                _missed(receipt, request.audience, channel, "outward messages are held")
                receipt.held.append(channel)
                continue
            carrier = self._carriers.get(channel)
            if carrier is None:
                _missed(receipt, request.audience, channel, f"{channel} carries no messages")
                continue
            try:
                one = request.model_copy(update={"via": [channel], "text": (texts or {}).get(channel, request.text)})
                receipt.sent += await carrier(one, receipt)
            except ProviderError as error:
                retry_may_help |= error.retryable
                _missed(receipt, request.audience, channel, str(error))
        if not receipt.sent:
            reasons = "; ".join(dict.fromkeys(each.reason for each in receipt.unreached)) or "no channel"
            raise NobodyReached(f"{request.audience} was not told: {reasons}", retryable=retry_may_help)
        return receipt

    async def _held(self, request: SendRequest) -> bool:
        """Asked before each channel and at each try: holding stops what is under way, too."""
        ask = self._given.outward_held
        return request.outward and ask is not None and await ask()

    async def _mail(self, request: SendRequest, receipt: SendReceipt) -> list[SentVia]:
        mail, missing = mailing(request, self._given.catalog.current())
        for recipient in missing:
            _missed(receipt, recipient, "email", "no mail address")
        if mail is None:
            if not missing:
                _missed(receipt, request.audience, "email", "no mail address")
            return []
        mailers = self._given.ports_for(request.incident).mailers
        passed: list[Unreached] = []
        sent = await first_that_works(mailers, lambda mailer: mailer.send(mail), port="mail", passed=passed)
        _passed_over(receipt, request.audience, "email", passed)
        receipt.unreached += noted(sent)
        return [sent]

    async def _chat(self, request: SendRequest, receipt: SendReceipt) -> list[SentVia]:
        return [await self._post(post, request, receipt) for post in posts(request)]

    async def _post(self, post: Post, request: SendRequest, receipt: SendReceipt) -> SentVia:
        passed: list[Unreached] = []
        chats = self._given.ports_for(request.incident).chats
        sent = await first_that_works(chats, lambda chat: chat.post(post), port="chat", passed=passed)
        _passed_over(receipt, request.audience, "chat", passed)
        receipt.unreached += noted(sent)
        return sent

    async def _status_page(self, request: SendRequest, receipt: SendReceipt) -> list[SentVia]:
        update = status_update(request)
        pages = self._given.ports_for(request.incident).status_pages
        passed: list[Unreached] = []
        sent = await first_that_works(pages, lambda page: page.post(update), port="status page", passed=passed)
        _passed_over(receipt, request.audience, "status_page", passed)
        return [sent]

    async def _direct(self, request: SendRequest, receipt: SendReceipt) -> list[SentVia]:
        """A short message to each person, which nobody has to acknowledge."""
        channel = request.via[0]
        catalog = self._given.catalog.current()
        sent = []
        pagers = self._given.ports_for(request.incident).pagers
        for person in people_of(request, catalog):
            for pager, call in calls_of(request, person, channel, pagers, catalog):
                try:
                    sent.append(await pager.call(call))
                    break
                except ProviderError as error:
                    _missed(receipt, person, channel, str(error))
            else:
                _missed(receipt, person, channel, f"nothing reaches {person} by {channel}")
        return sent


def _missed(receipt: SendReceipt, target: str, channel: str, reason: str) -> None:
    receipt.unreached.append(Unreached(target=target, channel=channel, reason=reason))


def _passed_over(receipt: SendReceipt, target: str, channel: str, passed: list[Unreached]) -> None:
    """Which provider did not carry it, why, and who did."""
    for each in passed:
        _missed(receipt, target, channel, each.reason)
