"""PagerDuty: pager and on-call source, by what is set of `MAYDAY_PAGERDUTY_*`."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, SecretStr, model_validator

from mayday.providers.auth import StaticAuth
from mayday.providers.checks import asks
from mayday.providers.offers import Check, Offer, VendorModel, VendorSettings, secret
from mayday.providers.page_words import channels_of
from mayday.providers.pagerduty.pager import NAME, PagerDutyLine
from mayday.providers.pagerduty.roster import PagerDutySchedules
from mayday.providers.rates import RateBucket
from mayday.providers.rosters import CachedRoster
from mayday.providers.vendor_pager import VendorPager

#: a page has 14 s for all of its pagers (mayday.domain.limits)
PAGE_TIMEOUT_S = 4.0
#: an order about an incident that nobody has: it shows whether we may write, and has no effect
NO_INCIDENT = {"incident": {"type": "incident_reference", "status": "resolved"}}
USUAL_URL = "https://api.pagerduty.com"


class PagerDutySettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("routing_key", "service")
    routing_key: SecretStr | None = Field(default=None, description="Integration key of an Events v2 integration")
    token: SecretStr | None = Field(
        default=None, description="REST API key: pages a person by id, reads on-call and answers"
    )
    from_email: str = Field(
        default="", description="Mail address of a PagerDuty user: the REST API wants it as `From:`"
    )
    service: str = Field(default="", description="Id of the service that pages of a person are opened on")
    channels: str = Field(default="push", description="What it serves of push, sms, voice")
    url: str = Field(default=USUAL_URL, description="REST API; https://api.eu.pagerduty.com in the EU")
    events_url: str = Field(default="", description="Events API; by default that beside the REST API")

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.routing_key is None and self.token is None:
            raise ValueError("set MAYDAY_PAGERDUTY_ROUTING_KEY, MAYDAY_PAGERDUTY_TOKEN or both")
        if self.token is not None and not self.from_email:
            raise ValueError("MAYDAY_PAGERDUTY_FROM_EMAIL is missing: PagerDuty takes no REST call without it")
        if self.routing_key is None and not self.service:
            raise ValueError("without a routing key MAYDAY_PAGERDUTY_SERVICE has to name a service")
        return self

    @property
    def events_base(self) -> str:
        return self.events_url or self.url.replace("//api.", "//events.", 1)


def offer(given: VendorSettings) -> Offer | None:
    settings = given.read(PagerDutySettings)
    if settings is None:
        return None
    checks: list[Check] = []
    events = rest = None
    if settings.routing_key is not None:
        events = given.client(
            settings.events_base, timeout_s=PAGE_TIMEOUT_S, bucket=RateBucket(per_minute=120, burst=60)
        )
        key = secret(settings.routing_key)
        quiet = {"routing_key": key, "event_action": "resolve", "dedup_key": "mayday-doctor"}  # of nothing: no effect
        call = events.call
        checks.append(asks(
            "Events v2", lambda: call("POST", "/v2/enqueue", json=quiet),
            "copy the integration key of an Events API v2 integration into MAYDAY_PAGERDUTY_ROUTING_KEY",
        ))  # fmt: skip
    if settings.token is not None:
        rest = given.client(
            settings.url, StaticAuth("Authorization", "Token token=", secret(settings.token)),
            timeout_s=PAGE_TIMEOUT_S, bucket=RateBucket(per_minute=900, burst=120),
        )  # fmt: skip
        ask, headers = rest.call, {"From": settings.from_email}
        checks.append(asks(
            "REST API", lambda: ask("GET", "/incidents", params={"limit": "1"}, headers=headers),
            "make an API key and set MAYDAY_PAGERDUTY_TOKEN",
            "the key of MAYDAY_PAGERDUTY_TOKEN may not read incidents: make another one",
        ))  # fmt: skip
        checks.append(asks(
            "REST API, writing",
            lambda: ask("PUT", "/incidents/MAYDAYDOCTOR", json=NO_INCIDENT, headers=headers, accept=(404,)),
            "MAYDAY_PAGERDUTY_FROM_EMAIL has to be the mail address of a user there, and MAYDAY_PAGERDUTY_TOKEN a key",
            "the key is read-only: make one that may write and set MAYDAY_PAGERDUTY_TOKEN",
        ))  # fmt: skip
        if settings.service:
            checks.append(asks(
                f"service {settings.service}", lambda: ask("GET", f"/services/{settings.service}", headers=headers),
                "MAYDAY_PAGERDUTY_SERVICE is the id in the service's address, such as PWIXJZS, and _TOKEN a key there",
            ))  # fmt: skip
    line = PagerDutyLine(
        channels_of("MAYDAY_PAGERDUTY_CHANNELS", settings.channels), given.base_url, events=events,
        routing_key=secret(settings.routing_key), rest=rest, from_email=settings.from_email, service=settings.service,
    )  # fmt: skip
    roster = CachedRoster(NAME, PagerDutySchedules(rest), given.catalog) if rest is not None else None
    watched = rest is not None and not given.webhook
    return Offer(
        pager=VendorPager(line, given.records.pager_calls),
        roster=roster,
        watched=line if watched else None,
        checks=checks,
    )
