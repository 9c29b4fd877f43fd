"""Slack, when `MAYDAY_SLACK_TOKEN` is set: chat, noticeboard and pager of one bot token (docs/chat.md has the app's
manifest)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from mayday.providers.auth import StaticAuth
from mayday.providers.checks import asks, check, on_time
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import BASE_URL, SlackApi, refusal_in
from mayday.providers.slack.cards import SlackNoticeboard, SlackPager
from mayday.providers.slack.channels import Channels
from mayday.providers.slack.chat import SlackChat

__all__ = ["SCOPES", "SlackSettings", "offer"]

SCOPES = (
    "channels:manage", "channels:read", "channels:history", "chat:write", "commands", "groups:history", "groups:read",
    "groups:write", "im:history", "im:write", "pins:write",
)  # fmt: skip


FIX = "MAYDAY_SLACK_TOKEN: install the app anew and take its bot token"
SCOPED = "add what is missing to the app's bot token scopes, install it again, and take MAYDAY_SLACK_TOKEN from there"


class SlackSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("token",)
    token: SecretStr | None = Field(default=None, description="Bot token of the app: xoxb-...")
    secret: SecretStr | None = Field(default=None, description="Signing secret of the app: verifies what Slack sends")
    url: str = Field(default=BASE_URL, description="Address of the Web API")
    channel: str | None = Field(default=None, description="Channel of incidents that have none of their own yet")


def offer(given: VendorSettings) -> Offer | None:
    """None without a token: a signing secret alone lets the slash command in, and nothing goes out."""
    settings = given.read(SlackSettings)
    if settings is None or settings.token is None:
        return None
    client = given.client(settings.url, StaticAuth("Authorization", "Bearer", secret(settings.token)))
    client.reading = refusal_in
    api = SlackApi(client)
    channels, receipts = Channels(api), Receipts(given.records.desk, NAME)

    def user_of(person: str) -> str | None:
        known = given.catalog.current().people.get(person)
        return known.ids.get(given.name) if known else None

    @check("scopes", FIX, SCOPED)
    async def scoped() -> CheckResult:
        answer = await client.call("GET", "/auth.test")
        held = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
        missing = [scope for scope in SCOPES if held and scope not in held]
        if missing:
            return CheckResult(False, f"scopes missing: {', '.join(missing)}", SCOPED)
        return on_time(answer, "scopes are there")

    return Offer(
        chat=SlackChat(api, channels, receipts, user_of, given.base_url, settings.channel),
        pager=SlackPager(api, channels, receipts, given.base_url),
        noticeboard=SlackNoticeboard(api, channels, receipts, user_of, given.base_url, settings.channel),
        checks=[asks("the bot's token opens the workspace", lambda: client.call("GET", "/auth.test"), FIX), scoped],
    )
