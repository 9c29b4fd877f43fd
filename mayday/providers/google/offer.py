"""Google Meet and Google Calendar when a service account and the user whom it acts for are set."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field, Json, SecretStr

from mayday.providers.checks import check, on_time
from mayday.providers.client import checked_base_url, segment
from mayday.providers.google.calendar import GoogleCalendar
from mayday.providers.google.login import ServiceAccount
from mayday.providers.google.meet import NAME, GoogleMeet
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.settings import SettingsError

SCOPES = (
    "https://www.googleapis.com/auth/meetings.space.created", "https://www.googleapis.com/auth/calendar.events",
)  # fmt: skip


class AccountKey(BaseModel):
    """What is used of the key file that Google gives out."""

    client_email: str
    private_key: SecretStr
    token_uri: str = "https://oauth2.googleapis.com/token"


class GoogleSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("subject",)
    service_account_key: Json[AccountKey] = Field(description="Key file of the service account, as JSON")
    subject: str = Field(description="Mail address of the user whom the service account acts for")
    calendar: str = Field(default="primary", description="Id of the calendar that review meetings go into")
    meet_url: str = Field(default="https://meet.googleapis.com", description="Address of the Meet API")
    calendar_url: str = Field(default="https://www.googleapis.com", description="Address of the Calendar API")


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(GoogleSettings)
    if settings is None:
        return None
    key = settings.service_account_key
    try:
        login = ServiceAccount(
            NAME, email=key.client_email, private_key=secret(key.private_key),
            token_url=checked_base_url(NAME, key.token_uri), subject=settings.subject, scopes=SCOPES,
        )  # fmt: skip
    except ValueError as error:
        raise SettingsError("MAYDAY_GOOGLE_SERVICE_ACCOUNT_KEY: its private key cannot be read") from error
    meet, calendar = given.client(settings.meet_url, login), given.client(settings.calendar_url, login)

    @check(
        "calendar",
        "check MAYDAY_GOOGLE_SERVICE_ACCOUNT_KEY and _SUBJECT; delegate meetings.space.created and calendar.events to "
        "the service account, domain-wide",
        "delegate meetings.space.created and calendar.events to the account of MAYDAY_GOOGLE_SERVICE_ACCOUNT_KEY, "
        "domain-wide, and enable both APIs in its project",
    )
    async def calendar_is_there() -> CheckResult:
        path = f"/calendar/v3/calendars/{segment(settings.calendar)}/events"
        answer = await calendar.call("GET", path, params={"maxResults": "1"}, accept=(404,))
        if answer.status == 404:
            said = f"there is no calendar {settings.calendar}"
            return CheckResult(False, said, f"share it with {settings.subject}, or set MAYDAY_GOOGLE_CALENDAR")
        return on_time(answer, f"the calendar can be read as {settings.subject}")

    return Offer(
        bridge=GoogleMeet(meet, Receipts(given.records.desk, NAME)),
        calendar=GoogleCalendar(calendar, settings.calendar), checks=[calendar_is_there],
    )  # fmt: skip
