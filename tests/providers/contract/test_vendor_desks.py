"""What every vendor desk has to do, by each way to open a case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mayday.domain.errors import ProviderError, Refused, Unreachable
from mayday.domain.ports import CaseOrder, VendorCall
from mayday.language.catalog import Catalog
from tests.doubles.vendor_case import VendorCase
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, raises_cleanly
from tests.providers.contract.stand import Stand, incident, stand


class At(NamedTuple):
    """A vendor of the catalog, whose case is opened in this way; the desk's own register where there is none."""

    vendor: str
    way: str


WAYS = [At("wms_co", "http"), At("cloud_co", "jira"), At("dns_co", "servicenow")]


@pytest.fixture(params=[*WAYS, At("gateway_co", "desk")], ids=lambda at: at.way)
def at(request: pytest.FixtureRequest) -> At:
    found: At = request.param
    return found


@pytest.fixture
async def cases(at: At, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    double = None if at.way == "desk" else VendorCase
    async with stand(double, "vendor_desk", "vendors", tmp_path, catalog, monkeypatch) as opened:
        yield opened


outside = pytest.mark.parametrize("at", WAYS, ids=lambda at: at.way, indirect=True)


def order(at: At, key: str = "INC-1/gateway#1/case", **more: Any) -> CaseOrder:
    return CaseOrder.model_validate({
        "effect_key": key, "incident": incident(), "vendor": at.vendor, "contract": "C-2790", "priority": "P1",
        "summary": "No answers", **more,
    })  # fmt: skip


async def test_a_case_is_opened_once_and_has_a_number(cases: Stand, at: At) -> None:
    first = await cases.port.open_case(order(at))
    assert await cases.port.open_case(order(at)) == first
    assert await cases.port.open_case(order(at, "INC-1/gateway#2/case")) != first


@outside
@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_case_whose_answer_is_lost_is_found_again(cases: Stand, at: At, how: Any) -> None:
    cases.double.fail(how, method="POST")
    try:
        await cases.port.open_case(order(at))
    except ProviderError as error:
        assert error.retryable  # noqa: PT017 - a vendor that cannot be searched is asked again
    await cases.port.open_case(order(at))
    assert len(cases.double.cases) == 1  # type: ignore[attr-defined]


async def test_long_and_hostile_texts_are_taken(cases: Stand, at: At) -> None:
    for number, text in enumerate((LONG, HOSTILE)):
        assert await cases.port.open_case(order(at, f"INC-1/v#{number}/case", summary=text))


@outside
@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(cases: Stand, at: At, outcome: Outcome) -> None:
    outcome.arrange(cases.double)
    with raises_cleanly(outcome.errors, cases.double):
        await cases.port.open_case(order(at))


@outside
async def test_who_is_not_there_is_unreachable(cases: Stand, at: At) -> None:
    await cases.double.stop()
    with raises_cleanly((Unreachable,), cases.double):
        await cases.port.open_case(order(at))


@pytest.mark.parametrize("at", [At("wms_co", "http")], ids=["http"], indirect=True)
async def test_a_mapping_fills_texts_in_and_nothing_inside_of_them(cases: Stand, at: At) -> None:
    await cases.port.open_case(order(at, summary='say "{key}" {unknown}'))
    [said] = cases.double.cases.values()  # type: ignore[attr-defined]
    assert said == {
        "title": 'say "{key}" {unknown}', "urgency": "P1", "tags": ["C-2790", "INC-1/gateway#1/case"],
    }  # fmt: skip


@pytest.mark.parametrize("at", [At("wms_co", "http")], ids=["http"], indirect=True)
async def test_what_no_way_is_set_for_is_left_to_the_desk(cases: Stand, at: At) -> None:
    with pytest.raises(Refused):
        await cases.port.open_case(order(At("gateway_co", "none")))
    call = VendorCall(
        effect_key="k", incident=incident(), vendor="wms_co", case=None, level="support", channel="voice",
        address="+44", text="P1",
    )  # fmt: skip
    with pytest.raises(Refused, match="a person has to call"):
        await cases.port.contact(call)
