"""Statuspage when `MAYDAY_STATUSPAGE_TOKEN` and `MAYDAY_STATUSPAGE_PAGE` are set."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, Json, SecretStr

from mayday.providers.auth import StaticAuth
from mayday.providers.checks import check, on_time
from mayday.providers.client import segment
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.providers.statuspage.page import NAME, StatuspagePage


class StatuspageSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("page",)
    token: SecretStr = Field(description="API key of a user who may write incidents of the page")
    page: str = Field(description="Id of the page")
    components: Json[dict[str, str]] = Field(
        default={}, description='Ids of the page\'s components by service: `{"payments": "8kbf7d35c070"}`'
    )
    url: str = Field(default="https://api.statuspage.io/v1", description="Address of the API")


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(StatuspageSettings)
    if settings is None:
        return None
    client = given.client(settings.url, StaticAuth("Authorization", "OAuth", secret(settings.token)))
    page = StatuspagePage(client, Receipts(given.records.desk, NAME), settings.page, components=settings.components)

    @check(
        "page", "make an API key of a user of the page and set MAYDAY_STATUSPAGE_TOKEN",
        "the user of MAYDAY_STATUSPAGE_TOKEN has to be an owner or manager of incidents of the page",
    )  # fmt: skip
    async def page_is_there() -> CheckResult:
        path = f"/pages/{segment(settings.page)}/incidents/unresolved"
        answer = await client.call("GET", path, accept=(404,))
        if answer.status == 404:
            return CheckResult(
                False, f"there is no page {settings.page}", "set MAYDAY_STATUSPAGE_PAGE to the page's id"
            )
        return on_time(answer, "the page's incidents can be read")

    return Offer(status_page=page, checks=[page_is_there])
