"""Teams: through Graph when an app registration, a service account and a team are set; else by a Workflows webhook.

`MAYDAY_TEAMS_SECRET` alone lets `@mayday` in (the outgoing webhook), and nothing goes out.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr

from mayday.providers.checks import check, on_time
from mayday.providers.client import segment
from mayday.providers.graph.client import GraphLogin, graph_client, login_as_person
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts
from mayday.providers.teams import NAME
from mayday.providers.teams.channels import TeamChannels
from mayday.providers.teams.chat import Member, TeamsChat, TeamsNoticeboard
from mayday.providers.teams.webhook import TeamsWebhook
from mayday.settings import SettingsError

__all__ = ["TeamsGraph", "TeamsHook", "offer"]


SCOPES = ("Channel.Create", "Channel.ReadBasic.All", "ChannelMessage.Read.All", "ChannelMessage.Send")
SCOPED = (
    "grant the app of MAYDAY_TEAMS_CLIENT_ID the delegated permissions of docs/chat.md, and sign in anew for "
    "MAYDAY_TEAMS_REFRESH_TOKEN"
)


class TeamsGraph(GraphLogin):
    place: ClassVar[tuple[str, ...]] = ("team",)
    team: str = Field(description="Id of the team whose channels are used")
    refresh_token: SecretStr = Field(description="Refresh token of the service account that posts")


class TeamsHook(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("webhook_url",)
    webhook_url: SecretStr | None = Field(default=None, description="Address of a Workflows webhook: its sig is secret")


def offer(given: VendorSettings) -> Offer | None:
    """Raises SettingsError for half of the settings of Graph, or an address that is none."""
    receipts = Receipts(given.records.desk, NAME)
    graph = given.read(TeamsGraph)
    if graph is not None:
        return _by_graph(given, graph, receipts)
    hook = given.read(TeamsHook)
    return _by_webhook(given, secret(hook.webhook_url), receipts) if hook and hook.webhook_url else None


def _by_graph(given: VendorSettings, settings: TeamsGraph, receipts: Receipts) -> Offer:
    login = login_as_person(given.name, settings, secret(settings.refresh_token))
    client = graph_client(given, settings, login)
    channels, default = TeamChannels(client, settings.team), given.values.get("channel")

    def member_of(person: str) -> Member:
        known = given.catalog.current().people.get(person)
        return Member(known.ids.get(given.name), known.name) if known else Member(None, person)

    @check(
        "team",
        "check MAYDAY_TEAMS_CLIENT_SECRET, and sign in anew for MAYDAY_TEAMS_REFRESH_TOKEN",
        SCOPED,
    )
    async def team_is_there() -> CheckResult:
        answer = await client.call("GET", f"/teams/{segment(settings.team)}/channels", accept=(404,))
        if answer.status == 404:
            return CheckResult(False, "the team is not there", "set MAYDAY_TEAMS_TEAM to the id in the team's link")
        held = {scope.rsplit("/", 1)[-1] for scope in login.scopes}
        if held and (missing := [scope for scope in SCOPES if scope not in held]):
            return CheckResult(False, f"scopes missing: {', '.join(missing)}", SCOPED)
        return on_time(answer, f"the team has {len(answer.rows('value'))} channels")

    return Offer(
        chat=TeamsChat(channels, receipts, member_of, given.base_url, default),
        noticeboard=TeamsNoticeboard(channels, receipts, member_of, given.base_url, default), checks=[team_is_there],
    )  # fmt: skip


def _by_webhook(given: VendorSettings, url: str, receipts: Receipts) -> Offer:
    """The host is the client's address; the rest is a path that only the adapter knows."""
    parts = urlsplit(url)
    if not parts.hostname or not parts.path.strip("/"):
        raise SettingsError("MAYDAY_TEAMS_WEBHOOK_URL: is no address of a workflow")
    client = given.client(f"{parts.scheme}://{parts.netloc}")
    client.secrets = [*client.secrets, *parse_qs(parts.query).get("sig", [])]
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path

    @check("webhook", "copy MAYDAY_TEAMS_WEBHOOK_URL from the workflow again")
    async def host_is_there() -> CheckResult:
        answer = await client.call("GET", "/", accept=(400, 401, 403, 404, 405))  # the workflow's address would run it
        return on_time(answer, "the workflow's host answers; a message shows the rest: mayday providers test teams")

    webhook = TeamsWebhook(client, path, receipts, given.base_url, given.values.get("channel"))
    return Offer(chat=webhook, checks=[host_is_there])
