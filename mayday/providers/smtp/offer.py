"""Mail and invites, when `MAYDAY_SMTP_URL` names a server. `MAYDAY_SMTP_FROM` is who they come from."""

from __future__ import annotations

from mayday.providers.offers import Offer, VendorModel, VendorSettings
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.settings import SettingsError


class SmtpSettings(VendorModel):
    url: str


def offer(given: VendorSettings) -> Offer | None:
    """None without an address. Raises SettingsError for one that is none."""
    settings = given.read(SmtpSettings)
    if settings is None:
        return None
    try:
        mailer = SmtpMailer(SmtpAddress.parse(settings.url), given.sender)
    except ValueError as error:
        raise SettingsError(f"MAYDAY_SMTP_URL: {error}") from error
    return Offer(mailer=mailer, calendar=mailer)
