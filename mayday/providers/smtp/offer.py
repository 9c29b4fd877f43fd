"""Mail, pages by mail and invites, when `MAYDAY_SMTP_URL` names a server. `MAYDAY_SMTP_FROM` is who they come from."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mayday.providers.checks import VendorCheck
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.providers.smtp.pager import MailLine
from mayday.providers.vendor_pager import VendorPager
from mayday.settings import SettingsError


class SmtpSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("url",)
    url: str = Field(
        description="smtp://USER:PASSWORD@HOST:587 (STARTTLS), or smtps://...:465; special characters percent-encoded"
    )


def offer(given: VendorSettings) -> Offer | None:
    """None without an address. Raises SettingsError for one that is none."""
    settings = given.read(SmtpSettings)
    if settings is None:
        return None
    try:
        mailer = SmtpMailer(SmtpAddress.parse(settings.url), given.sender)
    except ValueError as error:
        raise SettingsError(f"MAYDAY_SMTP_URL: {error}") from error
    pager = VendorPager(MailLine(mailer, given.base_url), given.records.pager_calls)
    return Offer(pager=pager, mailer=mailer, calendar=mailer, checks=[mailer_check(mailer)])


def mailer_check(mailer: SmtpMailer) -> VendorCheck:
    """Connects, logs in, and sends nothing."""

    async def look() -> CheckResult:
        await mailer.reach()
        return CheckResult(True, "mail server")

    return VendorCheck("mail server", look, "check host, port, user and password of MAYDAY_SMTP_URL")
