"""Windows that open from a button in Slack: the reason of a vote or of a no, and the form of a task.

A button that opens one decides nothing: what is asked is looked up when it is pressed, so that it is never out of date.
What was filled in comes back as a `view_submission`, under the block ids given here (docs.slack.dev, "Modals").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from mayday.providers.slack.wording import fitting, plain_sections

__all__ = [
    "DECLINE", "GIVE", "HOLD", "REASON", "TASK", "TEXT", "VOTE", "WORDS", "Asking", "FormField", "closed_view",
    "decline_view", "given_view", "hold_view", "task_view", "value_of", "vote_view", "words_view",
]  # fmt: skip

VOTE, TASK, HOLD, WORDS, GIVE = "mayday.vote", "mayday.task", "mayday.hold", "mayday.words", "mayday.give"
DECLINE = "mayday.decline"
"""Callback ids."""
CHOICE, REASON, TEXT, FIELD, GIVEN = "choice", "reason", "text", "field", "given"
TITLE, LABEL, OPTION, MOST_OPTIONS, MOST_FIELDS = 24, 150, 75, 100, 40
LONGEST_REASON, LONGEST_TEXT = 3_000, 3_000
View = dict[str, Any]


class Asking(NamedTuple):
    """What a window is about; it comes back with what was filled in."""

    incident: str
    page: str


class FormField(NamedTuple):
    """One value that a task asks for."""

    name: str
    kind: str
    required: bool
    choices: Sequence[Any] = ()
    hint: str = ""


def vote_view(asking: Asking, question: str, choices: Sequence[str]) -> View:
    """A vote with its reason."""
    options = [*(choices or ("approve", "reject")), "abstain"]
    picked = {"type": "radio_buttons", "action_id": GIVEN, "options": [_option(each) for each in options[:10]]}
    reason = {"type": "plain_text_input", "action_id": GIVEN, "multiline": True, "max_length": LONGEST_REASON}
    blocks = [
        *plain_sections(question), _input(CHOICE, "Your vote", picked),
        _input(REASON, "Why", reason, required=False),
    ]  # fmt: skip
    return _view(VOTE, asking, "Vote", "Vote", blocks)


def decline_view(asking: Asking, text: str) -> View:
    """Why somebody cannot take a page or a role that is offered to them."""
    reason = {"type": "plain_text_input", "action_id": GIVEN, "multiline": True, "max_length": LONGEST_REASON}
    why = _input(REASON, "Why", reason, hint="Whoever is asked next reads it.")
    return _view(DECLINE, asking, "I cannot take it", "Decline", [*plain_sections(text), why])


def task_view(asking: Asking, text: str, fields: Sequence[FormField]) -> View:
    """A task with its form; without fields it is only to be confirmed."""
    blocks = [*plain_sections(text), *(_field(number, each) for number, each in enumerate(fields[:MOST_FIELDS]))]
    return _view(TASK, asking, "Task", "Done" if not fields else "Send", blocks)


def hold_view(asking: Asking, text: str, *, on: bool) -> View:
    """Why outward messages are held, or let go."""
    reason = {"type": "plain_text_input", "action_id": GIVEN, "multiline": True, "max_length": LONGEST_REASON}
    blocks = [*plain_sections(text), _input(REASON, "Why", reason)]
    return _view(HOLD, asking, "Hold outward" if on else "Let them go", "Hold" if on else "Let them go", blocks)


def words_view(asking: Asking, about: str, text: str) -> View:
    """The text of a correction, to begin with what was sent; what comes next is its preview."""
    written = {
        "type": "plain_text_input", "action_id": GIVEN, "multiline": True, "max_length": LONGEST_TEXT,
        "initial_value": text[:LONGEST_TEXT],
    }  # fmt: skip
    return _view(WORDS, asking, "Correct a message", "Preview", [*plain_sections(about), _input(TEXT, "Text", written)])


def given_view(asking: Asking, preview: str) -> View:
    """A correction as it will leave; nothing is sent before this is."""
    return _view(GIVE, asking, "As it will leave", "Give it to a reader", plain_sections(preview))


def closed_view(text: str) -> View:
    """A window that only says something."""
    return {"type": "modal", "title": _plain("mayday", TITLE), "close": _plain("Close", TITLE),
            "blocks": plain_sections(text)}  # fmt: skip


def field_block(number: int) -> str:
    """The block of a form's field."""
    return f"{FIELD}.{number}"


def value_of(values: Mapping[str, Any], block: str) -> str:
    """What stands in a block, as text; times in UTC, nothing as an empty text."""
    given = values.get(block)
    found = given.get(GIVEN) if isinstance(given, Mapping) else None
    if not isinstance(found, Mapping):
        return ""
    if isinstance(moment := found.get("selected_date_time"), int) and not isinstance(moment, bool):
        try:
            return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
        except (OverflowError, OSError, ValueError):
            return ""
    picked = found.get("selected_option")
    value = picked.get("value") if isinstance(picked, Mapping) else found.get("value")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _field(number: int, field: FormField) -> dict[str, Any]:
    shown: dict[str, Any]
    if field.kind == "boolean":
        shown = {"type": "radio_buttons", "options": [_option("true", "yes"), _option("false", "no")]}
    elif field.choices:
        shown = {"type": "static_select", "options": [_option(str(each)) for each in field.choices[:MOST_OPTIONS]]}
    elif field.kind in ("integer", "number"):
        shown = {"type": "number_input", "is_decimal_allowed": field.kind == "number"}
    elif field.kind == "datetime":
        shown = {"type": "datetimepicker"}
    else:
        shown = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_TEXT}
    hint = "one a line" if field.kind == "list" else field.hint
    return _input(
        field_block(number), field.name.replace("_", " "), {**shown, "action_id": GIVEN}, required=field.required,
        hint=hint,
    )  # fmt: skip


def _input(block: str, label: str, element: dict[str, Any], *, required: bool = True, hint: str = "") -> dict[str, Any]:
    made = {
        "type": "input", "block_id": block, "label": _plain(label, LABEL), "element": element,
        "optional": not required,
    }  # fmt: skip
    return {**made, "hint": _plain(hint, LABEL)} if hint else made


def _option(value: str, words: str | None = None) -> dict[str, Any]:
    return {"text": _plain((words or value).replace("_", " "), OPTION), "value": value[:OPTION]}


def _view(
    callback: Literal["mayday.vote", "mayday.task"] | str, asking: Asking, title: str, submit: str,
    blocks: list[dict[str, Any]],
) -> View:  # fmt: skip
    return {
        "type": "modal", "callback_id": callback, "private_metadata": json.dumps(asking._asdict()),
        "title": _plain(title, TITLE), "submit": _plain(submit, TITLE), "close": _plain("Not now", TITLE),
        "blocks": blocks,
    }  # fmt: skip


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fitting(text, most) or "-", "emoji": False}
