"""Stepping through a night without a browser: every moment has an address, every button is a form's."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from tests.console.nights import keep
from tests.console.test_pages import look
from tests.console.test_trends_page import incident_id, past
from tests.starter.conftest import House

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def night(house: House) -> str:
    return await keep(house.parts.records)


def words(answer: httpx.Response) -> str:
    """The page as text."""
    plain = re.sub(r"<[^>]+>", " ", answer.text)
    return html.unescape(" ".join(plain.split()))


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    assert found is not None
    return found[1]


async def test_a_moment_shows_what_was_known_then(house: House, night: str) -> None:
    answer = await look(house, f"/reviews/{night}/time?at=02:35")
    text = words(answer)
    assert "T+00:25:59" in text
    assert "investigating" in text
    assert "gateway co" in text.lower()
    assert "breached" in text
    assert "no answer yet" in text
    assert "Ana Ruiz" in text
    assert not re.search(r"\s(style|on\w+)=", answer.text)
    later = words(await look(house, f"/reviews/{night}/time?at=T%2B20h"))
    assert "Nothing was waited for." in later


async def test_an_entry_is_a_moment_and_has_neighbours(house: House, night: str) -> None:
    text = (await look(house, f"/reviews/{night}/time?seq=40")).text
    assert "after entry 40" in text
    assert 'name="seq" value="39"' in text
    assert 'name="seq" value="41"' in text
    first = (await look(house, f"/reviews/{night}/time?seq=1")).text
    assert 'name="seq" value="0"' not in first


async def test_the_slider_is_a_field_of_a_form_and_the_zoom_its_buttons(house: House, night: str) -> None:
    text = (await look(house, f"/reviews/{night}/time?t=1500")).text
    assert field(text, "t") == "1500"
    assert field(text, "from") == "0"
    whole = int(field(text, "to"))
    text = (await look(house, f"/reviews/{night}/time?t=1500&from=0&to={whole}&zoom=in")).text
    begin, end = int(field(text, "from")), int(field(text, "to"))
    assert (end - begin) == whole // 2
    assert begin <= 1500 <= end
    text = (await look(house, f"/reviews/{night}/time?t=1500&from={begin}&to={end}&zoom=later")).text
    assert int(field(text, "from")) > begin
    text = (await look(house, f"/reviews/{night}/time?t=1500&from={begin}&to={end}&zoom=all")).text
    assert (field(text, "from"), field(text, "to")) == ("0", str(whole))
    text = (await look(house, f"/reviews/{night}/time?t={whole - 5}&from=0&to=600")).text
    assert int(field(text, "from")) > 600, "a moment outside of what is shown takes it along"


async def test_what_is_under_the_pointer_stays_there_while_it_zooms(house: House, night: str) -> None:
    whole = int(slider_of((await look(house, f"/reviews/{night}/time?t=1500")).text)[1])
    begin, end = slider_of((await look(house, f"/reviews/{night}/time?t=1500&zoom=in&about=3000")).text)
    assert (end - begin) == whole // 2
    assert begin <= 1500 <= end, "the moment stays on the lanes"
    assert abs((3000 - begin) / (end - begin) - 3000 / whole) < 0.01
    begin, end = slider_of((await look(house, f"/reviews/{night}/time?t=0&from=0&to=600&zoom=in&about=600")).text)
    assert begin == 0
    assert slider_of((await look(house, f"/reviews/{night}/time?t=0&zoom=out&about=-99999999")).text) == (0, whole)


def slider_of(text: str) -> tuple[int, int]:
    found = re.search(r'id="t"[^>]* min="(\d+)" max="(\d+)"', text)
    assert found is not None
    return int(found[1]), int(found[2])


async def test_the_script_gets_the_same_pieces(house: House, night: str) -> None:
    headers = {"Authorization": f"Bearer {await house.token('ana')}", "Accept": "application/json"}
    answer = await house.http.get(f"/reviews/{night}/time?at=02:35", headers=headers)
    said: dict[str, Any] = answer.json()
    assert sorted(said["pieces"]) == ["lanes", "steps", "table", "then"]
    assert said["t"] == 25 * 60 + 59
    assert said["pieces"]["then"] in (await look(house, f"/reviews/{night}/time?at=02:35")).text
    refused = await house.http.get(f"/reviews/{night}/time?at=soon", headers=headers)
    assert refused.status_code == 422
    assert "no moment" in refused.json()["detail"]


async def test_the_lanes_are_drawn_with_names_and_told_as_a_table(house: House, night: str) -> None:
    answer = await look(house, f"/reviews/{night}/time?seq=40")
    picture = re.search(r"<svg.*?</svg>", answer.text, re.DOTALL)
    assert picture is not None
    for word in ("Lee Carter", "page payments", "invoke dr", "customer update", "rejected", 'class="pointer"'):
        assert word in answer.text, word
    assert "fill=" not in picture[0], "its colours are the stylesheet's"
    alone = await look(house, f"/reviews/{night}/lanes.svg?from=0&to=3000")
    assert "<style>" in alone.text
    assert "attachment" in alone.headers["content-disposition"]
    assert "05:00" not in alone.text


async def test_without_an_archive_the_lanes_are_there_and_the_page_says_what_is_missing(house: House) -> None:
    await past(house, 1, 30)
    text = words(await look(house, f"/reviews/{incident_id(1)}/time"))
    assert "What was known then cannot be rebuilt" in text
    assert "payments failed" in text
    assert (await look(house, "/reviews/INC-NOWHER/time")).status_code == 404
    assert (await look(house, f"/reviews/{incident_id(1)}/time?at=soon")).status_code == 422
