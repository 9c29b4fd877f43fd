"""Cases at vendors when `MAYDAY_VENDOR_CASE_RULES` says how they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from mayday.domain.ports import Mailer
from mayday.providers.auth import BasicAuth, NoAuth, StaticAuth
from mayday.providers.checks import VendorCheck, on_time
from mayday.providers.client import Answer
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings
from mayday.providers.receipts import Receipts
from mayday.providers.sandboxes import places_in
from mayday.providers.vendor_case.desk import VendorCases
from mayday.providers.vendor_case.rules import HttpCase, JiraCase, MailCase, Rule, ServiceNowCase, read_rules
from mayday.providers.vendor_case.ways import NAME, ByHttp, ByJira, ByMail, ByServiceNow, Way
from mayday.settings import SettingsError


class VendorCaseSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("rules",)
    rules: str = Field(description="How a case is opened at each vendor, as YAML; tokens in `_<VENDOR>_TOKEN`")

    @classmethod
    def leads_to(cls, values: Mapping[str, str]) -> set[str]:
        """The hosts and mail addresses of the rules. Rules that cannot be read lead nowhere."""
        try:
            rules = read_rules(values.get("rules", ""))
        except ValueError:
            return set()
        return {place for rule in rules.values() for place in places_in(rule.to if rule.via == "mail" else rule.url)}


def offer(given: VendorSettings) -> Offer | None:
    """None without rules. Raises SettingsError for rules that cannot be used."""
    settings = given.read(VendorCaseSettings)
    if settings is None:
        return None
    try:
        rules = read_rules(settings.rules)
    except ValueError as error:
        raise SettingsError(f"MAYDAY_VENDOR_CASE_RULES: {error}") from error
    mailer = next((each.mailer for each in given.others.values() if each.mailer is not None), None)
    ways = {vendor: _way(given, vendor, rule, mailer) for vendor, rule in rules.items()}

    async def vendors_are_in_the_catalog() -> CheckResult:
        unknown = [vendor for vendor in rules if vendor not in given.catalog.current().vendors]
        if unknown:
            said = f"the catalog has no vendor {', '.join(unknown)}"
            return CheckResult(False, said, "name the vendors in MAYDAY_VENDOR_CASE_RULES as the catalog does")
        return CheckResult(True, f"{len(rules)} vendors have a way to open cases")

    def is_there(vendor: str, way: Way) -> VendorCheck:
        async def look() -> CheckResult:
            return on_time(Answer(200, await way.look()), f"{vendor} answers")

        token = f"MAYDAY_VENDOR_CASE_{vendor.upper()}_TOKEN"
        return VendorCheck(
            vendor, look, f"check the rule of {vendor} in MAYDAY_VENDOR_CASE_RULES, and {token}",
            f"let the account of {token} open cases and read its own",
        )  # fmt: skip

    looks = [is_there(vendor, way) for vendor, way in ways.items()]
    desk = VendorCases(ways, Receipts(given.records.desk, NAME), mailer)
    return Offer(vendor_desk=desk, checks=[vendors_are_in_the_catalog, *looks])


def _way(given: VendorSettings, vendor: str, rule: Rule, mailer: Mailer | None) -> Way:
    """Raises SettingsError for what the rule needs and nobody has set."""
    token = given.values.get(f"{vendor.lower()}_token", "")
    key = f"MAYDAY_VENDOR_CASE_{vendor.upper()}_TOKEN"
    if isinstance(rule, MailCase):
        if mailer is None:
            raise SettingsError(f"MAYDAY_VENDOR_CASE_RULES: {vendor} wants mail, and MAYDAY_SMTP_URL is not set")
        return ByMail(mailer, rule.to)
    if isinstance(rule, HttpCase):
        parts = urlsplit(rule.url)
        scheme = StaticAuth(rule.auth_header, rule.auth_scheme, token) if token else NoAuth()
        return ByHttp(given.client(f"{parts.scheme}://{parts.netloc}", scheme), rule)
    if not token:
        raise SettingsError(f"{key} is missing: the password or token of {rule.username}")
    client = given.client(rule.url, BasicAuth(rule.username, token))
    if isinstance(rule, JiraCase):
        return ByJira(client, rule)
    assert isinstance(rule, ServiceNowCase)
    return ByServiceNow(client, rule)
