"""Zoom when a server-to-server OAuth app of an account is set: bridges of one host."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from mayday.providers.auth import ClientCredentials
from mayday.providers.checks import check, on_time
from mayday.providers.client import segment
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.providers.zoom.bridge import NAME, ZoomBridge

SCOPED = (
    "give the app of MAYDAY_ZOOM_CLIENT_ID the scopes to list, write, end and delete meetings, and activate it again"
)


class ZoomSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("host",)
    account_id: str = Field(description="Account of the server-to-server OAuth app")
    client_id: str = Field(description="The app's client id")
    client_secret: SecretStr = Field(description="The app's client secret")
    host: str = Field(description="Id or mail address of the licensed user who hosts all bridges")
    url: str = Field(default="https://api.zoom.us/v2", description="Address of the API")
    login_url: str = Field(default="https://zoom.us/oauth/token", description="Address of the app's tokens")


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(ZoomSettings)
    if settings is None:
        return None
    more = {"grant_type": "account_credentials", "account_id": settings.account_id}
    login = ClientCredentials(
        NAME, settings.login_url, settings.client_id, secret(settings.client_secret), basic=True, more=more
    )
    client = given.client(settings.url, login)

    @check(
        "host",
        "check MAYDAY_ZOOM_ACCOUNT_ID, _CLIENT_ID, _CLIENT_SECRET, and that the app is active",
        SCOPED,
    )
    async def host_is_there() -> CheckResult:
        answer = await client.call(
            "GET", f"/users/{segment(settings.host)}/meetings", params={"page_size": "1"}, accept=(404,)
        )
        if answer.status == 404:
            return CheckResult(False, f"there is no user {settings.host}", "set MAYDAY_ZOOM_HOST to a licensed user")
        if login.scopes and not any(scope.startswith("meeting:write") for scope in login.scopes):
            return CheckResult(False, "scopes missing: meeting:write", SCOPED)
        return on_time(answer, f"meetings of {settings.host} can be listed")

    return Offer(bridge=ZoomBridge(client, Receipts(given.records.desk, NAME), settings.host), checks=[host_is_there])
