"""Jira or Jira Service Management when a site, an account and a project are set."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, Json, SecretStr

from mayday.providers.auth import BasicAuth
from mayday.providers.change_orders import VendorChangeRunner
from mayday.providers.checks import check, on_time
from mayday.providers.client import segment
from mayday.providers.jira.desk import NAME, JiraDesk
from mayday.providers.jira.issues import Issues
from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings, secret
from mayday.providers.receipts import Receipts

#: what the desk does with issues. Source: developer.atlassian.com, "Get my permissions"
PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES", "LINK_ISSUES")


class JiraSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("url",)
    url: str = Field(description="Address of the site, such as https://example.atlassian.net")
    username: str = Field(description="Mail address of the account that writes")
    token: SecretStr = Field(description="Its API token")
    project: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="Key of the project that tickets are opened in"
    )
    incident_type: str = Field(default="Incident", description="Issue type of major incidents")
    problem_type: str = Field(default="Problem", description="Issue type of problem records")
    change_type: str = Field(default="Change", description="Issue type of emergency changes")
    action_type: str = Field(default="Task", description="Issue type of follow-up actions")
    resolution: str = Field(default="Done", description="Resolution of closed issues, where the workflow asks for one")
    watched: bool = Field(default=False, description="Look at open tickets every minute: where no webhook tells us")
    fields: Json[dict[str, dict[str, Any]]] = Field(
        default={},
        description='Fields that the house demands, by kind: `{"incident": {"customfield_10010": "it/major"}}`',
    )


def offer(given: VendorSettings) -> Offer | None:
    """None without settings. Raises SettingsError for half of them."""
    settings = given.read(JiraSettings)
    if settings is None:
        return None
    client = given.client(settings.url, BasicAuth(settings.username, secret(settings.token)))
    receipts = Receipts(given.records.desk, NAME)
    desk = JiraDesk(
        Issues(client, settings.project), receipts,
        {
            "incident": settings.incident_type, "problem": settings.problem_type, "change": settings.change_type,
            "action": settings.action_type,
        },
        resolution=settings.resolution, more=settings.fields,
    )  # fmt: skip

    @check(
        "project",
        "make an API token as MAYDAY_JIRA_USERNAME, who is a user of MAYDAY_JIRA_URL, and set MAYDAY_JIRA_TOKEN",
        "let MAYDAY_JIRA_USERNAME browse project MAYDAY_JIRA_PROJECT",
    )
    async def project_is_there() -> CheckResult:
        answer = await client.call("GET", f"/rest/api/3/project/{segment(settings.project)}", accept=(404,))
        if answer.status == 404:
            said = f"there is no project {settings.project} for {settings.username}"
            return CheckResult(
                False, said, "set MAYDAY_JIRA_PROJECT, and let the account browse and create issues there"
            )
        types = {str(each.get("name")) for each in answer.rows("issueTypes")}
        wanted = {settings.incident_type, settings.problem_type, settings.change_type, settings.action_type}
        if types and (missing := wanted - types):
            said = f"project {settings.project} has no issue type {', '.join(sorted(missing))}"
            return CheckResult(
                False,
                said,
                "name its own types in MAYDAY_JIRA_INCIDENT_TYPE, _PROBLEM_TYPE, _CHANGE_TYPE, _ACTION_TYPE",
            )
        return on_time(answer, f"project {settings.project} takes the four kinds of tickets")

    @check(
        "permissions",
        "make an API token as MAYDAY_JIRA_USERNAME, who is a user of MAYDAY_JIRA_URL, and set MAYDAY_JIRA_TOKEN",
        "let MAYDAY_JIRA_USERNAME browse project MAYDAY_JIRA_PROJECT",
    )
    async def may_write() -> CheckResult:
        params = {"projectKey": settings.project, "permissions": ",".join(PERMISSIONS)}
        answer = await client.call("GET", "/rest/api/3/mypermissions", params=params)
        missing = [each for each in PERMISSIONS if answer.at("permissions", each, "havePermission") is False]
        if missing:
            said = f"permissions missing: {', '.join(missing)}"
            return CheckResult(False, said, f"give them to {settings.username} in project {settings.project}'s scheme")
        return on_time(answer, "the account has the permissions that tickets need")

    return Offer(
        ticket_desk=desk, watched_desk=desk if settings.watched else None,
        change_runner=VendorChangeRunner(desk, receipts, given.records.timeline, given.base_url),
        checks=[project_is_there, may_write],
    )  # fmt: skip
