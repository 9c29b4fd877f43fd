"""Everbridge: pager, by `MAYDAY_EVERBRIDGE_*`, with OAuth client credentials or a user's name and password."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, SecretStr, model_validator

from mayday.domain.effects import IncidentCard
from mayday.domain.ports import Call
from mayday.providers.auth import Auth, BasicAuth, ClientCredentials
from mayday.providers.checks import asks
from mayday.providers.client import segment
from mayday.providers.everbridge.pager import NAME, EverbridgeLine
from mayday.providers.offers import Offer, VendorModel, VendorSettings, secret
from mayday.providers.page_words import channels_of
from mayday.providers.rates import RateBucket
from mayday.providers.vendor_pager import VendorPager

PAGE_TIMEOUT_S = 6.0
SCOPE = "openid user-profile role service-profile"


class EverbridgeSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("organization",)
    organization: str = Field(description="Id of the organization: Settings, Organization, Base Information")
    template: int = Field(description="Id of the incident template that is launched for a page")
    key_variable: int | None = Field(default=None, description="Id of a form variable that takes our key")
    client_id: str = Field(default="", description="OAuth client; or set USER and PASSWORD")
    client_secret: SecretStr | None = Field(default=None, description="Its secret")
    user: str = Field(default="", description="User for basic authentication")
    password: SecretStr | None = Field(default=None, description="Its password")
    test_contact: str = Field(default="", description="External id of a contact for doctor's dry run")
    channels: str = Field(default="push,sms,voice", description="What the template reaches people on")
    url: str = Field(default="https://api.everbridge.net", description="https://api.everbridge.eu in the EU")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if bool(self.client_id) != (self.client_secret is not None) or bool(self.user) != (self.password is not None):
            raise ValueError("CLIENT_ID goes with CLIENT_SECRET, USER with PASSWORD")
        if not self.client_id and not self.user:
            raise ValueError("set MAYDAY_EVERBRIDGE_CLIENT_ID and _CLIENT_SECRET, or _USER and _PASSWORD")
        return self


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(EverbridgeSettings)
    if settings is None:
        return None
    auth: Auth = (
        ClientCredentials(
            NAME, f"{settings.url.rstrip('/')}/authorization/v1/tokens", settings.client_id,
            secret(settings.client_secret), more={"scope": SCOPE}, timeout_s=PAGE_TIMEOUT_S,
        )
        if settings.client_id
        else BasicAuth(settings.user, secret(settings.password))
    )  # fmt: skip
    client = given.client(settings.url, auth, timeout_s=PAGE_TIMEOUT_S, bucket=RateBucket(per_minute=300, burst=30))
    line = EverbridgeLine(
        client, channels_of("MAYDAY_EVERBRIDGE_CHANNELS", settings.channels), given.base_url,
        organization=settings.organization, template=settings.template, key_variable=settings.key_variable,
    )  # fmt: skip
    path = f"/rest/incidents/{segment(settings.organization)}"
    trial = line.launch(_nobody(settings.test_contact or "mayday-doctor"))
    return Offer(
        pager=VendorPager(line, given.records.pager_calls), watched=line,
        checks=[
            asks("credentials and organization", lambda: client.call("GET", path, params={"pageSize": "1"}),
                 "check MAYDAY_EVERBRIDGE_CLIENT_ID and _CLIENT_SECRET, or _USER and _PASSWORD, and _ORGANIZATION",
                 "let the account of MAYDAY_EVERBRIDGE_* use incidents of the organization"),
            asks(f"template {settings.template} (dry run)", lambda: client.call("POST", f"{path}/preview", json=trial),
                 "MAYDAY_EVERBRIDGE_TEMPLATE has to be the id of a published template",
                 "let the account launch the template of MAYDAY_EVERBRIDGE_TEMPLATE"),
        ],
    )  # fmt: skip


def _nobody(contact: str) -> Call:
    """The call of a dry run."""
    card = IncidentCard(id="INC-DOCTOR", title="mayday doctor", severity="SEV3", status="drill", service="mayday")
    return Call(
        effect_key="INC-DOCTOR/doctor#1/nobody/push", incident=card, page="doctor", purpose="notice", person="nobody",
        target="person.nobody", channel="push", address=contact, text="mayday doctor: dry run", urgent=False,
    )  # fmt: skip
