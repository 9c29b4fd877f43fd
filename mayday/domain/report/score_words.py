"""The score card of a drill as Markdown."""

from __future__ import annotations

from mayday.domain.report.score_model import Pace, ScoreCard
from mayday.domain.report.words import length, plain, table, when

_ROLES = ("role", "acknowledged", "decided", "tasks", "late", "taken after")
_UPDATES = ("audience", "on time", "missed", "longest gap", "first after")


def scores(card: ScoreCard) -> str:
    """Roles in the order of their names: mean and longest, with n."""
    rows = [
        (
            plain(role.role), _pace(role.acknowledged), _pace(role.decided), _pace(role.done), str(role.late),
            length(role.offered_s),
        )
        for role in card.roles
    ]  # fmt: skip
    updates = [
        (
            plain(each.audience), f"{each.on_time} of {each.due}", str(each.missed), length(each.longest_gap_s),
            length(each.first_after_s),
        )
        for each in card.updates
    ]  # fmt: skip
    lines = ["## Score card of the drill", "", "Roles, not persons: mean / longest, n.", "", table(_ROLES, rows)]
    if updates:
        lines += ["", table(_UPDATES, updates)]
    lines += [f"\nUnanswered: {plain(what)}." for what in card.unanswered]
    lines += [
        f"\nStood back from {when(pause.from_at)} to {when(pause.until_at)}: {plain(pause.reason)}."
        for pause in card.pauses
    ]
    return "\n".join(lines)


def _pace(pace: Pace) -> str:
    return f"{length(pace.mean_s)} / {length(pace.longest_s)}, {pace.n}" if pace.n else "-"
