"""ServiceNow when `MAYDAY_SERVICENOW_URL` is set: ticket desk, changes and change log of one instance."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, Json, SecretStr, model_validator

from mayday.providers.auth import Auth, BasicAuth, ClientCredentials
from mayday.providers.change_orders import VendorChangeRunner
from mayday.providers.checks import VendorCheck, on_time
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.providers.servicenow.change_log import ServiceNowChangeLog
from mayday.providers.servicenow.desk import ServiceNowDesk
from mayday.providers.servicenow.tables import NAME, Tables

#: what doctor reads, and the role that lets it
READ = {"incident": "itil", "problem": "itil", "change_request": "itil and sn_change_write"}


class ServiceNowSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("url",)
    url: str = Field(description="Address of the instance, such as https://example.service-now.com")
    username: str | None = Field(default=None, description="Account with the role itil; with `PASSWORD`")
    password: SecretStr | None = Field(default=None, description="Its password")
    client_id: str | None = Field(default=None, description="OAuth client instead of an account; with `CLIENT_SECRET`")
    client_secret: SecretStr | None = Field(default=None, description="Its secret")
    caller: str | None = Field(default=None, description="User name of the caller of incidents, where it is mandatory")
    assignment_group: str | None = Field(default=None, description="Group of new tickets where the runbook names none")
    close_code: str = Field(default="Solution provided", description="Resolution code of closed incidents and changes")
    watched: bool = Field(default=False, description="Look at open tickets every minute: where no webhook tells us")
    fields: Json[dict[str, dict[str, Any]]] = Field(
        default={}, description='Fields that the house demands, by table: `{"incident": {"category": "outage"}}`'
    )

    @model_validator(mode="after")
    def _one_login(self) -> ServiceNowSettings:
        if not (self.username and self.password) and not (self.client_id and self.client_secret):
            raise ValueError("USERNAME with PASSWORD, or CLIENT_ID with CLIENT_SECRET, has to be set too")
        return self


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(ServiceNowSettings)
    if settings is None:
        return None
    tables = Tables(given.client(settings.url, _auth(settings)))
    receipts = Receipts(given.records.desk, NAME)

    def names_of(service: str) -> list[str]:
        known = given.catalog.current().services.get(service)
        return list(dict.fromkeys([service, *([known.name] if known and known.name else [])]))

    desk = ServiceNowDesk(
        tables, receipts, names_of, caller=settings.caller, group=settings.assignment_group,
        close_code=settings.close_code, more=settings.fields,
    )  # fmt: skip

    def may_read(table: str, role: str) -> VendorCheck:
        async def look() -> CheckResult:
            await tables.rows(table, "ORDERBYnumber", "sys_id", limit="1")
            return on_time(tables.client, f"{table} can be read")

        return VendorCheck(
            table, look, "check MAYDAY_SERVICENOW_URL, and _USERNAME with _PASSWORD or _CLIENT_ID with _CLIENT_SECRET",
            f"give the account of MAYDAY_SERVICENOW_* the role {role}",
        )  # fmt: skip

    return Offer(
        ticket_desk=desk, watched_desk=desk if settings.watched else None,
        change_log=ServiceNowChangeLog(tables, names_of),
        change_runner=VendorChangeRunner(desk, receipts, given.records.timeline, given.base_url),
        checks=[may_read(table, role) for table, role in READ.items()],
    )  # fmt: skip


def _auth(settings: ServiceNowSettings) -> Auth:
    if settings.username and settings.password:
        return BasicAuth(settings.username, secret(settings.password))
    token_url = f"{settings.url.rstrip('/')}/oauth_token.do"
    return ClientCredentials(NAME, token_url, settings.client_id or "", secret(settings.client_secret))
