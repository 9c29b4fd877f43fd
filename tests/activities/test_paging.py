"""Paging: the right people, on the first channel that works, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities import paging
from activities.dependencies import Dependencies
from activities.paging import Paging
from activities.roster import RosterActivities
from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard, NextHandoff, PageRequest, ResolveRequest, SentVia
from mayday.domain.errors import Ambiguous, RateLimited, Refused, Unreachable
from mayday.domain.ports import Call
from mayday.language.catalog import Catalog
from mayday.records import Records, RecordsUnavailable
from tests.activities.conftest import VendorPager
from tests.stores import Clock

Run = Callable[..., Any]
PRIMARY, SECONDARY = "schedule.payments_primary", "schedule.payments_secondary"


def page(card: IncidentCard, *targets: str, via: tuple[str, ...] = ("push", "voice"), **more: Any) -> PageRequest:
    return PageRequest(
        effect_key="INC-1/page_payments#1", incident=card, page="page_payments", purpose="page", targets=list(targets),
        via=list(via), text="SEV1 payments", **more,
    )  # fmt: skip


def with_pagers(dependencies: Dependencies, *pagers: VendorPager, desk: bool = False) -> Dependencies:
    kept = list(dependencies.ports.pagers) if desk else []
    return replace(dependencies, ports=replace(dependencies.ports, pagers=[*pagers, *kept]))


async def test_the_person_on_call_is_paged_on_the_first_channel(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    receipt = await run(Paging(dependencies).page_responder, page(card, PRIMARY))
    assert [(each.person, each.target, each.channel, each.provider) for each in receipt.paged] == [
        ("raj", PRIMARY, "push", "desk")
    ]
    [ringing] = await records.desk.pages.find()
    assert ringing.effect_key == "INC-1/page_payments#1/raj/push"
    assert (ringing.state, ringing.purpose) == ("ringing", "page")


async def test_who_declined_is_not_called_on_another_schedule(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    receipt = await run(Paging(dependencies).page_responder, page(card, PRIMARY, "person.sam", spare=["raj"]))
    assert [each.person for each in receipt.paged] == ["sam"]
    assert [(each.target, each.reason) for each in receipt.unreached] == [(PRIMARY, "raj declined")]
    assert [each.person for each in await records.desk.pages.find()] == ["sam"]


async def test_everybody_behind_the_targets_is_paged_once(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    receipt = await run(Paging(dependencies).page_responder, page(card, "group.emergency_cab", "person.sam", PRIMARY))
    assert [each.person for each in receipt.paged] == ["sam", "kim", "noor", "raj"]


async def test_a_channel_that_is_down_hands_over_to_the_next(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    pager = VendorPager({"push", "voice"})
    pager.failures["push"] = Unreachable("push is down", provider="vendor")
    receipt = await run(Paging(with_pagers(dependencies, pager)).page_responder, page(card, PRIMARY))
    assert [(each.person, each.channel) for each in receipt.paged] == [("raj", "voice")]
    assert [(each.channel, each.reason) for each in receipt.unreached] == [
        ("push", "raj: push is down (vendor stood in by voice)")
    ]


async def test_a_pager_that_is_down_hands_over_to_the_desk(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    pager = VendorPager({"push", "voice"})
    pager.failure = RateLimited("slow down", provider="vendor", retry_after_s=7)
    receipt = await run(Paging(with_pagers(dependencies, pager, desk=True)).page_responder, page(card, PRIMARY))
    assert [(each.channel, each.provider) for each in receipt.paged] == [("push", "desk")]
    assert receipt.unreached[0].reason == "raj: slow down (desk stood in)"


async def test_who_has_no_telephone_is_reached_another_way(
    dependencies: Dependencies, card: IncidentCard, catalog: Catalog, run: Run
) -> None:
    people = {**catalog.people, "raj": catalog.people["raj"].model_copy(update={"phone": None})}
    without = replace(dependencies, catalog=FixedCatalog(catalog.model_copy(update={"people": people})))
    receipt = await run(Paging(without).page_responder, page(card, PRIMARY, via=("voice", "email")))
    assert [each.channel for each in receipt.paged] == ["email"]
    assert receipt.unreached[0].reason == "raj has no address for voice"


async def test_a_page_that_nobody_got_is_a_failure(dependencies: Dependencies, card: IncidentCard, run: Run) -> None:
    pager = VendorPager({"push"})
    pager.failure = Unreachable("no network", provider="vendor")
    with pytest.raises(ApplicationError) as failed:
        await run(Paging(with_pagers(dependencies, pager)).page_responder, page(card, PRIMARY))
    assert failed.value.type == "unreached"
    assert not failed.value.non_retryable  # the network may be back in a second
    assert "no network" in failed.value.message
    assert "no pager serves voice" in failed.value.message

    pager.failure = Refused("unknown user", provider="vendor")
    with pytest.raises(ApplicationError) as failed:
        await run(Paging(with_pagers(dependencies, pager)).page_responder, page(card, PRIMARY))
    assert failed.value.non_retryable


async def test_an_answer_that_never_came_does_not_keep_the_next_channel_from_ringing(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    pager = VendorPager({"push", "voice"})
    pager.failures["push"] = Ambiguous("no answer", provider="vendor")
    receipt = await run(Paging(with_pagers(dependencies, pager)).page_responder, page(card, PRIMARY))
    assert [each.channel for each in receipt.paged] == ["voice"]


class SilentPager(VendorPager):
    """Takes the call and never answers."""

    async def call(self, call: Call) -> SentVia:
        self.calls.append(call)
        await asyncio.Event().wait()
        raise AssertionError


async def test_vendors_that_never_answer_leave_time_for_the_one_behind_them(
    dependencies: Dependencies, card: IncidentCard, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line to the world is cut: each person is called at the desk within one try, whoever is asked first."""
    monkeypatch.setattr(paging, "CALLED_WITHIN_SECONDS", 0.2)
    monkeypatch.setattr(paging, "SLOW_SECONDS", 0.05)
    first, second = SilentPager({"push", "voice"}, "first"), SilentPager({"push"}, "second")
    given = with_pagers(dependencies, first, second, desk=True)
    async with asyncio.timeout(5):
        receipt = await run(Paging(given).page_responder, page(card, "person.raj", "person.lee", "person.sam"))
    assert [(each.person, each.channel, each.provider) for each in receipt.paged] == [
        ("raj", "push", "desk"), ("lee", "push", "desk"), ("sam", "push", "desk")
    ]  # fmt: skip
    assert [each.reason for each in receipt.unreached] == [
        "raj: first did not answer in time (desk stood in)", "raj: second did not answer in time (desk stood in)"
    ]  # fmt: skip
    assert [len(pager.calls) for pager in (first, second)] == [1, 1], "the others wait for nobody who was silent"


async def test_who_was_silent_is_asked_last_when_the_page_is_tried_again(
    dependencies: Dependencies, card: IncidentCard, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try may be cut off before anybody has called."""
    monkeypatch.setattr(paging, "SLOW_SECONDS", 0.03)
    silent, other = SilentPager({"push"}, "silent"), VendorPager({"push"}, "other")
    other.failure = Refused("no such user", provider="other")
    given = Paging(with_pagers(dependencies, silent, other))
    monkeypatch.setattr(paging, "CALLED_WITHIN_SECONDS", 0.2)
    with pytest.raises(ApplicationError, match="silent did not answer in time") as failed:
        await run(given.page_responder, page(card, PRIMARY, via=("push",)))
    assert not failed.value.non_retryable
    other.failure = None
    receipt = await run(given.page_responder, page(card, PRIMARY, via=("push",)))
    assert ([each.provider for each in receipt.paged], len(silent.calls)) == (["other"], 1)


async def test_a_retry_pages_nobody_twice_not_even_on_another_channel(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    """First try: push is down, voice rings, the worker dies. Second try: push works again."""
    push = VendorPager({"push"})
    push.failure = Unreachable("push is down", provider="vendor")
    paging = Paging(with_pagers(dependencies, push, desk=True))
    first = await run(paging.page_responder, page(card, PRIMARY))
    push.failure = None
    second = await run(paging.page_responder, page(card, PRIMARY))
    assert push.calls == []
    assert [each.ref for each in first.paged] == [each.ref for each in second.paged]
    assert len(await records.desk.pages.find()) == 1


async def test_nobody_who_is_named_twice_is_called_twice(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    pager = VendorPager({"push"})  # knows no idempotency of its own
    await run(
        Paging(with_pagers(dependencies, pager)).page_responder,
        page(card, "person.sam", "group.emergency_cab", "person.sam"),
    )
    assert [call.person for call in pager.calls] == ["sam", "kim", "noor"]


async def test_a_retry_after_the_hand_off_does_not_page_the_next_one_too(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run, clock: Clock
) -> None:
    paging = Paging(dependencies)
    await run(paging.page_responder, page(card, PRIMARY))
    await records.overrides.add("payments_primary", "lee", clock(), clock() + timedelta(hours=1), created_by="raj")
    receipt = await run(paging.page_responder, page(card, PRIMARY, SECONDARY))
    assert [each.person for each in receipt.paged] == ["raj", "lee"]  # lee by the other schedule
    assert {each.person: each.target for each in receipt.paged} == {"raj": PRIMARY, "lee": SECONDARY}


async def test_overrides_made_at_run_time_count(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run, clock: Clock
) -> None:
    await records.overrides.add("payments_primary", "dana", clock(), clock() + timedelta(hours=1), created_by="raj")
    receipt = await run(Paging(dependencies).page_responder, page(card, PRIMARY))
    assert [each.person for each in receipt.paged] == ["dana"]


async def test_the_plans_snapshot_is_paged_when_the_roster_cannot_be_read(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object, **__: object) -> object:
        raise RecordsUnavailable("locked")

    monkeypatch.setattr(records.overrides, "find", silent)
    fallback = {PRIMARY: ["raj"]}
    receipt = await run(Paging(dependencies).page_responder, page(card, PRIMARY, fallback=fallback))
    assert [each.person for each in receipt.paged] == ["raj"]
    assert "the roster cannot be read" in receipt.unreached[0].reason

    roster = await run(
        RosterActivities(dependencies).resolve, ResolveRequest(effect_key="r", targets=[PRIMARY], fallback=fallback)
    )
    assert (roster.people, roster.stale) == ({PRIMARY: ["raj"]}, True)


async def test_a_hand_off_is_told_where_the_roster_knows_one(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    class Roster:
        name = "catalog"

        async def on_call(self, schedule: str, at: datetime) -> list[str]:
            return ["raj"]

        async def next_handoff(self, schedule: str, at: datetime) -> NextHandoff | None:
            if schedule == "payments_secondary":
                raise Unreachable("no answer", provider=self.name)
            return NextHandoff(at=at + timedelta(hours=1), incoming="lee")

    given = replace(dependencies, ports=replace(dependencies.ports, rosters={"catalog": Roster()}))
    request = ResolveRequest(effect_key="r", targets=[PRIMARY, SECONDARY, "person.ana"], handoffs=True)
    roster = await run(RosterActivities(given).resolve, request)
    assert {target: change.incoming for target, change in roster.handoffs.items()} == {PRIMARY: "lee"}
    quiet = await run(RosterActivities(given).resolve, request.model_copy(update={"handoffs": False}))
    assert quiet.handoffs == {}


async def test_a_schedule_kept_elsewhere_falls_back_to_the_one_that_the_catalog_names(
    dependencies: Dependencies, card: IncidentCard, catalog: Catalog, run: Run
) -> None:
    class Silent:
        name = "pagerduty"

        async def on_call(self, schedule: str, at: object) -> list[str]:
            asked.append(schedule)
            raise Unreachable("no answer", provider=self.name)

        def stale_since(self, schedule: str) -> None:
            return None

        async def next_handoff(self, schedule: str, at: object) -> None:
            raise Unreachable("no answer", provider=self.name)

    asked: list[str] = []
    raw = catalog.model_dump(by_alias=True)
    raw["schedules"]["outside"] = {"source": "pagerduty", "id": "P1", "fallback": SECONDARY}
    given = replace(dependencies, catalog=FixedCatalog(Catalog.model_validate(raw)))
    given = replace(given, ports=replace(given.ports, rosters={**given.ports.rosters, "pagerduty": Silent()}))
    receipt = await run(Paging(given).page_responder, page(card, "schedule.outside"))
    assert asked == ["P1"]
    assert [(each.person, each.target) for each in receipt.paged] == [("lee", "schedule.outside")]
    [said] = receipt.unreached
    assert said.reason == "schedule.payments_secondary stands in (no answer)"


async def test_an_old_answer_of_a_roster_elsewhere_is_used_and_called_old(
    dependencies: Dependencies, card: IncidentCard, catalog: Catalog, run: Run
) -> None:
    class Remembering:
        name = "pagerduty"

        async def on_call(self, schedule: str, at: datetime) -> list[str]:
            return ["raj"]

        def stale_since(self, schedule: str) -> datetime | None:
            return datetime(2026, 3, 2, 1, 50, tzinfo=UTC)

    raw = catalog.model_dump(by_alias=True)
    raw["schedules"]["outside"] = {"source": "pagerduty", "id": "P1", "fallback": SECONDARY}
    given = replace(dependencies, catalog=FixedCatalog(Catalog.model_validate(raw)))
    given = replace(given, ports=replace(given.ports, rosters={**given.ports.rosters, "pagerduty": Remembering()}))
    receipt = await run(Paging(given).page_responder, page(card, "schedule.outside"))
    assert [each.person for each in receipt.paged] == ["raj"]
    assert [each.reason for each in receipt.unreached] == ["pagerduty does not answer: on call as of 02 Mar 01:50"]
    roster = await run(
        RosterActivities(given).resolve, ResolveRequest(effect_key="r", targets=["schedule.outside"], fallback={})
    )
    assert (roster.people, roster.stale) == ({"schedule.outside": ["raj"]}, True)


async def test_a_drill_never_reaches_the_vendor(dependencies: Dependencies, card: IncidentCard, run: Run) -> None:
    pager = VendorPager({"push"})
    drill = card.model_copy(update={"drill": True})
    receipt = await run(Paging(with_pagers(dependencies, pager)).page_responder, page(drill, PRIMARY))
    assert pager.calls == []
    assert receipt.paged[0].provider == "desk"


async def test_closing_stops_every_pager_and_says_when_one_did_not(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    closing = ClosePage(effect_key="INC-1/close#1", incident=card, page="page_payments", reason="acknowledged by lee")
    await run(Paging(dependencies).page_responder, page(card, PRIMARY))
    pager = VendorPager({"push"})
    pager.failure = Unreachable("down", provider="vendor")
    with pytest.raises(ApplicationError) as failed:
        await run(Paging(with_pagers(dependencies, pager, desk=True)).close_page, closing)
    assert failed.value.type == "unreachable"
    assert [each.state for each in await records.desk.pages.find()] == ["closed"]


async def test_a_card_that_is_over_is_told_why_with_names(
    dependencies: Dependencies, card: IncidentCard, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def close(self: VendorPager, closing: ClosePage) -> int:
        told.append(closing.reason)
        return 1

    monkeypatch.setattr(VendorPager, "close", close)
    for reason in ("acknowledged by lee", "lee and I looked at it"):
        closing = ClosePage(effect_key=f"INC-1/{reason}", incident=card, page="page_payments", reason=reason)
        await run(Paging(with_pagers(dependencies, VendorPager({"push"}))).close_page, closing)
    assert told == ["acknowledged by Lee Carter", "lee and I looked at it"]
