"""BMC Helix ITSM (Remedy) when a server and an account are set."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, Json, SecretStr

from mayday.providers.bmc.desk import BmcDesk
from mayday.providers.bmc.forms import NAME, Forms
from mayday.providers.bmc.login import JwtLogin
from mayday.providers.change_orders import VendorChangeRunner
from mayday.providers.checks import check
from mayday.providers.client import checked_base_url
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts


class BmcSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("url",)
    url: str = Field(description="Address of the REST API, such as https://example-restapi.onbmc.com")
    username: str = Field(
        description="Account with the permissions Incident, Problem, Infrastructure Change and Work Order User"
    )
    password: SecretStr = Field(description="Its password")
    first_name: str = Field(description="First name of the customer of major incidents, as People has it")
    last_name: str = Field(description="Last name of that customer")
    company: str = Field(default="", description="That customer's company: follow-up actions then become work orders")
    watched: bool = Field(
        default=True, description="Look at open tickets every minute; `false` where a flow of yours posts to us"
    )
    fields: Json[dict[str, dict[str, Any]]] = Field(
        default={}, description='Fields that the house demands, by kind: `{"incident": {"Assigned Group": "Payments"}}`'
    )


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(BmcSettings)
    if settings is None:
        return None
    base_url = checked_base_url(NAME, settings.url)
    forms = Forms(given.client(base_url, JwtLogin(NAME, base_url, settings.username, secret(settings.password))))
    receipts = Receipts(given.records.desk, NAME)
    desk = BmcDesk(
        forms, receipts, first_name=settings.first_name, last_name=settings.last_name, company=settings.company,
        more=settings.fields,
    )  # fmt: skip

    @check(
        "incidents",
        "check MAYDAY_BMC_URL (the REST API's host), _USERNAME, _PASSWORD, and the account's Incident User",
    )
    async def incidents_can_be_read() -> CheckResult:
        await forms.find("HPD:IncidentInterface", "Incident Number", "INC000000000000", "Status")
        return CheckResult(True, "the account can log in and read incidents")

    @check("work orders", "give the account Work Order User, or leave MAYDAY_BMC_COMPANY out")
    async def work_orders_can_be_read() -> CheckResult:
        if not settings.company:
            return CheckResult(True, "follow-up actions stay at our own desk: MAYDAY_BMC_COMPANY is not set")
        await forms.find("WOI:WorkOrderInterface", "Work Order ID", "WO0000000000000", "Status")
        return CheckResult(True, "the account can read work orders, which follow-up actions become")

    return Offer(
        ticket_desk=desk, watched_desk=desk if settings.watched else None,
        change_runner=VendorChangeRunner(desk, receipts, given.records.timeline, given.base_url),
        checks=[incidents_can_be_read, work_orders_can_be_read],
    )  # fmt: skip
