"""The incident's page and its stream: both are rendered from one feed, in the same pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.domain.timeline import Entry
from mayday.language.runbook import Step
from starter.console import situation
from starter.console.drill_banner import banner_of
from starter.console.glass import gates_of, glasses_of
from starter.console.live import streamed, told
from starter.console.names import Names
from starter.console.overriding import overridable
from starter.console.rights import Rights
from starter.console.sheets import part, sheet, signed
from starter.console.standing import Standings
from starter.console.strip import strip_of
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.console.waiting import Waiting, coming_of, said_of, waiting_of
from starter.feed import AT_MOST, BEAT_EVERY, IncidentFeed, Look, feeds_of, place_of
from starter.parts import Here, Parts

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

FILTERS = ("all", *situation.FILTERS)
FIRST_ROWS = 300
COMMON = ("head", "drill", "next", "strip", "side", "steps", "vendors")
OWN = ("now", "steer")
"""The pieces that are the same for everybody, and each person's own."""
SENT_SHOWN = 8
STRIP_STEPS = 5
"""Seconds by which the strip's right edge moves."""
AT_A_TIME = 200
"""Rows in one write."""
PIECES_EVERY = 0.3
"""A storm of entries renders the pieces no more often than this."""


@router.get("/incidents/{incident}", response_class=HTMLResponse)
async def page(
    incident: str, request: Request, visitor: Looking, parts: Here, older: Annotated[bool, Query()] = False
) -> HTMLResponse:
    """The room that the incident is run from."""
    record = await parts.directory.find(incident)
    feed = feeds_of(parts).incident(record.id)
    look = await feed.fresh()
    names = Names(parts.playbooks.catalog)
    shown = feed.entries if older else feed.entries[-FIRST_ROWS:]
    rows = [situation.row_of(entry, names) for entry in reversed(shown)]
    return sheet(
        request,
        "incident/page.html",
        **_facts(parts, feed, look, visitor),
        rows=rows,
        seq=feed.seq,
        older=len(feed.entries) - len(shown),
        filters=FILTERS,
    )


@router.get("/incidents/{incident}/stream")
async def stream(
    incident: str, request: Request, visitor: Looking, parts: Here, after: Annotated[int, Query(ge=0)] = 0
) -> StreamingResponse:
    """What changes on the page: rows of the timeline in order, pieces as they are now, and a beat."""
    record = await parts.directory.find(incident)
    feed = feeds_of(parts).incident(record.id)
    seq = place_of(request.headers.get("last-event-id"), after)
    return streamed(request, parts, visitor, _events(parts, feed, visitor, seq))


async def _events(parts: Parts, feed: IncidentFeed, visitor: Visitor, seq: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    began, beat_at, pieces_at, version = loop.time(), loop.time(), 0.0, -1
    names = Names(parts.playbooks.catalog)
    had: dict[str, str] = {}
    async with feed.followed():
        yield "retry: 1000\n" + told("hello", {"now": _stamp(parts)})
        while not feed.closed and loop.time() - began < AT_MOST:
            news: list[str] = []  # leaves as one: each write to each of many watchers costs
            while feed.seq > seq:
                until = min(feed.seq, seq + AT_A_TIME)
                news.append(_rows(feed, seq, until, names))
                seq = until
                if feed.seq > seq:  # whoever reads slowly, or comes late, holds one piece of a long night at a time
                    yield "".join(news)
                    news.clear()
            if feed.seen is not None and feed.version != version and loop.time() - pieces_at >= PIECES_EVERY:
                version, pieces_at = feed.version, loop.time()
                for name, html in _pieces(parts, feed, feed.seen, visitor).items():
                    if had.get(name) != html:
                        had[name] = html
                        news.append(told("region", {"name": name, "html": signed(html, visitor.csrf)}))
            if loop.time() - beat_at >= BEAT_EVERY:
                beat_at = loop.time()
                news.append(told("beat", {"now": _stamp(parts)}))
            if news:
                yield "".join(news)
            behind = feed.version != version
            await feed.stirred(PIECES_EVERY if behind else BEAT_EVERY)


def _pieces(parts: Parts, feed: IncidentFeed, look: Look, visitor: Visitor) -> dict[str, str]:
    """Rendered once a version for everybody who sees the same (`standing`). Clocks are written as at the opening: they
    are ticked by the browser, and a piece that only grew older is the same piece."""
    common: dict[str, str] | None = feed.rendered.get(visitor.acts)
    standings: Standings | None = feed.rendered.get("standings")
    if standings is None:
        said = _common(parts, feed, look)["said"]
        standings = feed.rendered["standings"] = Standings(look.board, said, _on_call(parts))
    standing = standings.of(visitor)
    own: dict[str, str] | None = feed.rendered.get(standing)
    if common is None or own is None:
        facts = _facts(parts, feed, look, visitor) | {"now": look.record.opened_at}
        common = common or {name: part(f"incident/{name}.html", **facts) for name in COMMON}
        own = own or {name: part(f"incident/{name}.html", **facts) for name in OWN}
        feed.rendered[visitor.acts], feed.rendered[standing] = common, own
    return {**own, **common}


def _rows(feed: IncidentFeed, seq: int, until: int, names: Names) -> str:
    """The event with the rows after `seq`, up to `until`; many followers are at the same place."""
    known: str | None = feed.rendered.get((seq, until))
    if known is None:
        rows = [[entry.seq, _row(feed, entry, names)] for entry in feed.entries[seq:until]]
        known = feed.rendered[seq, until] = told("rows", rows, number=until)
    return known


def _row(feed: IncidentFeed, entry: Entry, names: Names) -> str:
    known = feed.rows.get(entry.seq)
    if known is None:
        known = part("incident/row.html", row=situation.row_of(entry, names))
        feed.rows[entry.seq] = known
        feed.forget_old()
    return known


def _facts(parts: Parts, feed: IncidentFeed, look: Look, visitor: Visitor) -> dict[str, Any]:
    common, board = _common(parts, feed, look), look.board
    rights = Rights.of(board.may if board is not None else None, visitor, common["names"])
    waiting: list[Waiting] = []
    if board is not None and not common["head"].over:
        waiting = waiting_of(board, common["said"], common["names"], rights, _on_call(parts))
    gates: dict[str, Step] = common["gates"]
    for item in waiting:
        gate = gates.get(item.id.rpartition(".")[2])
        item.delegates = bool(gate and gate.voters and gate.voters.delegates)
    facts = {"decides": visitor.decides, "acts": visitor.acts, "me": visitor, "rights": rights}
    return {**common, **facts, "waiting": waiting, "role_names": _role_names(look, rights)}


def _on_call(parts: Parts) -> Callable[[str], str | None]:
    now = parts.clock()
    return lambda schedule: parts.playbooks.on_call(schedule, now)


def _common(parts: Parts, feed: IncidentFeed, look: Look) -> dict[str, Any]:
    found: dict[str, Any] | None = feed.rendered.get("facts")
    if found is None:
        found = feed.rendered["facts"] = _common_facts(parts, feed, look)
    return found


def _common_facts(parts: Parts, feed: IncidentFeed, look: Look) -> dict[str, Any]:
    """What everybody sees, once a version."""
    board, entries = look.board, feed.entries
    names = Names(parts.playbooks.catalog)
    head = situation.head_of(look.record, board, entries, names, parts.settings.base_url, live=look.live)
    step = parts.clock().timestamp() // STRIP_STEPS * STRIP_STEPS
    until = max(datetime.fromtimestamp(step, UTC), look.record.opened_at)
    return {
        "incident": look.record.id,
        "names": names,
        "said": said_of(entries),
        "head": head,
        "drill": banner_of(look.record, board, entries),
        "people": names.people,
        "coming": coming_of(board, names) if board is not None and not head.over else [],
        "strip": strip_of(entries, look.record.opened_at, until, names, over=head.over),
        "roles": [
            {
                "role": role.role,
                "person": names.person(role.person) if role.person else None,
                "offered": [names.person(ref) for ref in role.offered_to],
                "since": role.since,
            }
            for role in (board.roles if board else [])
        ],
        "vendors": situation.vendors_of(board, entries, names),
        "ladders": situation.ladders_of(board, entries, names),
        "sent": situation.messages_of(board, entries, names)[:SENT_SHOWN],
        "gates": gates_of(feed.plan, entries) if feed.plan is not None else {},
        "glasses": glasses_of(feed.plan, board, entries, names) if not head.over else [],
        "steps": overridable(feed.plan, board, entries),
    }


def _role_names(look: Look, rights: Rights) -> list[str]:
    """The roles that this visitor may give to somebody."""
    known = [role.role for role in look.board.roles] if look.board else []
    roles = [*known, *(role for role in BUILT_IN_ROLES if role not in known)]
    return [role for role in roles if rights.may(f"role:{role}")]


def _stamp(parts: Parts) -> str:
    return parts.clock().isoformat()
