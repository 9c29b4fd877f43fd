"""How mocks behave call by call, and what the desk makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from mayday.domain import effects as fx
from mayday.domain.limits import NOT_DONE, failed, limits_of, unanswered
from mayday.language.actions import BUILT_IN
from mayday.language.catalog import Catalog
from mayday.language.scenario import Expectation, Mock, Scenario, TimelineItem
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.mocks import Mocks

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
CARD = fx.IncidentCard(id="INC-1", title="Payments down", severity="SEV1", status="investigating", service="payments")
MOCKS: TypeAdapter[dict[str, Mock | list[Mock]]] = TypeAdapter(dict[str, Mock | list[Mock]])

CATALOG = Catalog.model_validate(
    {
        "people": {"raj": {"name": "Raj"}, "lee": {"name": "Lee"}},
        "schedules": {
            "primary": {
                "tz": "UTC",
                "layers": [{"rotation": "weekly", "handoff": "Mon 08:00", "people": ["raj"]}],
                "overrides": [{"from": "2026-03-02T03:00", "to": "2026-03-02T04:00", "person": "lee"}],
            },
            "elsewhere": {"source": "pagerduty", "id": "P1", "fallback": "schedule.primary"},
        },
        "calendars": {"default": {"hours": "Mon-Fri 09:00-17:00", "tz": "UTC"}},
    }
)


def desk(**mocks: object) -> ScenarioDesk:
    named = {name.replace("__", "."): value for name, value in mocks.items()}
    return ScenarioDesk(CATALOG, BUILT_IN, Mocks(MOCKS.validate_python(named)))


def page(*targets: str, via: tuple[str, ...] = ("push",)) -> dict[str, object]:
    return fx.PageRequest(
        effect_key="INC-1/page#1",
        incident=CARD,
        page="page",
        purpose="page",
        targets=list(targets),
        via=list(via),
        text="x",
    ).model_dump(mode="json")


def test_fail_counts_the_first_calls() -> None:
    mocks = Mocks(MOCKS.validate_python({"bridge.open": {"fail": 2, "return": {"url": "u"}}}))
    assert [mocks.call("bridge.open").failure is not None for _ in range(4)] == [True, True, False, False]


def test_a_list_is_one_mock_a_call_and_its_last_answers_the_rest() -> None:
    mocks = Mocks(MOCKS.validate_python({"x": [{"fail": 1}, {"after": "3s"}, {"return": {"n": 3}}]}))
    first, second, third, fourth = (mocks.call("x") for _ in range(4))
    assert first.failure is not None
    assert second.after == timedelta(seconds=3)
    assert third.returns == fourth.returns == {"n": 3}


def test_a_mock_that_nothing_called_is_named() -> None:
    mocks = Mocks(MOCKS.validate_python({"bridge.opne": {"fail": 1}, "bridge.open": {}}))
    mocks.call("bridge.open")
    assert mocks.unused() == ["bridge.opne"]


def test_who_is_paged_depends_on_the_hour() -> None:
    rehearsal = desk()
    early = rehearsal.answer(fx.PAGE, page("schedule.primary"), NOW)
    late = rehearsal.answer(fx.PAGE, page("schedule.primary"), NOW + timedelta(hours=1))
    assert [one["person"] for one in early.value["paged"]] == ["raj"]
    assert [one["person"] for one in late.value["paged"]] == ["lee"]


def test_a_schedule_kept_elsewhere_is_its_fallback() -> None:
    reply = desk().answer(fx.PAGE, page("schedule.elsewhere"), NOW)
    assert [one["person"] for one in reply.value["paged"]] == ["raj"]


def test_a_dead_pager_leaves_the_other_channels() -> None:
    reply = desk(pager={"fail": 1}).answer(fx.PAGE, page("person.raj", via=("push", "email")), NOW)
    assert [one["channel"] for one in reply.value["paged"]] == ["email"]
    assert [one["channel"] for one in reply.value["unreached"]] == ["push"]


def test_an_unmocked_action_returns_typed_dummies() -> None:
    request = fx.ActionRequest(effect_key="k", incident=CARD, action="bridge.open", inputs={"name": "war room"})
    outputs = desk().answer("bridge.open", request.model_dump(mode="json"), NOW).value["outputs"]
    assert outputs["url"].startswith("https://")
    assert set(outputs) == set(BUILT_IN["bridge.open"].outputs)


def test_business_hours_of_a_contract_are_counted() -> None:
    request = fx.DeadlineRequest(effect_key="k", start_at=NOW, duration="1h", hours="default")
    reply = desk().answer(fx.DEADLINE, request.model_dump(mode="json"), NOW)
    assert fx.Deadline.model_validate(reply.value).due_at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"at": "T+1m", "ack": "page"}, "needs `by`"),
        ({"at": "T+1m", "vote": "gate", "by": "raj"}, "needs `choice`"),
        (
            {"at": "T+1m", "vote": "gate", "by": "raj", "choice": "approve", "text": "no"},
            "`text` does not go with `vote`",
        ),
        ({"at": "T+1m", "ack": "page", "note": "both", "by": "raj"}, "exactly one action"),
        ({"at": "1m", "ack": "page", "by": "raj"}, "write T+"),
    ],
)
def test_a_wrong_item_says_why(item: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says.replace("+", r"\+")):
        TimelineItem.model_validate(item)


def test_an_expectation_has_one_kind_and_only_its_own_keys() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Expectation.model_validate({"task": "a", "paged": "b"})
    with pytest.raises(ValidationError, match="`outcome` does not go with `task`"):
        Expectation.model_validate({"task": "a", "outcome": "approved"})


def test_a_scenario_needs_a_zone_and_something_that_opens_the_incident() -> None:
    whole = {
        "apiVersion": "runbook/v1",
        "kind": "Scenario",
        "metadata": {"name": "night"},
        "runbook": "small",
        "given": {"start": "2026-03-02T02:10:00Z"},
        "timeline": [{"at": "T+1m", "alert": {"title": "it fails"}}],
    }
    Scenario.model_validate(whole)
    with pytest.raises(ValidationError, match="has to open the incident"):
        Scenario.model_validate({**whole, "timeline": []})
    with pytest.raises(ValidationError, match="needs a zone"):
        Scenario.model_validate({**whole, "given": {"start": "2026-03-02T02:10:00"}})


@pytest.mark.parametrize(
    ("effect_class", "tries", "total_s"),
    [("page", 3, 45), ("notify", 3, 63), ("read", 3, 60), ("reversible", 2, 241), ("irreversible", 1, 120)],
)
def test_how_long_an_effect_is_tried(effect_class: fx.EffectClass, tries: int, total_s: int) -> None:
    limits = limits_of(effect_class, 120)
    assert limits.tries == tries
    assert limits.total == timedelta(seconds=total_s)


def test_what_is_not_known_of_an_irreversible_action_is_ambiguous() -> None:
    """Only where it is certain that nothing happened may somebody simply try again."""
    for code in sorted(NOT_DONE):
        assert failed(code, "", "irreversible").failure == fx.EffectFailure(code=code, message="")
    for code in ("broken", "timeout", "cancelled", "KeyError"):
        failure = failed(code, "", "irreversible").failure
        assert failure is not None
        assert failure.ambiguous
    request = fx.EffectRequest(key="k", kind="bridge.open", step="s", effect_class="reversible", payload={})
    silent = unanswered(request).failure
    assert silent is not None
    assert not silent.ambiguous
