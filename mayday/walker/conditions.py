"""Whether a condition holds. One that cannot be worked out stops nothing: a person is asked, and nothing is skipped.

A step whose `when` or `until` fails becomes a task like any step that fails. A phase's exit, a cadence's end and a
handler's `when` belong to no step: for them the task stands here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mayday.domain.ranks import Severity, Status
from mayday.language.expressions import CACHED, ExpressionError, UnsetValue, evaluate_condition, parse_expression
from mayday.walker import tasks

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def holds(w: Walker, text: str, path: str | None, **extra: Any) -> bool | None:
    """Whether a condition holds; None when it needs a fact that nobody has set: somebody is asked for it."""
    if not extra and _is_about_standing(text):
        return _about_standing(text, w.state.status, w.state.severity)
    try:
        return evaluate_condition(text, w.scope(path, **extra))
    except UnsetValue as unset:
        tasks.ask_for_fact(w, unset.name, path)
        return None


@lru_cache(maxsize=CACHED)
def _is_about_standing(text: str) -> bool:
    """Whether status and severity alone decide a condition, as they do for nearly every `until`."""
    return {"incident.status", "incident.severity"}.issuperset(parse_expression(text).names())


@lru_cache(maxsize=CACHED)
def _about_standing(text: str, status: str, severity: str) -> bool:
    """Such a condition, worked out once: conditions are looked at in every round, and these rarely change."""
    return evaluate_condition(text, {"incident": {"status": Status(status), "severity": Severity(severity)}})


def of_phase(w: Walker, phase: str, until: str) -> bool | None:
    """Whether a phase is to be left, or skipped: its `until`."""
    return _beside(w, until, f"phase:{phase}", f"When phase {phase} is over", "end the phase by hand when it is time")


def of_cadence(w: Walker, cadence: str, until: str) -> bool | None:
    """Whether a cadence is over: its `until`."""
    what = f"When the updates of {cadence} are over"
    return _beside(w, until, f"cadence:{cadence}", what, "they go on; pause them by hand when it is time")


def of_handler(w: Walker, event: dict[str, Any], when: str) -> bool | None:
    """Whether an event is one for a handler: its `when`. Each event is judged for itself."""
    name = str(event["name"])
    what = f"Whether {name.replace('_', ' ')} ({event['actor']}) calls for the steps that the runbook has for it"
    return _beside(w, when, f"event:{name}", what, "look at it, and do them by hand if it does", event=event)


def task_of(about: str) -> str:
    """The task that stands for a condition of no step."""
    return f"condition:{about}"


def _beside(w: Walker, text: str, about: str, what: str, instead: str, **extra: Any) -> bool | None:
    """As `holds`, for a condition of no step: where it fails it does not hold, and the commander is told, once."""
    task_id = task_of(about)
    try:
        held = holds(w, text, None, **extra)
    except ExpressionError as error:
        asked = w.state.tasks.get(task_id)
        if asked is None or (asked.done_at is not None and (asked.done_by is None or "event" in extra)):
            tasks.open_task(
                w,
                task_id,
                "manual",
                f"{what} cannot be worked out ({error}): {instead}",
                to="role.incident_commander",
                owner="none:",
            )
        return False
    if "event" not in extra:
        tasks.close(w, task_id, "it can be worked out again")
    return held
