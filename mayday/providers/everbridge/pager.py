"""Rings by Everbridge: each call launches an incident from a template, for one contact.

Everbridge has no idempotency key and no recall. So every launch carries our key in a form variable and a mark of it in
its name; before a second try, and after an answer that never came, the incidents since then are listed and read by that
mark. It sends no callbacks either: who confirmed is asked for, at a bounded rate (`answered`).
Sources: specs/everbridge; the notification report (`GET /notificationReports/...`, `contactStatus`, `externalId`) is in
Everbridge's own description of its Suite API, not in that file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from mayday.domain.errors import Refused
from mayday.domain.ports import Call, Rendering
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.page_words import how_to_answer, mark_of, title_of
from mayday.providers.vendor_pager import AnsweredCall, InDoubt
from mayday.providers.vendor_words import cut, short_key
from mayday.records.pager_calls import PagerCall

__all__ = ["NAME", "EverbridgeLine"]

NAME = "everbridge"
LONGEST_SUBJECT = 255
LONGEST_TEXT = 2500
LONGEST_VARIABLE = 255
#: reports read in one round of asking: read calls are limited to 10 a second for the whole organization
MOST_ASKED = 10
MOST_PAGES = 5


class EverbridgeLine:
    name = NAME
    in_doubt: InDoubt = "look"

    def __init__(
        self, client: VendorClient, channels: frozenset[str], base_url: str, *, organization: str, template: int,
        key_variable: int | None = None,
    ) -> None:  # fmt: skip
        self.channels = channels
        self._client = client
        self._base_url = base_url
        self._org = segment(organization)
        self._template = template
        self._variable = key_variable

    def rendered(self, call: Call) -> Rendering:
        body = self.launch(call)
        form = body["incidentPhases"][0]["phaseTemplate"]["formTemplate"]
        return Rendering(
            provider=NAME, form="incident from a template", to=[call.person], subject=str(form["subject"]),
            text=str(form["preMessage"]), shortened=str(form["preMessage"]).endswith("…"), body=body,
        )  # fmt: skip

    async def ring(self, call: Call) -> str:
        answer = await self._client.call("POST", f"/rest/incidents/{self._org}", json=self.launch(call))
        found = answer.text_at("id")
        if found is None:
            raise Refused(f"everbridge launched nothing: {cut(str(answer.at('message')), 100)}", provider=NAME)
        return found

    def launch(self, call: Call) -> dict[str, Any]:
        """The body that launches the call."""
        subject = self._name(call)
        form: dict[str, Any] = {
            "subject": subject,
            "preMessage": cut(f"{call.text}\n{how_to_answer(self._base_url, call)}", LONGEST_TEXT),
        }
        if self._variable is not None:
            key = short_key(call.effect_key, LONGEST_VARIABLE)
            form["formVariableItems"] = [{"variableId": self._variable, "val": [key]}]
        contacts = {"broadcastContacts": {"externalIds": [call.address]}}
        template = {"templateId": self._template, "formTemplate": form, "broadcastTemplate": contacts}
        return {"incidentAction": "Launch", "name": subject, "incidentPhases": [{"phaseTemplate": template}]}

    async def look(self, call: Call, since: datetime) -> list[str]:
        mark = _mark(call.effect_key)
        return [str(row["id"]) for row in await self._since(since) if str(row.get("name", "")).endswith(mark)]

    async def stop(self, call: PagerCall, reason: str) -> None:
        """Closed without telling everybody again; what is closed already stays so."""
        incident = call.ref
        if incident is None:
            mark = _mark(call.effect_key)
            rows = await self._since(call.begun_at - timedelta(seconds=90))
            incident = next((str(row["id"]) for row in rows if str(row.get("name", "")).endswith(mark)), None)
        if incident is None:
            return
        path = f"/rest/incidents/{self._org}/{segment(incident)}"
        try:
            await self._client.call("PUT", path, json={"incidentAction": "CloseWithoutNotification"}, accept=(404,))
        except Refused:
            if (await self._client.call("GET", path)).at("result", "incidentStatus") != "Closed":
                raise

    async def answered(self, calls: Sequence[PagerCall]) -> list[AnsweredCall]:
        """One list for all, then one report for each of the newest that still ring."""
        known = {call.ref: call for call in calls if call.ref}
        if not known:
            return []
        rows = await self._since(min(call.begun_at for call in known.values()) - timedelta(seconds=90))
        found: list[AnsweredCall] = []
        asked = 0
        for row in rows:
            call = known.get(str(row.get("id")))
            if call is None:
                continue
            if row.get("incidentStatus") == "Closed":
                found.append(AnsweredCall(call))
                continue
            notifications = row.get("notificationIds")
            for notification in notifications if isinstance(notifications, list) else []:
                if asked == MOST_ASKED:
                    return found
                asked += 1
                confirmed = await self._confirmed(str(notification))
                if confirmed:
                    found.append(AnsweredCall(call, confirmed[0]))
                    break
        return found

    async def _confirmed(self, notification: str) -> list[str]:
        """External ids of the contacts who confirmed, in time or late."""
        answer = await self._client.call("GET", f"/rest/notificationReports/{self._org}/{segment(notification)}")
        return [
            str(row.get("externalId"))
            for row in answer.rows("page", "data")
            if str(row.get("contactStatus") or row.get("confirmStatus") or "").upper() in ("CONFIRMED", "CONFIRMEDLATE")
        ]

    async def _since(self, since: datetime) -> list[dict[str, Any]]:
        """Incidents created at `since` or later, the newest first."""
        rows: list[dict[str, Any]] = []
        for number in range(1, MOST_PAGES + 1):
            answer: Answer = await self._client.call("GET", f"/rest/incidents/{self._org}", params={
                "status": "All", "incidentType": "Incident", "startTime": str(int(since.timestamp() * 1000)),
                "dateType": "createdDate", "pageNumber": str(number), "pageSize": "100",
            })  # fmt: skip
            rows += answer.rows("page", "data")
            if not answer.at("nextPageUri"):
                break
        return sorted(rows, key=lambda row: int(row.get("createdDate") or 0), reverse=True)

    def _name(self, call: Call) -> str:
        mark = _mark(call.effect_key)
        return f"{title_of(call, LONGEST_SUBJECT - len(mark) - 1)} {mark}"


def _mark(effect_key: str) -> str:
    return f"[{mark_of(effect_key)}]"
