"""The page of trends without a browser: numbers with their n and meaning, filters, files, and nobody's name."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

from mayday.records import IncidentRecord
from tests.archive.test_trends import START, opened, resolved, timeline
from tests.console.test_pages import look
from tests.starter.conftest import House


def incident_id(number: int) -> str:
    return f"INC-01M80YPJAW4DFZ44RVP3AYJ{number:03}"


async def past(house: House, number: int, minutes: int, *, service: str = "payments", **more: object) -> None:
    """An incident of so many minutes that is over."""
    begin = START + timedelta(days=31 * (number % 3))
    page = {"page": "p", "purpose": "page", "people": ["raj"], "targets": ["person.raj"]}
    entries = timeline(opened(service=service, **more), (1, "paged", page), resolved(minutes), start=begin)
    records = house.parts.records
    await records.timeline.append(incident_id(number), entries)
    await records.incidents.opened(
        IncidentRecord(
            id=incident_id(number), workflow_id=f"incident/{number}", title=f"{service} failed no. {number}",
            severity="SEV1", status="resolved", service=service, services=[service],
            opened_at=begin, ended_at=begin, seq=3,
        )
    )  # fmt: skip


async def test_every_number_stands_with_its_n_its_meaning_and_its_source(house: House) -> None:
    await past(house, 1, 30)
    await past(house, 2, 90)
    await past(house, 3, 600, drill=True)
    text = (await look(house, "/trends?from=2026-01-01")).text
    assert "<b>2 incidents</b>" in text
    assert "1 drills, rejected and merged ones are not counted" in text
    mttr = re.search(r"<h3>MTTR</h3>.*?</figure>", text, re.DOTALL)
    assert mttr is not None
    assert "<b>60 min</b> <span>n 2, median 60 min" in mttr[0]
    assert "opening to resolved" in mttr[0]
    assert "From opened, status changed." in mttr[0]
    assert "2026-05: 30 min, n 1" not in mttr[0]
    assert not re.search(r"\s(style|on\w+)=", text)


async def test_nobody_is_counted(house: House) -> None:
    await past(house, 1, 30)
    await past(house, 2, 30)
    for path in ("/trends?from=2026-01-01", "/trends.csv?from=2026-01-01", "/trends.json?from=2026-01-01"):
        text = (await look(house, path)).text
        assert "raj" not in text.lower()
        assert "Patel" not in text


async def test_the_filters_choose_incidents_and_how_they_are_grouped(house: House) -> None:
    await past(house, 1, 30)
    await past(house, 2, 90, service="network")
    text = (await look(house, "/trends?from=2026-01-01&by=service")).text
    assert "payments: 30 min, n 1" in text
    assert "network: 2" not in text
    text = (await look(house, "/trends?from=2026-01-01&service=network&severity=SEV1")).text
    assert "<b>1 incident</b>" in text
    assert "<option selected>network</option>" in text
    assert "<b>0 incidents</b>" in (await look(house, "/trends?from=2026-01-01&severity=SEV4")).text
    assert "Nothing to count yet" in (await look(house, "/trends?from=2027-01-01")).text
    for wrong in ("/trends?by=person", "/trends?from=soon", "/trends?severity=huge", "/trends.xlsx"):
        assert (await look(house, wrong)).status_code == 404


async def test_what_is_shown_can_be_taken_away(house: House) -> None:
    await past(house, 1, 30)
    rows = list(csv.DictReader(io.StringIO((await look(house, "/trends.csv?from=2026-01-01")).text)))
    assert next(row for row in rows if row["measure"] == "MTTR")["value"] == "1800.0"
    answer = await look(house, "/trends.json?from=2026-01-01&by=severity")
    assert answer.json()["groups"][0]["key"] == "SEV1"
    assert "mayday-trends.json" in answer.headers["content-disposition"]
    drawn = (await look(house, "/trends.svg?from=2026-01-01")).text
    assert drawn.startswith("<svg")
    assert "<style>" in drawn


async def test_without_dates_the_last_twelve_months_are_shown(house: House) -> None:
    today = house.clock.at
    text = (await look(house, "/trends")).text
    months = today.year * 12 + today.month - 12
    assert f'name="from" type="date" value="{months // 12}-{months % 12 + 1:02d}-01"' in text


async def test_an_incident_of_long_ago_is_found(house: House) -> None:
    for number in range(1, 60):
        await past(house, number, 30, service="network" if number == 7 else "payments")
    text = (await look(house, "/incidents")).text
    assert text.count("<tr><td>") == 50
    older = re.search(r'href="(/incidents\?cursor=[^"]+)"', text)
    assert older is not None
    assert (await look(house, older[1])).text.count("<tr><td>") == 9
    text = (await look(house, "/incidents?text=NO.%207")).text
    assert "network failed no. 7" in text
    assert text.count("<tr><td>") == 1
    assert "Nothing found" in (await look(house, "/incidents?service=identity")).text
    assert (await look(house, "/incidents?status=nice")).status_code == 404
    assert (await look(house, "/incidents?cursor=nonsense")).status_code == 404
