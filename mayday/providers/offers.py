"""What a vendor's package gives to the registry: `offer(given) -> Offer | None`, in its `offer.py`.

    class StatusSettings(VendorModel):
        token: SecretStr = Field(description="API key of a user of the page")
        url: str = "https://api.example.com"

    def offer(given: VendorSettings) -> Offer | None:
        settings = given.read(StatusSettings)
        if settings is None:
            return None  # nothing of this vendor is set
        client = given.client(settings.url, StaticAuth("Authorization", "OAuth", secret(settings.token)))
        return Offer(status_page=ExamplePage(client), checks=[...])

docs/adding-a-provider.md walks through a whole one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from mayday.catalogs import CatalogSource
from mayday.domain.ports import (
    Bridge,
    Calendar,
    ChangeLog,
    ChangeRunner,
    Chat,
    Mailer,
    Noticeboard,
    OnCallRoster,
    Pager,
    StatusPage,
    TicketDesk,
    VendorDesk,
)
from mayday.providers.auth import Auth, NoAuth
from mayday.providers.client import VendorClient
from mayday.providers.sandboxes import Fence, places_in
from mayday.providers.vendor_pager import WatchedLine
from mayday.providers.watched_tickets import WatchedDesk
from mayday.records.records import Records
from mayday.settings import PREFIX, SECRET_ENDINGS, SettingsError

__all__ = ["Check", "CheckResult", "Offer", "VendorModel", "VendorSettings", "secret"]


class CheckResult(NamedTuple):
    """One look of `mayday doctor` at a vendor: is it well, what was looked at or is wrong, how to fix it."""

    ok: bool
    what: str
    how_to_fix: str = ""


Check = Callable[[], Awaitable[CheckResult]]
"""Looks at a vendor for real: credentials, scopes, reachability, clock. Wakes nobody. May raise ProviderErrors."""


@dataclass(frozen=True)
class Offer:
    """The ports that one vendor serves, with the settings it was given. None: it does not serve that port."""

    pager: Pager | None = None
    chat: Chat | None = None
    noticeboard: Noticeboard | None = None
    """Cards with buttons, wherever the vendor's chat is used."""
    bridge: Bridge | None = None
    ticket_desk: TicketDesk | None = None
    vendor_desk: VendorDesk | None = None
    status_page: StatusPage | None = None
    mailer: Mailer | None = None
    calendar: Calendar | None = None
    change_log: ChangeLog | None = None
    change_runner: ChangeRunner | None = None
    roster: OnCallRoster | None = None
    """Serves the catalog's schedules with `source:` of this vendor's name."""
    watched: WatchedLine | None = None
    """A pager that does not tell us of answers by itself: the worker asks it."""
    watched_desk: WatchedDesk | None = None
    """A ticket desk that does not tell us of changes by itself: the starter asks it."""
    checks: Sequence[Check] = ()


class VendorModel(BaseModel):
    """Base of a vendor's settings. Field `url` is `MAYDAY_<VENDOR>_URL`; secrets are SecretStr."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)
    place: ClassVar[tuple[str, ...]] = ()
    """The fields that say where effects end up: an instance, an account, a page. Its sandbox has to name another one;
    without a place there is no sandbox."""

    @classmethod
    def leads_to(cls, values: Mapping[str, str]) -> set[str]:
        """What settings by these names lead to, as far as `place` says it."""
        return {part for name in cls.place for part in places_in(values.get(name, ""))}


Model = TypeVar("Model", bound=VendorModel)


@dataclass(frozen=True)
class VendorSettings:
    """What an offer is made of. `values` are the vendor's settings by lower-case name, `base_url` is ours."""

    name: str
    values: Mapping[str, str]
    http: httpx.AsyncClient
    base_url: str
    catalog: CatalogSource
    records: Records
    sender: str = "mayday@localhost"
    webhook: bool = False
    """Whether the vendor's webhooks have credentials here: then it tells us of answers, and is not asked for them."""
    others: Mapping[str, Offer] = field(default_factory=dict)
    """The offers made before, in the registry's order: mail as a pager's channel rides on the mailer's."""
    fence: Fence | None = None
    """Of a sandbox: what it may not share with the real vendors."""

    def read(self, model: type[Model]) -> Model | None:
        """The settings as their model; None when none of its fields is set.

        Raises SettingsError naming what is missing or cannot be used when some are, or what a sandbox may not have.
        """
        known = {name: value for name, value in self.values.items() if name in model.model_fields}
        if not known:
            return None
        try:
            made = model.model_validate(known)
        except ValidationError as refused:
            raise SettingsError("\n".join(self._explain(model, error) for error in refused.errors())) from None
        if self.fence is not None:
            self.fence.check(model.place, model.leads_to, made, self.values)
        return made

    def client(
        self, url: str, auth: Auth | None = None, *, timeout_s: float | None = None, **more: Any
    ) -> VendorClient:
        """A client of this vendor whose errors mask everything secret among the settings."""
        made = VendorClient(self.name, url, self.http, auth or NoAuth(), secrets=self.secrets(), **more)
        if timeout_s is not None:
            made.timeout_s = timeout_s
        return made

    def secrets(self) -> list[str]:
        """The values that are secret by the end of their name."""
        return [value for name, value in self.values.items() if name.upper().endswith(SECRET_ENDINGS)]

    def own_words(self, text: str) -> str:
        """A text that names the vendor's settings, naming those of its sandbox where this is one."""
        vendor = self.fence.vendor if self.fence is not None else self.name
        return text.replace(f"{PREFIX}{vendor.upper()}_", f"{PREFIX}{self.name.upper()}_")

    def _explain(self, model: type[VendorModel], error: Any) -> str:
        name = str(error["loc"][0]) if error["loc"] else ""
        key = f"{PREFIX}{self.name.upper()}_{name.upper()}"
        if error["type"] == "missing":
            about = model.model_fields[name].description or "has to be set too"
            return f"{key} is missing: {about}"
        reason = self.own_words(str(error["msg"]).removeprefix("Value error, "))
        return f"{key}: {reason}" if name else f"{PREFIX}{self.name.upper()}_*: {reason}"


def secret(value: SecretStr | None) -> str:
    """The text of a secret setting, empty where it is not set."""
    return value.get_secret_value() if value is not None else ""
