"""Jira Service Management Operations, Opsgenie's successor: pager and on-call source, by `MAYDAY_JSM_*`."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from mayday.providers.auth import BasicAuth
from mayday.providers.checks import asks
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.jsm.roster import JsmSchedules
from mayday.providers.offers import Offer, VendorModel, VendorSettings, secret
from mayday.providers.opsgenie.alerts import AlertLine
from mayday.providers.page_words import channels_of
from mayday.providers.rates import RateBucket
from mayday.providers.rosters import CachedRoster
from mayday.providers.vendor_pager import VendorPager

NAME = "jsm"
PAGE_TIMEOUT_S = 4.0


class JsmSettings(VendorModel):
    cloud_id: str = Field(description="Id of the Atlassian site: see https://SITE.atlassian.net/_edge/tenant_info")
    email: str = Field(description="Mail address of the user whose token it is")
    token: SecretStr = Field(description="API token with the scopes read and write of ops-alert, read of ops-config")
    team: str = Field(default="", description="Id of the team that is called where a person has no account id")
    channels: str = Field(default="push", description="What it serves of push, sms, voice")
    url: str = Field(default="https://api.atlassian.com", description="Address of the API")


class JsmDialect:
    """JSM Operations' REST API, version 1. Source: specs/atlassian/jsm-ops-alerts."""

    name = NAME
    details = "extraProperties"

    def __init__(self, cloud_id: str, team: str) -> None:
        self._base = f"/jsm/ops/api/{segment(cloud_id)}/v1"
        self._team = team

    def responders(self, address: str, person_email: str | None, mapped: bool) -> list[dict[str, str]]:
        if mapped:
            return [{"type": "user", "id": address}]
        return [{"type": "team", "id": self._team}] if self._team else []

    async def create(self, client: VendorClient, body: dict[str, Any]) -> Answer:
        return await client.call("POST", f"{self._base}/alerts", json=body)

    async def outcome(self, client: VendorClient, request: str) -> dict[str, Any] | None:
        answer = await client.call("GET", f"{self._base}/alerts/requests/{segment(request)}", accept=(404,))
        return answer.data if answer.status != 404 and isinstance(answer.data, dict) else None

    async def alert(self, client: VendorClient, alias: str) -> dict[str, Any] | None:
        answer = await client.call("GET", f"{self._base}/alerts/alias", params={"alias": alias}, accept=(404,))
        return answer.data if answer.status != 404 and isinstance(answer.data, dict) else None

    async def close(self, client: VendorClient, alias: str, note: str) -> None:
        alert = await self.alert(client, alias)
        if alert and alert.get("id") and alert.get("status") != "closed":
            await client.call("POST", f"{self._base}/alerts/{segment(str(alert['id']))}/close", json={}, accept=(404,))


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(JsmSettings)
    if settings is None:
        return None
    client = given.client(
        settings.url, BasicAuth(settings.email, secret(settings.token)), timeout_s=PAGE_TIMEOUT_S,
        bucket=RateBucket(per_minute=600, burst=60),
    )  # fmt: skip
    base = f"/jsm/ops/api/{segment(settings.cloud_id)}/v1"
    channels = channels_of("MAYDAY_JSM_CHANNELS", settings.channels)
    line = AlertLine(JsmDialect(settings.cloud_id, settings.team), client, channels, given.base_url, given.catalog)
    return Offer(
        pager=VendorPager(line, given.records.pager_calls), watched=None if given.webhook else line,
        roster=CachedRoster(NAME, JsmSchedules(client, base), given.catalog),
        checks=[
            asks("API token", lambda: client.call("GET", f"{base}/alerts", params={"size": "1"}),
                 "make an API token with the scope read:ops-alert:jira-service-management; check MAYDAY_JSM_CLOUD_ID"),
            asks("schedules", lambda: client.call("GET", f"{base}/schedules", params={"size": "1"}),
                 "the token needs the scope read:ops-config:jira-service-management"),
        ],
    )  # fmt: skip
