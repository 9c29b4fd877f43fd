"""Opsgenie: pager, by `MAYDAY_OPSGENIE_*`. It shuts down on 5 April 2027; JSM Operations is its successor (`jsm`)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, SecretStr

from mayday.providers.auth import StaticAuth
from mayday.providers.checks import asks
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.offers import Offer, VendorModel, VendorSettings, secret
from mayday.providers.opsgenie.alerts import AlertLine
from mayday.providers.opsgenie.roster import OpsgenieSchedules
from mayday.providers.page_words import channels_of
from mayday.providers.rates import RateBucket
from mayday.providers.rosters import CachedRoster
from mayday.providers.vendor_pager import VendorPager

NAME = "opsgenie"
PAGE_TIMEOUT_S = 4.0
#: closing an alert that nobody has: it shows whether we may write, and has no effect
NO_ALERT = "/v2/alerts/mayday-doctor/close"


class OpsgenieSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("token",)
    token: SecretStr = Field(description="API key of an API integration, which may create and read")
    team: str = Field(default="", description="Team that is called where a person has neither id nor mail address")
    channels: str = Field(default="push", description="What it serves of push, sms, voice")
    url: str = Field(default="https://api.opsgenie.com", description="https://api.eu.opsgenie.com in the EU")


class OpsgenieDialect:
    """Opsgenie's REST API, version 2. Source: specs/opsgenie."""

    name = NAME
    details = "details"

    def __init__(self, team: str) -> None:
        self._team = team

    def responders(self, address: str, person_email: str | None, mapped: bool) -> list[dict[str, str]]:
        if mapped:
            return [{"type": "user", "username" if "@" in address else "id": address}]
        if person_email:
            return [{"type": "user", "username": person_email}]
        return [{"type": "team", "name": self._team}] if self._team else []

    async def create(self, client: VendorClient, body: dict[str, Any]) -> Answer:
        return await client.call("POST", "/v2/alerts", json=body)

    async def outcome(self, client: VendorClient, request: str) -> dict[str, Any] | None:
        answer = await client.call("GET", f"/v2/alerts/requests/{segment(request)}", accept=(404,))
        found = answer.at("data")
        return found if isinstance(found, dict) else None

    async def alert(self, client: VendorClient, alias: str) -> dict[str, Any] | None:
        answer = await client.call(
            "GET", f"/v2/alerts/{segment(alias)}", params={"identifierType": "alias"}, accept=(404,)
        )
        found = answer.at("data")
        return found if isinstance(found, dict) else None

    async def close(self, client: VendorClient, alias: str, note: str) -> None:
        await client.call(
            "POST", f"/v2/alerts/{segment(alias)}/close", params={"identifierType": "alias"},
            json={"source": "mayday", "note": note}, accept=(404,),
        )  # fmt: skip


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(OpsgenieSettings)
    if settings is None:
        return None
    client = given.client(
        settings.url, StaticAuth("Authorization", "GenieKey", secret(settings.token)), timeout_s=PAGE_TIMEOUT_S,
        bucket=RateBucket(per_minute=600, burst=60),
    )  # fmt: skip
    channels = channels_of("MAYDAY_OPSGENIE_CHANNELS", settings.channels)
    line = AlertLine(OpsgenieDialect(settings.team), client, channels, given.base_url, given.catalog)
    return Offer(
        pager=VendorPager(line, given.records.pager_calls), watched=None if given.webhook else line,
        roster=CachedRoster(NAME, OpsgenieSchedules(client), given.catalog),
        checks=[
            asks("API key", lambda: client.call("GET", "/v2/alerts", params={"limit": "1"}),
                 "make an API integration and set MAYDAY_OPSGENIE_TOKEN to its key; in the EU set MAYDAY_OPSGENIE_URL",
                 "give the API integration of MAYDAY_OPSGENIE_TOKEN read access"),
            asks("API key, writing",
                 lambda: client.call("POST", NO_ALERT, params={"identifierType": "alias"}, json={}, accept=(404, 422)),
                 "make an API integration and set MAYDAY_OPSGENIE_TOKEN to its key",
                 "give the API integration of MAYDAY_OPSGENIE_TOKEN create and update access"),
        ],
    )  # fmt: skip
