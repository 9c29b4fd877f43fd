"""Jira's issues as adapters need them: created with our key inside, found by it, commented and moved.

Jira takes no idempotency key. Ours stands twice in an issue: as a label, which can be searched for, and as an entity
property, which holds the whole key and is compared. The search lags some seconds behind what was written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from mayday.domain.errors import Ambiguous, Refused
from mayday.providers.child_tickets import MOST_CHILDREN
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.jira.documents import document
from mayday.providers.vendor_words import said_in

#: our entity property of issues and comments
PROPERTY = "mayday"
#: JSM shows a comment to the customer unless this property of it says otherwise; plain Jira keeps it and does nothing
_INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}
_COMMENTS_LOOKED_AT = "100"
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
_NOT_THERE, _NOT_LIKE_THAT = 404, 400


class Issue(NamedTuple):
    """`ignored`: fields that the project does not take."""

    key: str
    id: str
    ignored: list[str]


class Issues:
    """Raises ProviderErrors like the client below it; `name` is who they speak of."""

    def __init__(self, client: VendorClient, project: str) -> None:
        self.client = client
        self.name = client.provider
        self._project = project

    async def create(self, effect_key: str, fields: Mapping[str, Any], needed: frozenset[str]) -> Issue:
        """Create an issue. Fields that the project refuses are left out, unless they are `needed`."""
        wanted = {**fields, "project": {"key": self._project}, "labels": [label_of(effect_key), "mayday"]}
        answer = await self._post(effect_key, wanted)
        ignored = [name for name in answer.at("errors") or {} if name in wanted and name not in needed]
        if answer.status == _NOT_LIKE_THAT and ignored:
            answer = await self._post(effect_key, {k: v for k, v in wanted.items() if k not in ignored})
        if answer.status == _NOT_LIKE_THAT:
            raise Refused(f"{self.name} does not take the issue: {said_in(answer.data)}", provider=self.name)
        if not answer.text_at("key"):
            raise Ambiguous(f"{self.name} answered without the issue", provider=self.name)
        return Issue(answer.text_at("key") or "", answer.text_at("id") or "", ignored)

    async def find(self, effect_key: str) -> Issue | None:
        """The issue that holds this key, as far as the search knows it already."""
        answer = await self.client.call("POST", "/rest/api/3/search/jql", json={
            "jql": f'project = "{self._project}" AND labels = "{label_of(effect_key)}" ORDER BY created ASC',
            "fields": ["summary"], "properties": [PROPERTY], "maxResults": 5,
        })  # fmt: skip
        for issue in answer.rows("issues"):
            if Answer(200, {}, issue).at("properties", PROPERTY, "effect_key") == effect_key and issue.get("key"):
                return Issue(str(issue["key"]), str(issue.get("id") or ""), [])
        return None

    async def get(self, number: str) -> Answer:
        """Status and links. Raises Refused for an issue that is not there."""
        path = f"/rest/api/3/issue/{segment(number)}"
        answer = await self.client.call("GET", path, params={"fields": "status,summary"}, accept=(_NOT_THERE,))
        if answer.status == _NOT_THERE:
            raise Refused(f"{self.name} has no issue {number[:60]}", provider=self.name)
        return answer

    async def state(self, number: str) -> tuple[str, bool]:
        """The issue's status by name, and whether it counts as done."""
        answer = await self.get(number)
        name = answer.text_at("fields", "status", "name") or ""
        return name, answer.at("fields", "status", "statusCategory", "key") == "done"

    async def comment(self, number: str, effect_key: str, text: str) -> str:
        """An internal comment; returns its id."""
        answer = await self.client.call("POST", f"/rest/api/3/issue/{segment(number)}/comment", json={
            "body": document(text),
            "properties": [_INTERNAL, {"key": PROPERTY, "value": {"effect_key": effect_key}}],
        })  # fmt: skip
        return answer.text_at("id") or ""

    async def commented(self, number: str, effect_key: str) -> str | None:
        """The id of the newest comments' one that holds this key."""
        params = {"expand": "properties", "orderBy": "-created", "maxResults": _COMMENTS_LOOKED_AT}
        answer = await self.client.call("GET", f"/rest/api/3/issue/{segment(number)}/comment", params=params)
        for comment in answer.rows("comments"):
            for each in Answer(200, {}, comment).rows("properties"):
                if each.get("key") == PROPERTY and Answer(200, {}, each).at("value", "effect_key") == effect_key:
                    return str(comment.get("id"))
        return None

    async def finish(self, number: str, resolution: str) -> None:
        """Take the transition that ends in a done status. Raises Refused where the workflow offers none."""
        path = f"/rest/api/3/issue/{segment(number)}/transitions"
        answer = await self.client.call("GET", path, params={"expand": "transitions.fields"})
        for transition in answer.rows("transitions"):
            told = Answer(200, {}, transition)
            if told.at("to", "statusCategory", "key") == "done" and told.at("isAvailable") is not False:
                body: dict[str, Any] = {"transition": {"id": str(transition["id"])}}
                if told.at("fields", "resolution"):
                    body["fields"] = {"resolution": {"name": resolution}}
                await self.client.call("POST", path, json=body)
                return
        said = f"{self.name}: the workflow of {number} offers no way to a done status from where it stands"
        raise Refused(said, provider=self.name)

    async def mark_child(self, number: str, major: str) -> None:
        """Raises Refused for an issue that is not there."""
        label = _child_label(major)
        answer = await self.client.call(
            "PUT", f"/rest/api/3/issue/{segment(number)}", json={"update": {"labels": [{"add": label}]}},
            accept=(_NOT_THERE,),
        )  # fmt: skip
        if answer.status == _NOT_THERE:
            raise Refused(f"{self.name} has no issue {number[:60]}", provider=self.name)

    async def children(self, major: str) -> list[str]:
        """Issues that are marked as children of `major`, as far as the search knows them."""
        answer = await self.client.call("POST", "/rest/api/3/search/jql", json={
            "jql": f'labels = "{_child_label(major)}" AND statusCategory != Done ORDER BY created ASC',
            "fields": ["labels"], "maxResults": MOST_CHILDREN,
        })  # fmt: skip
        return [
            str(issue["key"]) for issue in answer.rows("issues")
            if issue.get("key") and _child_label(major) in (Answer(200, {}, issue).at("fields", "labels") or [])
        ]  # fmt: skip

    async def begin(self, number: str, names: Collection[str], *, anew: bool = False) -> None:
        """Take the issue to a status of one of these names, else to any that counts as under way (`anew`: or as not
        begun). One that stands in such a status stays. Raises Refused where the workflow offers no way there."""
        wanted = [name.casefold() for name in names]
        told = await self.get(number)
        if (told.text_at("fields", "status", "name") or "").casefold() in wanted:
            return
        path = f"/rest/api/3/issue/{segment(number)}/transitions"
        answer = await self.client.call("GET", path)
        open_ways = [Answer(200, {}, each) for each in answer.rows("transitions")]
        named = [way for way in open_ways if (way.text_at("to", "name") or "").casefold() in wanted]
        under_way = [way for way in open_ways if way.at("to", "statusCategory", "key") == "indeterminate"]
        not_begun = [way for way in open_ways if anew and way.at("to", "statusCategory", "key") == "new"]
        for way in (*named, *under_way, *not_begun):
            if way.at("isAvailable") is not False:
                await self.client.call("POST", path, json={"transition": {"id": str(way.at("id"))}})
                return
        if told.at("fields", "status", "statusCategory", "key") != "indeterminate":
            said = f"{self.name}: the workflow of {number} offers no way to a status under way from where it stands"
            raise Refused(said, provider=self.name)

    async def approve(self, number: str) -> int:
        """Approve what our account is asked to approve, in Jira Service Management; returns how many those were."""
        path = f"/rest/servicedeskapi/request/{segment(number)}/approval"
        answer = await self.client.call("GET", path, accept=(_NOT_LIKE_THAT, 401, 403, _NOT_THERE))
        if answer.status >= 400:
            return 0  # no request of a service project, or none of our business
        asked = [each for each in answer.rows("values") if each.get("canAnswerApproval") is True]
        for each in asked:
            await self.client.call("POST", f"{path}/{segment(str(each.get('id')))}", json={"decision": "approve"})
        return len(asked)

    async def link(self, number: str, other: str) -> None:
        """`number` relates to `other`; the same link again stays one."""
        await self.client.call("POST", "/rest/api/3/issueLink", json={
            "type": {"name": "Relates"}, "inwardIssue": {"key": number}, "outwardIssue": {"key": other},
        })  # fmt: skip

    async def _post(self, effect_key: str, fields: Mapping[str, Any]) -> Answer:
        body = {"fields": dict(fields), "properties": [{"key": PROPERTY, "value": {"effect_key": effect_key}}]}
        return await self.client.call("POST", "/rest/api/3/issue", json=body, accept=(_NOT_LIKE_THAT,))


def _child_label(major: str) -> str:
    """Raises Refused for what is no issue's key."""
    if not _KEY.fullmatch(major):
        raise Refused(f"jira has no issue {major[:60]}", provider="jira")
    return f"mayday-child-of-{major}"


def label_of(effect_key: str) -> str:
    """A label holds no spaces and is found whole."""
    return f"mayday-{hashlib.sha256(effect_key.encode()).hexdigest()[:20]}"
