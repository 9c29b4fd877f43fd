"""Forms for steps that people add: what stands in a field, and where it goes in a step of the language.

Each kind is a table of fields with their place in the step, so that whatever the checks say of a place is shown beside
its field. The shapes are those of the command line and of the chat (`mayday incident page`, `task`, `decide`, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mayday.language.documents import load_document
from starter.problems import Problem

__all__ = ["KINDS", "Kind", "Many", "errors_by_field", "step_of"]

Many = Mapping[str, list[str]]
"""A form's values by name; a list of choices has several."""
IN_CHARGE = "role.incident_commander"
ANSWERS = {"boolean": "a yes or a no", "string": "a text", "number": "a number"}


class Kind(NamedTuple):
    """One form. `places`: where the value of a field goes in the step, the innermost first that errors name."""

    name: str
    does: str
    places: Mapping[str, str]
    made: Callable[[Many], dict[str, Any]]


def _one(form: Many, name: str) -> str:
    return (form.get(name) or [""])[0].strip()


def _some(form: Many, name: str) -> list[str]:
    return [value for value in form.get(name, []) if value]


def _minutes(form: Many, name: str) -> str | None:
    value = _one(form, name)
    return f"{value}m" if value.isdecimal() else value or None


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in (None, "", [], {})}


def _page(form: Many) -> dict[str, Any]:
    return _given(
        {
            "page": _one(form, "whom"),
            "message": _one(form, "message"),
            "via": _some(form, "via"),
            "join_within": _minutes(form, "join_within"),
        }
    )


def _task(form: Many) -> dict[str, Any]:
    words, answer = _one(form, "text"), _one(form, "answer")
    box = {
        "to": _one(form, "to"),
        "due": _minutes(form, "minutes"),
        "on_overdue": {"notify": _one(form, "overdue") or IN_CHARGE},
    }
    if answer in ANSWERS:
        return {"ask": _given({**box, "question": words}) | {"fields": {"answer": {"type": answer}}}}
    return {"task": _given({**box, "text": words})}


def _gate(form: Many) -> dict[str, Any]:
    action = _one(form, "action")
    subject = {
        "action": action, "change": _one(form, "change"), "plan": _one(form, "plan"),
        "backout": _one(form, "backout"), "implementer": _one(form, "implementer"),
    }  # fmt: skip
    approvals = _one(form, "approvals")
    voters = {
        "from": _some(form, "voters"),
        "approvals": int(approvals) if approvals.isdecimal() and len(approvals) < 10 else approvals,
        "required": _some(form, "required"),
        "veto": True if _one(form, "veto") == "yes" else None,
    }
    silence = {"escalate": _one(form, "escalate"), "then": "lapsed"}
    return _given(
        {
            "decide": _one(form, "question"),
            "subject": _given(subject) if action else None,
            "voters": _given(voters),
            "timeout": _minutes(form, "minutes"),
            "on_timeout": _given(silence),
        }
    ) | {"outcomes": {"approved": [], "rejected": []}}


def _vendor(form: Many) -> dict[str, Any]:
    told = {"priority": _one(form, "priority"), "summary": _one(form, "summary")}
    return {"engage": _one(form, "vendor"), "with": _given(told)}


def _message(form: Many) -> dict[str, Any]:
    reader = _one(form, "reader")
    review = {"by": reader, "within": _minutes(form, "within") or "10m", "on_timeout": "skip"} if reader else None
    sent = {
        "to": _one(form, "audience"), "text": _one(form, "text"), "subject": _one(form, "subject"), "review": review,
    }  # fmt: skip
    return {"send": _given(sent)}


def _any(form: Many) -> dict[str, Any]:
    """A step as it stands in a runbook, with or without the dash of a list in front."""
    document = load_document(_one(form, "yaml"), "step")
    found = document.data
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        first = document.findings[0] if document.findings else None
        said = f"line {first.line}: {first.message}" if first else "one step is wanted: keys with their values"
        raise Problem(
            422, "invalid", f"step: {said}", hint=(first.hint if first else "") or None,
            errors=[{"field": "step", "reason": said}],
        )  # fmt: skip
    return found


KINDS: dict[str, Kind] = {
    "page": Kind(
        "Page somebody", "Wakes people and climbs until somebody acknowledges.",
        {"whom": "page", "message": "message", "via": "via", "join_within": "join_within"}, _page,
    ),
    "task": Kind(
        "Give a task", "A named person, so many minutes, and somebody who hears of it when they are over.",
        {"to": "task.to ask.to", "text": "task.text ask.question", "minutes": "task.due ask.due",
         "overdue": "task.on_overdue ask.on_overdue", "answer": "ask.fields"}, _task,
    ),
    "decide": Kind(
        "Open a decision", "A question to named voters. Without an answer in time it lapses, which is never a yes.",
        {"question": "decide", "voters": "voters.from voters", "approvals": "voters.approvals",
         "required": "voters.required", "veto": "voters.veto", "minutes": "timeout", "escalate": "on_timeout",
         "action": "subject.action subject", "change": "subject.change", "plan": "subject.plan",
         "backout": "subject.backout", "implementer": "subject.implementer"}, _gate,
    ),
    "engage": Kind(
        "Engage a vendor", "Opens a case, runs the contract's clocks, and climbs their ladder when they are broken.",
        {"vendor": "engage", "priority": "with.priority", "summary": "with.summary with"}, _vendor,
    ),
    "send": Kind(
        "Send a message", "To one audience. It goes out as it stands, or after somebody has read it.",
        {"audience": "send.to", "text": "send.text", "subject": "send.subject", "reader": "send.review",
         "within": "send.review.within"}, _message,
    ),
    "any": Kind("Any other step", "In the runbook's own words.", {"yaml": ""}, _any),
}  # fmt: skip


def step_of(kind: str, form: Many) -> dict[str, Any]:
    """The step that a form describes. A 422 `Problem` where it is not even one."""
    step = KINDS[kind].made(form)
    name = _one(form, "id")
    return {"id": name, **step} if name else step


def errors_by_field(kind: str, problem: Problem) -> tuple[dict[str, list[str]], list[str]]:
    """What was found, beside the field that it is about; and what belongs to none of them."""
    beside: dict[str, list[str]] = {}
    rest: list[str] = []
    if problem.code != "invalid":  # about who asks and when, not about what was written
        return {}, [problem.detail]
    found = problem.errors or [{"field": _place_in(problem.detail), "reason": problem.detail}]
    for error in found:
        words = error["reason"] + (f" {_sentence(hint)}" if (hint := error.get("hint")) else "")
        field = _field_of(kind, error["field"].removeprefix("step").lstrip("."))
        said = beside.setdefault(field, []) if field else rest
        if words not in said:
            said.append(words)
    return beside, rest


def _place_in(detail: str) -> str:
    """The incident begins a refusal with the place: `step page_2: page: X is no policy`, `step.task.due: ...`."""
    words = detail.split(": ")
    return f"step.{words[1]}" if words[0].startswith("step ") and len(words) > 2 else words[0]


def _field_of(kind: str, place: str) -> str | None:
    """The field with this place or with the nearest one around it; the whole of a free form belongs to its text."""
    if kind == "any":
        return "yaml"
    if place == "id":
        return "id"
    named = {each: field for field, places in KINDS[kind].places.items() for each in places.split()}
    while place:
        if place in named:
            return named[place]
        place = place.rpartition(".")[0]
    return None


def _sentence(words: str) -> str:
    return f"({words})"
