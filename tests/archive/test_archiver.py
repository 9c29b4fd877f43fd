"""What ended is archived by itself: three processes, the embedded desk, and the archive taken away over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from mayday.archive.errors import NothingArchived
from mayday.archive.export_file import read
from tests.house import OWNER_TOKEN, House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]


async def test_an_incident_is_archived_when_its_run_ends_and_again_when_the_review_writes(
    tmp_path: Path,
) -> None:
    async with House(tmp_path / "house", settings={"MAYDAY_ARCHIVE_EVERY": "0.3"}) as house:
        body = {"title": "Checkout returns 5xx", "service": "checkout", "severity": "SEV1"}
        answer = await house.call("POST", "/api/v1/incidents", who="dee", body=body)
        incident = answer.json()["id"]
        await house.deputy_is_ana(incident)

        status = {"status": "resolved", "reason": "a false start"}
        assert (await house.post("dee", f"/api/v1/incidents/{incident}/status", status)).status_code == 200
        open_now = await house.call("POST", f"/api/v1/reviews/{incident}/archive", who="dee")
        assert open_now.status_code == 200, open_now.text
        assert "history" in {part["kind"] for part in open_now.json()["parts"]}

        await house.reviewed(incident, "review_invited")

        async def archived() -> bool:
            try:
                found = await house.records.archives.get(incident)
            except NothingArchived:
                return False
            runs = [part for part in found.parts("history") if (part.workflow_id or "").startswith("incident/")]
            kinds = {entry.kind for entry in found.timeline()}
            return all(part.ended for part in runs) and {"finished", "review_invited"} <= kinds

        await house.until(archived, "everything to be archived", within=60)
        found = await house.records.archives.get(incident)
        assert found.texts()["entries"]["1"].startswith("dee opened Checkout returns 5xx")
        assert len(found.plans()) == 1

        taken = tmp_path / "taken.mayday.zip"
        await cli(house, "review", "export", incident, "-o", str(taken))

        async def replayed() -> bool:
            found = json.loads(await cli(house, "review", "replay", str(taken), "--open", "--json"))
            assert found["fits"], found
            return f"review/{incident}" in {item["workflow_id"] for item in found["items"]}

        await house.until(replayed, "the open review among what is replayed")  # the server lists it a moment later
        assert len(read(taken).timeline()) >= len(found.timeline())


async def cli(house: House, *arguments: str) -> str:
    """What a command prints; it has to end with status 0."""
    ours = {
        "MAYDAY_URL": house.url, "MAYDAY_TOKEN": OWNER_TOKEN, "MAYDAY_DATA": str(house.data),
        "TEMPORAL_ADDRESS": house.server.address,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mayday", *arguments, env={**os.environ, **ours},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    assert process.returncode == 0, (out, errors)
    return out.decode()
