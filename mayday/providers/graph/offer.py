"""Teams meetings and Outlook events when an app registration and an organiser are set."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mayday.providers.checks import check, on_time
from mayday.providers.client import segment
from mayday.providers.graph.calendar import OutlookCalendar
from mayday.providers.graph.client import GraphLogin, graph_client
from mayday.providers.graph.meetings import NAME, TeamsMeetings
from mayday.providers.offers import CheckResult, Offer, VendorSettings
from mayday.providers.receipts import Receipts

#: finds nothing: it shows whether the app may
NO_MEETING = "JoinWebUrl eq 'https://teams.microsoft.com/l/mayday-doctor'"


class GraphSettings(GraphLogin):
    place: ClassVar[tuple[str, ...]] = ("organiser",)
    organiser: str = Field(description="Object id or user principal name of who organises bridges and meetings")


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(GraphSettings)
    if settings is None:
        return None
    client = graph_client(given, settings)
    receipts = Receipts(given.records.desk, NAME)

    @check(
        "organiser",
        "check MAYDAY_GRAPH_TENANT, _CLIENT_ID, _CLIENT_SECRET",
        "grant the app of MAYDAY_GRAPH_CLIENT_ID the application permission Calendars.ReadWrite",
    )
    async def organiser_is_there() -> CheckResult:
        path = f"/users/{segment(settings.organiser)}/events"
        answer = await client.call("GET", path, params={"$top": "1", "$select": "id"}, accept=(404,))
        if answer.status == 404:
            said = f"there is no user {settings.organiser}"
            return CheckResult(False, said, "set MAYDAY_GRAPH_ORGANISER to an id or user principal name")
        return on_time(answer, "the organiser's calendar can be read")

    @check(
        "meetings",
        "check MAYDAY_GRAPH_TENANT, _CLIENT_ID, _CLIENT_SECRET",
        "grant the app of MAYDAY_GRAPH_CLIENT_ID the application permission OnlineMeetings.ReadWrite.All, and the "
        "organiser an application access policy for it (Grant-CsApplicationAccessPolicy)",
    )
    async def meetings_can_be_read() -> CheckResult:
        path = f"/users/{segment(settings.organiser)}/onlineMeetings"
        answer = await client.call("GET", path, params={"$filter": NO_MEETING}, accept=(404,))
        return on_time(answer, "meetings in the organiser's name can be read")

    return Offer(
        bridge=TeamsMeetings(client, receipts, settings.organiser),
        calendar=OutlookCalendar(client, receipts, settings.organiser),
        checks=[organiser_is_there, meetings_can_be_read],
    )  # fmt: skip
