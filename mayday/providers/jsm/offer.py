"""Jira Service Management Operations, Opsgenie's successor: pager and on-call source, by `MAYDAY_JSM_*`.

With `TOKEN`, `EMAIL` and `CLOUD_ID` through its REST API; with `KEY`, an API key as Opsgenie's, through the endpoint of
integrations, which knows alerts and no schedules.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, SecretStr, model_validator

from mayday.providers.auth import BasicAuth, StaticAuth
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
#: an alert that nobody has: closing it shows whether we may write, and has no effect
NO_ALERT = "00000000-0000-0000-0000-000000000000"
_NOT_SERVED = (403, 404, 405)


class JsmSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("cloud_id", "key")
    cloud_id: str = Field(
        default="", description="Id of the Atlassian site: see https://SITE.atlassian.net/_edge/tenant_info"
    )
    email: str = Field(default="", description="Mail address of the user whose token it is")
    token: SecretStr | None = Field(
        default=None, description="API token with the scopes read and write of ops-alert, read of ops-config"
    )
    key: SecretStr | None = Field(
        default=None, description="Instead of those three: API key of an API integration, as Opsgenie's; no schedules"
    )
    team: str = Field(default="", description="Id of the team that is called where a person has no account id")
    channels: str = Field(default="push", description="What it serves of push, sms, voice")
    watched: bool | None = Field(
        default=None,
        description="Ask for answers; by default where `MAYDAY_WEBHOOK_OPSGENIE` has no credentials. `false` where its "
        "alerts post to `/webhooks/jira`",
    )
    url: str = Field(default="https://api.atlassian.com", description="Address of the API")

    @model_validator(mode="after")
    def _one_login(self) -> JsmSettings:
        if self.key is not None:
            return self
        named = {"CLOUD_ID": self.cloud_id, "EMAIL": self.email, "TOKEN": self.token}
        missing = [f"MAYDAY_JSM_{name}" for name, value in named.items() if not value]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing; or set MAYDAY_JSM_KEY alone")
        return self


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


class JsmKeyDialect(JsmDialect):
    """The endpoint of integrations: orders as of the REST API, addresses as Opsgenie's below it. Source for creating:
    specs/atlassian/jsm-ops-alerts; for the others Opsgenie's own, whose keys it takes. What it does not serve is
    unknown, never an error."""

    def __init__(self, team: str) -> None:
        super().__init__("", team)
        self._base = "/jsm/ops/integration/v2"

    async def outcome(self, client: VendorClient, request: str) -> dict[str, Any] | None:
        answer = await client.call("GET", f"{self._base}/alerts/requests/{segment(request)}", accept=_NOT_SERVED)
        return _data(answer)

    async def alert(self, client: VendorClient, alias: str) -> dict[str, Any] | None:
        answer = await client.call(
            "GET", f"{self._base}/alerts/{segment(alias)}", params={"identifierType": "alias"}, accept=_NOT_SERVED
        )
        return _data(answer)

    async def close(self, client: VendorClient, alias: str, note: str) -> None:
        await client.call(
            "POST", f"{self._base}/alerts/{segment(alias)}/close", params={"identifierType": "alias"},
            json={"source": "mayday", "note": note}, accept=(404,),
        )  # fmt: skip


def _data(answer: Answer) -> dict[str, Any] | None:
    found = answer.at("data") or answer.data
    return found if answer.status < 400 and isinstance(found, dict) else None


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(JsmSettings)
    if settings is None:
        return None
    bucket = RateBucket(per_minute=600, burst=60)
    channels = channels_of("MAYDAY_JSM_CHANNELS", settings.channels)
    watching = not given.webhook if settings.watched is None else settings.watched
    if settings.key is not None:
        keyed = given.client(
            settings.url, StaticAuth("Authorization", "GenieKey", secret(settings.key)), timeout_s=PAGE_TIMEOUT_S,
            bucket=bucket,
        )  # fmt: skip
        by_key = AlertLine(JsmKeyDialect(settings.team), keyed, channels, given.base_url, given.catalog)
        unknown = f"/jsm/ops/integration/v2/alerts/requests/{NO_ALERT}"
        return Offer(
            pager=VendorPager(by_key, given.records.pager_calls), watched=by_key if watching else None,
            checks=[asks("API key", lambda: keyed.call("GET", unknown, accept=(404, 422)),
                         "take the key of an API integration of the team; check MAYDAY_JSM_KEY",
                         "give the API integration of MAYDAY_JSM_KEY read, create and update access")],
        )  # fmt: skip
    client = given.client(
        settings.url, BasicAuth(settings.email, secret(settings.token)), timeout_s=PAGE_TIMEOUT_S, bucket=bucket
    )
    base = f"/jsm/ops/api/{segment(settings.cloud_id)}/v1"
    line = AlertLine(JsmDialect(settings.cloud_id, settings.team), client, channels, given.base_url, given.catalog)
    return Offer(
        pager=VendorPager(line, given.records.pager_calls), watched=line if watching else None,
        roster=CachedRoster(NAME, JsmSchedules(client, base), given.catalog),
        checks=[
            asks("API token", lambda: client.call("GET", f"{base}/alerts", params={"size": "1"}),
                 "make an API token as MAYDAY_JSM_EMAIL and set MAYDAY_JSM_TOKEN; check MAYDAY_JSM_CLOUD_ID",
                 "the token needs the scope read:ops-alert:jira-service-management"),
            asks("API token, writing",
                 lambda: client.call("POST", f"{base}/alerts/{NO_ALERT}/close", json={}, accept=(404, 422)),
                 "make an API token as MAYDAY_JSM_EMAIL and set MAYDAY_JSM_TOKEN",
                 "the token needs the scope write:ops-alert:jira-service-management"),
            asks("schedules", lambda: client.call("GET", f"{base}/schedules", params={"size": "1"}),
                 "make an API token as MAYDAY_JSM_EMAIL and set MAYDAY_JSM_TOKEN",
                 "the token needs the scope read:ops-config:jira-service-management"),
        ],
    )  # fmt: skip
