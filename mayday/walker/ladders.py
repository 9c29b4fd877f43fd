"""Escalation ladders: page a level, wait `ack_within`, climb; rounds; exhaustion; acknowledgement; arrival.

After the acknowledgement of a page there is no page of it, except `join_within`'s (LANGUAGE.md "People").
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Ack, Refusal
from mayday.domain.effects import EffectResult, PageReceipt
from mayday.domain.incident import Pending
from mayday.domain.timeline_words import thing
from mayday.walker import deadlines, people, registry, roles, tasks
from mayday.walker.state import Flight, Join, Ladder, LevelState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def open_ladder(w: Walker, ladder: Ladder) -> None:
    w.state.ladders[ladder.path] = ladder
    _page_level(w, ladder)


def _page_level(w: Walker, ladder: Ladder) -> None:
    """Page the level that is due; its time runs from now, whatever the pager needs."""
    level = ladder.levels[ladder.level]
    ladder.due_at = w.after(level.ack_within_s)
    targets = [target for target in people.all_targets(w, level.targets) if target[7:] not in ladder.declined]
    if not targets:
        w.entry(
            "page_failed",
            "system",
            ladder.path,
            page=ladder.path,
            level=ladder.level + 1,
            round=ladder.round,
            reason=f"{', '.join(level.targets)} names nobody",
        )
        ladder.due_at = w.now
        return
    ladder.sent += 1
    w.page(
        ladder.path,
        targets,
        ladder.text,
        owner=f"ladder:{ladder.path}",
        purpose="page",
        via=level.via,
        data={"level": ladder.level + 1, "round": ladder.round},
    )


def unanswered(w: Walker) -> dict[str, Ladder]:
    """The calls that somebody still has to answer, but for those that only say that the incident is open again."""
    return {
        path: ladder
        for path, ladder in w.state.ladders.items()
        if not ladder.closed and ladder.acked_by is None and not path.startswith("relapse:")
    }


def ring_again(w: Walker, ladder: Ladder) -> None:
    """A call that came from another incident, or back from it: the level that is due is called from here."""
    if ladder.exhausted_at is None:
        _page_level(w, ladder)
    else:
        _page_exhausted(w, ladder)


def answered(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    """A page has left, or could not: then the next level is due at once."""
    ladder = w.state.ladders.get(path)
    if result.failure is not None:
        w.entry(
            "page_failed",
            "system",
            path,
            page=path,
            reason=result.failure.message,
            code=result.failure.code,
            **flight.data,
        )
        current = ladder and flight.data.get("level") == ladder.level + 1 and flight.data.get("round") == ladder.round
        if ladder and current and not ladder.closed and ladder.acked_by is None and ladder.exhausted_at is None:
            ladder.due_at = w.now
        return
    receipt = PageReceipt.model_validate(result.value)
    record_receipt(w, path, flight, receipt)
    if ladder is not None:
        ladder.paged = people.unique([*ladder.paged, *(paged.person for paged in receipt.paged)])
        if "level" in flight.data:
            level = str(flight.data["level"] - 1)
            known = ladder.reached.get(level, [])
            ladder.reached[level] = people.unique([*known, *(paged.person for paged in receipt.paged)])


def record_receipt(w: Walker, path: str, flight: Flight, receipt: PageReceipt) -> None:
    """One entry a page: who was reached how, and which channels were down."""
    urgent = bool(flight.request.payload.get("urgent", True))
    purpose = flight.purpose or str(flight.request.payload.get("purpose", "page"))
    w.entry(
        "paged" if urgent else "notified",
        "system",
        path,
        page=path,
        purpose=purpose,
        people=people.unique(paged.person for paged in receipt.paged),
        targets=flight.request.payload.get("targets"),
        channels=[f"{paged.person}: {paged.channel}" for paged in receipt.paged],
        unreached=[
            f"{gap.target}{f' by {gap.channel}' if gap.channel else ''}: {gap.reason}" for gap in receipt.unreached
        ]
        or None,
        **flight.data,
    )


def resume(w: Walker) -> None:
    for ladder in list(w.state.ladders.values()):
        if ladder.closed or ladder.acked_by is not None:
            continue
        if ladder.exhausted_at is not None:
            _nag(w, ladder)
            continue
        level = ladder.levels[ladder.level]
        if w.expired(ladder.due_at):
            _climb(w, ladder)
        else:
            w.pend(
                Pending.model_validate(
                    {
                        "id": ladder.path,
                        "kind": "page",
                        "for": [one for one in ladder.paged if one not in ladder.declined] or level.targets,
                        "text": ladder.text,
                        "due_at": w.due(ladder.due_at),
                        "then": _next_words(ladder),
                        "detail": {"level": ladder.level + 1, "levels": len(ladder.levels), "round": ladder.round},
                    }
                )
            )


def _next_words(ladder: Ladder) -> str:
    level, again = _next_level(ladder)
    if level is not None and again == ladder.round:
        return f"pages {', '.join(ladder.levels[level].targets)}"
    if level is not None:
        return f"round {again} begins with {', '.join(ladder.levels[level].targets)}"
    return (
        "exhausted: "
        + (", ".join(ladder.on_exhausted.targets) if ladder.on_exhausted else "the commander")
        + " is paged"
    )


def _next_level(ladder: Ladder) -> tuple[int | None, int]:
    """The level that is paged next and its round; None when there is none. Where all have declined, nobody is asked."""
    for again in range(ladder.round, ladder.rounds + 1):
        begin = ladder.level + 1 if again == ladder.round else 0
        for level in range(begin, len(ladder.levels)):
            if level not in ladder.passed:
                return level, again
    return None, ladder.rounds


def _climb(w: Walker, ladder: Ladder) -> None:
    level, again = _next_level(ladder)
    if level is None:
        _exhaust(w, ladder)
        return
    ladder.level, ladder.round = level, again
    w.entry(
        "page_escalated",
        "system",
        ladder.path,
        page=ladder.path,
        level=ladder.level + 1,
        round=ladder.round,
        to=ladder.levels[ladder.level].targets,
    )
    _page_level(w, ladder)


def _exhaust(w: Walker, ladder: Ladder) -> None:
    """Nobody answered: a task opens, `on_exhausted` is paged, and an acknowledgement still counts."""
    ladder.exhausted_at = w.now
    w.entry("page_exhausted", "system", ladder.path, page=ladder.path, rounds=ladder.round, paged=ladder.paged)
    registry.page_over(w, ladder.path, "exhausted")
    tasks.open_task(
        w,
        f"exhausted:{ladder.path}",
        "manual",
        f"Nobody answered {ladder.path}: find somebody",
        to="role.incident_commander",
        owner="none:",
        tell=False,
    )
    registry.emit(w, "page.exhausted", {"page": ladder.path})
    _page_exhausted(w, ladder)


def _page_exhausted(w: Walker, ladder: Ladder) -> None:
    level = ladder.on_exhausted or LevelState(
        targets=["role.incident_commander"], via=["push", "voice"], ack_within_s=300
    )
    targets = people.all_targets(w, level.targets)
    ladder.nags += 1
    if targets:
        w.page(
            ladder.path,
            targets,
            f"Nobody answered: {ladder.text}",
            owner=f"ladder:{ladder.path}",
            purpose="exhausted",
            via=level.via,
            data={"times": ladder.nags},
        )
    severity = w.plan.severities.get(w.state.severity)
    major = severity is not None and severity.major
    ladder.nag_at = w.after(severity.ack_within.seconds if severity else 300) if major else None
    w.touch()  # also where nobody is to be paged, the next time is waited for


def severity_changed(w: Walker) -> None:
    """The new severity's `ack_within` counts from when the page rang, where no policy says another one; and what nobody
    answered is called again, or not, as the new severity does."""
    policy = w.plan.severities.get(w.state.severity)
    if w.start.edition < 3 or policy is None:
        return
    for ladder in w.state.ladders.values():
        if ladder.closed or ladder.acked_by is not None:
            continue
        if ladder.exhausted_at is not None:
            again_at = w.after(policy.ack_within.seconds)
            ladder.nag_at = min(ladder.nag_at or again_at, again_at) if policy.major else None
            continue
        level = ladder.levels[ladder.level]
        if level.by_severity and ladder.due_at is not None:
            moved = timedelta(seconds=policy.ack_within.seconds - level.ack_within_s)
            ladder.due_at = max(ladder.due_at + moved, w.now)
        for each in ladder.levels:
            if each.by_severity:
                each.ack_within_s = policy.ack_within.seconds


def _nag(w: Walker, ladder: Ladder) -> None:
    """On a major incident `on_exhausted` is paged every `ack_within` until somebody answers."""
    w.pend(
        Pending.model_validate(
            {
                "id": ladder.path,
                "kind": "page",
                "for": people.people_of(w, "role.incident_commander"),
                "text": f"exhausted: {ladder.text}",
                "due_at": w.due(ladder.nag_at),
                "then": "paged again",
            }
        )
    )
    if ladder.nag_at is not None and w.expired(ladder.nag_at):
        _page_exhausted(w, ladder)


def asked_now(w: Walker, ladder: Ladder) -> list[str]:
    """Whom the level that is due has called; before the pager has said so, whoever is expected there."""
    targets = people.all_targets(w, ladder.levels[ladder.level].targets)
    return ladder.reached.get(str(ladder.level)) or people.unique(
        person for target in targets for person in ([target[7:]] if target.startswith("person.") else w.on_call(target))
    )


def answerers(w: Walker, ladder: Ladder) -> list[str]:
    """Anyone on the policy's levels; who was paged; and after exhaustion whom that names. Never the owner."""
    refs = [target for level in ladder.levels for target in level.targets]
    if ladder.exhausted_at is not None:
        refs += ladder.on_exhausted.targets if ladder.on_exhausted else ["role.incident_commander"]
    found = people.unique([*ladder.paged, *(person for ref in refs for person in people.people_of(w, ref))])
    return [person for person in found if person != people.OWNER]


def refusal(w: Walker, command: Ack) -> Refusal | None:
    page = command.page
    ladder = w.state.ladders.get(page)
    if ladder is not None:
        if command.actor not in answerers(w, ladder):
            return Refusal(code="not_yours", reason=f"{page} was not sent to {command.actor}: its levels name others")
        if ladder.acked_by == command.actor and command.joined:
            return None
        if ladder.acked_by is not None:
            return Refusal(
                code="closed", reason=f"{page} was acknowledged by {ladder.acked_by} at {ladder.acked_at:%H:%M:%S}"
            )
        if ladder.closed:
            return Refusal(code="closed", reason=f"{page} is over")
        return None
    for named in (w.state.gates.get(page), w.state.tasks.get(page)):
        if named is not None:
            return (
                None
                if people.known(w, command.actor)
                else Refusal(code="not_yours", reason="this needs a person's token")
            )
    rings = page.startswith("cadence:") and page in w.state.ringing and w.start.edition >= 3
    if rings or (page.startswith("role:") and page[5:] in w.state.roles):
        return (
            None if people.known(w, command.actor) else Refusal(code="not_yours", reason="this needs a person's token")
        )
    if w.definitions.known(page.rpartition(".")[2]):
        return Refusal(code="not_open", reason=f"{page} has not been sent yet")
    return Refusal(code="unknown", reason=f"there is no page {page}")


def acknowledge(w: Walker, command: Ack) -> dict[str, Any]:
    """The page stops; the role is given; the arrival is waited for."""
    ladder = w.state.ladders.get(command.page)
    people.respond(w, command.actor)
    if ladder is None:
        w.entry("seen", command.actor, command.page, page=command.page, channel=command.channel)
        w.stop_page(command.page, f"seen by {command.actor}", over=False)
        return {"page": command.page}
    if ladder.acked_by is not None:
        _joined(w, command.page, command.actor)
        return {"page": command.page}
    ladder.acked_by, ladder.acked_at = command.actor, w.now
    w.entry(
        "acknowledged",
        command.actor,
        ladder.path,
        page=ladder.path,
        joined=command.joined,
        channel=command.channel,
        after_s=deadlines.answered_after_s(w, command.received_at, ladder.opened_at),
    )
    tasks.close(w, f"exhausted:{ladder.path}", f"{command.actor} answered", command.actor)
    w.stop_page(ladder.path, f"acknowledged by {command.actor}")
    if ladder.assigns:
        roles.take(w, ladder.assigns, command.actor, "acknowledged the page")
    if ladder.join_within_s and not command.joined:
        w.state.joins.append(
            Join(
                page=ladder.path,
                person=command.actor,
                due_at=w.after(ladder.join_within_s),
                within_s=ladder.join_within_s,
            )
        )
    registry.page_over(w, ladder.path, "acknowledged")
    registry.emit(w, "page.acknowledged", {"page": ladder.path, "person": command.actor})
    return {"page": ladder.path}


def _joined(w: Walker, page: str, person: str) -> None:
    for join in w.state.joins:
        if join.page == page and join.person == person and not join.joined:
            join.joined = True
            w.entry("joined", person, page, page=page)
            w.silence(page, f"{person} joined")


def resume_joins(w: Walker) -> None:
    """Who acknowledged and has not arrived is paged again, three times, then the commander is told."""
    for join in w.state.joins:
        if join.joined or join.rounds > 3:
            continue
        if not w.expired(join.due_at):
            w.pend(
                Pending.model_validate(
                    {
                        "id": join.page,
                        "kind": "page",
                        "for": [join.person],
                        "text": "acknowledged, not arrived yet",
                        "due_at": w.due(join.due_at),
                        "then": "paged again",
                    }
                )
            )
            continue
        join.rounds += 1
        join.due_at = w.after(join.within_s)
        url = w.bridge()[0] or "the bridge"
        last = join.rounds > 3
        w.entry("not_joined", "system", join.page, page=join.page, person=join.person, times=join.rounds)
        targets = people.targets_of(w, "role.incident_commander") if last else [f"person.{join.person}"]
        if targets:
            w.page(
                join.page,
                targets,
                f"{people.name_of(w, join.person)} acknowledged {thing(join.page, quoted=True)} and has not arrived"
                if last
                else f"You acknowledged {w.state.title}: please join {url}",
                owner=f"ladder:{join.page}",
                purpose="nag" if last else "join",
                data={"times": join.rounds},
            )
