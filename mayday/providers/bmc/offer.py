"""BMC Helix ITSM (Remedy) when a server and an account are set."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from pydantic import Field, Json, SecretStr

from mayday.providers.bmc.desk import BmcDesk
from mayday.providers.bmc.forms import NAME, Forms
from mayday.providers.bmc.login import JwtLogin
from mayday.providers.change_orders import VendorChangeRunner
from mayday.providers.checks import VendorCheck, on_time
from mayday.providers.client import checked_base_url
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts


class Form(NamedTuple):
    """What doctor reads: a form, the field of its number, and the permission that lets it."""

    name: str
    field: str
    words: str
    permission: str


READ = (
    Form("HPD:IncidentInterface", "Incident Number", "incidents", "Incident User"),
    Form("PBM:ProblemInterface", "Problem Investigation ID", "problems", "Problem User"),
    Form("CHG:ChangeInterface", "Infrastructure Change Id", "changes", "Infrastructure Change User"),
    Form("WOI:WorkOrderInterface", "Work Order ID", "work orders", "Work Order User, or leave MAYDAY_BMC_COMPANY out"),
)


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

    def may_read(form: Form) -> VendorCheck:
        async def look() -> CheckResult:
            if form.name.startswith("WOI:") and not settings.company:
                return CheckResult(True, "follow-up actions stay at our own desk: MAYDAY_BMC_COMPANY is not set")
            await forms.find(form.name, form.field, "MAYDAY-DOCTOR", "Status")
            return on_time(forms.client, f"the account can log in and read {form.words}")

        return VendorCheck(
            form.words, look, "check MAYDAY_BMC_URL (the REST API's host), _USERNAME and _PASSWORD",
            f"give MAYDAY_BMC_USERNAME the permission {form.permission}",
        )  # fmt: skip

    return Offer(
        ticket_desk=desk, watched_desk=desk if settings.watched else None,
        change_runner=VendorChangeRunner(desk, receipts, given.records.timeline, given.base_url),
        checks=[may_read(form) for form in READ],
    )  # fmt: skip
