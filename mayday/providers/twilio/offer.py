"""Twilio: text messages and telephone calls, by `MAYDAY_TWILIO_*`."""

from __future__ import annotations

from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from mayday.providers.auth import BasicAuth
from mayday.providers.checks import asks
from mayday.providers.client import segment
from mayday.providers.offers import Offer, VendorModel, VendorSettings, secret
from mayday.providers.rates import RateBucket
from mayday.providers.twilio.pager import TwilioLine
from mayday.providers.vendor_pager import VendorPager

PAGE_TIMEOUT_S = 4.0


class TwilioSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("account",)
    account: str = Field(description="Account SID, which begins with AC")
    token: SecretStr = Field(description="Auth token of the account, or the secret of an API key")
    api_key: str = Field(default="", description="SID of an API key, when TOKEN is the secret of one")
    from_number: str = Field(default="", description="Telephone number that calls and texts come from, as +15551234567")
    messaging_service: str = Field(default="", description="Messaging service that texts come from")
    language: str = Field(default="en-GB", description="Language in which a telephone call is read")
    url: str = Field(default="https://api.twilio.com", description="Address of the API")

    @model_validator(mode="after")
    def _somewhere_from(self) -> Self:
        if not self.from_number and not self.messaging_service:
            raise ValueError(
                "set MAYDAY_TWILIO_FROM_NUMBER (texts and calls) or MAYDAY_TWILIO_MESSAGING_SERVICE (texts)"
            )
        return self


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(TwilioSettings)
    if settings is None:
        return None
    client = given.client(
        settings.url, BasicAuth(settings.api_key or settings.account, secret(settings.token)),
        timeout_s=PAGE_TIMEOUT_S, bucket=RateBucket(per_minute=60, burst=30),
    )  # fmt: skip
    reachable = given.webhook and urlsplit(given.base_url).scheme == "https"
    line = TwilioLine(
        client, given.base_url, account=settings.account, from_number=settings.from_number,
        messaging_service=settings.messaging_service, language=settings.language,
        callback=f"{given.base_url}/webhooks/twilio" if reachable else None,
    )  # fmt: skip
    path = f"/2010-04-01/Accounts/{segment(settings.account)}/Messages.json"
    return Offer(
        pager=VendorPager(line, given.records.pager_calls),
        checks=[asks(
            "account", lambda: client.call("GET", path, params={"PageSize": "1"}),
            "MAYDAY_TWILIO_ACCOUNT and _TOKEN are on the first page of Twilio's console",
            "the API key of MAYDAY_TWILIO_API_KEY is a restricted one: let it read and create messages and calls",
        )],
    )  # fmt: skip
