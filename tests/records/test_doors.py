"""What the doors need: tokens, audit, idempotency keys, plans, overrides, reviews."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mayday.records import FollowUp, KeyReused, Records, ReviewRecord, UnknownRecord
from mayday.records.incidents import IncidentRecord
from mayday.records.reviews import Report
from mayday.records.schema import LOGIN_CODES, SESSIONS, TOKENS
from tests.stores import Clock


async def test_a_token_is_known_by_its_hash_alone(records: Records) -> None:
    secret, token = await records.tokens.create("sam", level="approver", scopes=["vote"], note="laptop")
    async with records.store.read() as connection:
        stored = str((await connection.execute(sa.select(TOKENS))).all())
    assert secret not in stored
    assert await records.tokens.verify(secret) == token
    assert (token.person, token.level, token.scopes) == ("sam", "approver", ["vote"])
    assert await records.tokens.verify("mayday_guess") is None


async def test_a_token_ends_when_it_expires_or_is_revoked(records: Records, clock: Clock) -> None:
    short, _ = await records.tokens.create("sam", expires_after=timedelta(hours=1))
    long, kept = await records.tokens.create("sam")
    clock.forward(hours=1)
    assert await records.tokens.verify(short) is None
    assert await records.tokens.verify(long) == kept

    revoked = await records.tokens.revoke(kept.id)
    clock.forward(hours=1)
    assert (await records.tokens.revoke(kept.id)).revoked_at == revoked.revoked_at
    assert await records.tokens.verify(long) is None
    assert len(await records.tokens.find()) == 2
    with pytest.raises(UnknownRecord):
        await records.tokens.revoke("nothing")


async def test_the_owners_token_is_adopted_once(records: Records) -> None:
    first = await records.tokens.adopt("mayday_owner", None, level="owner")
    assert await records.tokens.adopt("mayday_owner", None, level="owner") == first
    verified = await records.tokens.verify("mayday_owner")
    assert verified is not None
    assert (verified.person, verified.level) == (None, "owner")


async def test_the_audit_log_is_read_newest_first(records: Records) -> None:
    for number in range(5):
        await records.audit.write("sam", "vote", "excluded", incident_id=f"INC-{number % 2}", detail={"n": number})
    newest = await records.audit.find(limit=2)
    assert [row.detail["n"] for row in newest] == [4, 3]
    assert [row.detail["n"] for row in await records.audit.find(before=newest[-1].id)] == [2, 1, 0]
    assert [row.detail["n"] for row in await records.audit.find(incident_id="INC-1")] == [3, 1]
    assert await records.audit.find(actor="nobody") == []


async def test_a_request_sent_twice_is_done_once_and_answered_twice(records: Records) -> None:
    keys = records.idempotency
    assert await keys.begin("sam", "k1", "POST /votes abc") is None
    assert await keys.begin("sam", "k1", "POST /votes abc") == (None, None)  # still being worked on
    await keys.finish("sam", "k1", 201, {"ok": True})
    assert await keys.begin("sam", "k1", "POST /votes abc") == (201, {"ok": True})
    with pytest.raises(KeyReused):
        await keys.begin("sam", "k1", "POST /votes other")
    assert await keys.begin("kim", "k1", "POST /votes other") is None  # a key belongs to its sender


async def test_of_ten_equal_requests_at_once_one_goes_on(records: Records) -> None:
    begun = await asyncio.gather(*(records.idempotency.begin("sam", "k1", "f") for _ in range(10)))
    assert begun.count(None) == 1


async def test_a_request_that_never_finished_may_be_tried_again(records: Records, clock: Clock) -> None:
    keys = records.idempotency
    assert await keys.begin("sam", "k1", "f") is None
    clock.forward(seconds=61)
    assert await keys.begin("sam", "k1", "f") is None
    await keys.release("sam", "k1")
    assert await keys.begin("sam", "k1", "another") is None
    await keys.finish("sam", "k1", 200, None)
    await keys.release("sam", "k1")  # finished keys stay
    assert await keys.begin("sam", "k1", "another") == (200, None)
    clock.forward(days=8)
    assert await keys.prune() == 1


async def test_overrides_are_listed_by_the_time_they_touch(records: Records, clock: Clock) -> None:
    now, hour = clock(), timedelta(hours=1)
    first = await records.overrides.add("primary", "lee", now, now + hour, created_by="raj", reason="dentist")
    await records.overrides.add("primary", "ana", now + hour, now + 2 * hour, created_by="raj")
    await records.overrides.add("secondary", "kim", now, now + hour, created_by="raj")
    assert [each.person for each in await records.overrides.find("primary")] == ["lee", "ana"]
    assert [each.person for each in await records.overrides.find(from_at=now, to_at=now + hour)] == ["lee", "kim"]
    assert [each.person for each in await records.overrides.find("primary", from_at=now + hour)] == ["ana"]
    await records.overrides.remove(first.id)
    with pytest.raises(UnknownRecord):
        await records.overrides.remove(first.id)
    with pytest.raises(ValueError, match="ends after"):
        await records.overrides.add("primary", "lee", now, now, created_by="raj")


async def test_a_review_and_its_actions_are_replaced_by_newer_ones_only(records: Records, clock: Clock) -> None:
    def review(revision: int, state: str) -> ReviewRecord:
        return ReviewRecord(incident_id="INC-1", workflow_id="review/INC-1", state=state, revision=revision)

    def action(name: str, days: int | None, owner: str = "raj") -> FollowUp:
        due_at = None if days is None else clock() + timedelta(days=days)
        return FollowUp(incident_id="INC-1", id=name, owner=owner, due_at=due_at, data={"title": name})

    await records.reviews.save(review(1, "draft"), [action("b", 9), action("a", 3), action("c", None, owner="lee")])
    assert [each.id for each in await records.reviews.actions()] == ["a", "b", "c"]
    assert [each.id for each in await records.reviews.actions(owner="lee")] == ["c"]
    await records.reviews.save(review(3, "closed"), [action("a", 3)])
    await records.reviews.save(review(2, "reviewed"), [])
    assert [each.state for each in await records.reviews.find()] == ["closed"]
    assert [each.id for each in await records.reviews.actions(incident_id="INC-1")] == ["a"]
    assert await records.reviews.find(state="draft") == []


async def test_the_ledger_is_read_page_by_page_with_what_is_known_of_the_incidents(
    records: Records, clock: Clock
) -> None:
    for number, service in ((1, "payments"), (2, "checkout")):
        incident = IncidentRecord(
            id=f"INC-{number}", workflow_id=f"incident/{number}", title=f"{service} down", severity="SEV1",
            status="resolved", service=service, services=[service], opened_at=clock(),
        )  # fmt: skip
        await records.incidents.save(incident)
        review = ReviewRecord(incident_id=incident.id, workflow_id=f"review/{incident.id}", state="draft", revision=1)
        actions = [
            FollowUp(
                incident_id=incident.id, id=f"A{each}", owner="raj" if each % 2 else "lee",
                state="done" if each == 5 else "open", due_at=clock() + timedelta(days=each // 2 - 1),
                data={"id": f"A{each}", "title": f"action {each}"},
            )
            for each in range(1, 6)
        ]  # fmt: skip
        await records.reviews.save(review, actions)
    seen: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        page = await records.reviews.ledger(limit=3, after=cursor)
        seen += [(each.incident_id, each.id) for each in page.items]
        cursor = page.next
        if cursor is None:
            break
        assert len(page.items) == 3
    assert seen == [(f"INC-{n}", f"A{a}") for pair in ((1,), (2, 3), (4,)) for n in (1, 2) for a in pair]
    late = await records.reviews.ledger(overdue_at=clock(), owner="raj", service="checkout")
    assert [(each.incident_title, each.id, each.severity) for each in late.items] == [
        ("checkout down", "A1", "SEV1"), ("checkout down", "A3", "SEV1"),
    ]  # fmt: skip
    assert late.items[0].item()["title"] == "action 1"
    assert [each.id for each in (await records.reviews.ledger(state="done")).items] == ["A5", "A5"]
    assert len((await records.reviews.ledger(state=None)).items) == 10
    with pytest.raises(ValueError, match="cursor"):
        await records.reviews.ledger(after="nonsense")


async def test_reports_are_kept_by_version(records: Records, clock: Clock) -> None:
    for version, text in ((1, "one"), (2, "two"), (2, "two, drafted again")):
        await records.reviews.put_report(
            Report(incident_id="INC-1", version=version, text=text, digest=text, drafted_at=clock())
        )
    newest = await records.reviews.report("INC-1")
    first = await records.reviews.report("INC-1", 1)
    assert newest is not None
    assert first is not None
    assert (newest.text, first.text) == ("two, drafted again", "one")
    assert await records.reviews.report("INC-2") is None


async def test_a_plan_is_kept_by_its_digest(records: Records) -> None:
    await records.plans.put("d", {"a": 1})
    await records.plans.put("d", {"a": 2})
    assert await records.plans.get("d") == {"a": 1}
    assert await records.plans.get("e") is None


async def test_a_session_is_known_by_its_hash_and_ends_when_idle(records: Records, clock: Clock) -> None:
    secret, session = await records.sessions.open("sam", method="link", lasts=timedelta(days=7))
    async with records.store.read() as connection:
        assert secret not in str((await connection.execute(sa.select(SESSIONS))).all())
    clock.forward(hours=11)
    seen = await records.sessions.read(secret, idle=timedelta(hours=12))
    assert seen is not None
    assert seen.seen_at == clock()
    assert await records.sessions.read("guess", idle=timedelta(hours=12)) is None
    clock.forward(hours=12)
    assert await records.sessions.read(secret, idle=timedelta(hours=12)) is None
    assert (await records.sessions.find())[0].id == session.id
    assert await records.sessions.end(person="sam") == 1
    assert await records.sessions.find() == []


async def test_of_many_takers_one_gets_a_code(records: Records, clock: Clock) -> None:
    secret, code = await records.login_codes.make("sealed", "sam", lasts=timedelta(days=1), created_by="owner")
    async with records.store.read() as connection:
        assert secret not in str((await connection.execute(sa.select(LOGIN_CODES))).all())
    assert await records.login_codes.take("link", secret) is None
    taken = await asyncio.gather(*(records.login_codes.take("sealed", secret) for _ in range(5)))
    assert [one.id for one in taken if one is not None] == [code.id]
    revoked_secret, revoked = await records.login_codes.make("link", None, lasts=timedelta(days=1), created_by="owner")
    await records.login_codes.revoke(revoked.id)
    assert await records.login_codes.take("link", revoked_secret) is None
    old, _ = await records.login_codes.make("link", None, lasts=timedelta(hours=1), created_by="owner")
    clock.forward(hours=1)
    assert await records.login_codes.take("link", old) is None
    with pytest.raises(UnknownRecord):
        await records.login_codes.revoke("nothing")


async def test_starters_that_begin_together_share_one_key(records: Records, clock: Clock) -> None:
    found = await asyncio.gather(*(records.keys.in_use("sessions") for _ in range(5)))
    assert len({keys[0].secret for keys in found}) == 1
    assert await records.keys.in_use("decisions") != found[0]
    clock.forward(days=90)
    newer = await records.keys.add("sessions")
    assert [key.id for key in await records.keys.in_use("sessions")] == [newer.id, "first-sessions"]
    assert newer.secret.hex() not in repr(newer)
    await records.keys.retire("first-sessions")
    assert [key.id for key in await records.keys.in_use("sessions")] == [newer.id]
    with pytest.raises(UnknownRecord):
        await records.keys.retire("nothing")
