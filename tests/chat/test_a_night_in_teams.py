"""The same night from Teams: what is written to the outgoing webhook, and questions that change when they are over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.doubles.teams import Teams, words_of
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(180)]


async def test_declared_acknowledged_and_decided_from_teams(tmp_path: Path, runbooks: Path) -> None:
    async with Teams() as teams, House(tmp_path / "house", runbooks, settings=teams.settings()) as house:

        async def says(person: str, text: str, channel: str = "incidents") -> str:
            body, headers = teams.writes(f"aad-{person}", text, datetime.now(UTC), channel)
            answer = await house.http.post("/chat/teams", content=body, headers=headers)
            assert answer.status_code == 200, answer.text
            return words_of(answer.json()["attachments"][0]["content"])

        async def seen(words: str, *, without: str = "\0", room: str = "inc-shop") -> str:
            async def look() -> str | None:
                named = [channel.name for channel in teams.channels.values()]
                said = teams.said(room) if room in named else []
                return next((text for text in said if words in text and without not in text), None)

            found = await house.until(look, f"{words!r} in Teams")
            assert found is not None
            return found

        assert "declared" in await says("ana", "declare shop sev1 Cards are refused")
        [item] = (await house.get("/api/v1/incidents"))["items"]
        await seen("Cards are refused")

        offered = await seen("you are offered the role of deputy", room="incidents")
        assert "@mayday decline deputy REASON" in offered
        assert "you declined the role of deputy" in await says("dee", "decline deputy on a plane", "inc-shop")
        declined = await house.happened(item["id"], "role_declined", role="deputy")
        assert (declined["actor"], declined["data"]["reason"]) == ("dee", "on a plane")

        assert "@mayday ack wake" in await seen("the shop is down")
        assert "you have “wake”" in await says("raj", "ack", "inc-shop")
        await house.happened(item["id"], "acknowledged", page="wake")
        await seen("Over: acknowledged by Raj", without="@mayday")

        assert "@mayday vote bypass approve" in await seen("Bypass the gateway?")
        assert " is no voter of “bypass”; it asks " in await says("lee", "vote approve", "inc-shop")
        assert "your vote counts, approve on “bypass”" in await says(
            "sam", "vote bypass approve tested twice", "inc-shop"
        )
        answer = await house.post(
            "kim", f"/api/v1/incidents/{item['id']}/votes", {"decision": "bypass", "choice": "approve"}
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        await seen("Over: decided: approved", without="@mayday")
        await seen("bypassed")

        assert "@mayday done verify" in await seen("Do cards go through?")
        assert "done verify ok=..." in await says("lee", "done verify", "inc-shop")
        assert "done" in await says("lee", "done verify ok=true", "inc-shop")
        done = await house.happened(item["id"], "task_completed", task="verify")
        assert done["data"]["result"] == {"ok": True}
        await seen("Over: completed by Lee", without="@mayday")
        assert teams.violations == []
