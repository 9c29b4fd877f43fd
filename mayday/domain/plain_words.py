"""Conditions, templates and names of a runbook as people say them, for readers who never saw YAML.

Only for showing: nothing here is evaluated. What no rule knows stays as its author wrote it.
"""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["plain_condition", "plain_event", "plain_length", "plain_text", "spoken", "words_of"]

_RULES: tuple[tuple[str, str], ...] = (
    (r"\bnot\s+(?:incident|inputs|vars)\.(\w+)(?=\s+(?:and|or)\b|$)", r"“\1” says no"),
    (r"((?:^|\b(?:and|or)\s+))(?:incident|inputs|vars)\.(\w+)(?=\s+(?:and|or)\b|$)", r"\1“\2” says yes"),
    (r'incident\.status\s*>=\s*"(\w+)"', r"the incident is \1"),
    (r'incident\.status\s*<\s*"(\w+)"', r"the incident is not yet \1"),
    (r'incident\.severity\s*>=\s*"(\w+)"', r"it is at least a \1"),
    (r'incident\.severity\s*<\s*"(\w+)"', r"it is less than a \1"),
    (r'steps\.(\w+)\.status\s*==\s*"(\w+)"', r"“\1” is \2"),
    (r"not\s+steps\.(\w+)\.result\.(\w+)", r"“\1” says not \2"),
    (r"steps\.(\w+)\.result\.(\w+)\s*==\s*", r"“\1” says \2 is "),
    (r"steps\.(\w+)\.result\.(\w+)\b", r"“\1” says \2"),
    (r'decisions\.(\w+)\.outcome\s*==\s*"(\w+)"', r"“\1” was \2"),
    (r"(?:incident|inputs|vars|event)\.([\w.]+)\s*==\s*", r"the \1 is "),
    (r"(?:incident|inputs|vars|event)\.([\w.]+)\s*!=\s*", r"the \1 is not "),
    (r"(?:incident|inputs|vars|event)\.([\w.]+)\s+in\s+", r"the \1 is one of "),
    (r"(?:incident|inputs|vars|event)\.([\w.]+)\s*>=\s*", r"the \1 is at least "),
    (r"(?:incident|inputs|vars|event)\.([\w.]+)\s*>\s*", r"the \1 is over "),
    (r"\b(?:incident|inputs|vars|event)\.([\w.]+)", r"the \1"),
    (r"\s*\|\s*default\([^)]*\)", ""),
    (r'["\[\]]', ""),
)
_EVENTS = {
    "severity.changed": "the severity changes",
    "severity.raised": "the severity is raised",
    "severity.lowered": "the severity is lowered",
    "status.changed": "the status changes",
    "alert.fired": "an alert fires",
    "alert.resolved": "an alert is over",
    "role.taken": "somebody takes a role",
    "role.declined": "somebody cannot take a role",
    "page.acknowledged": "somebody answers a call",
    "page.declined": "somebody cannot take a call",
    "page.exhausted": "nobody answers a call",
    "decision.decided": "something is decided",
    "phase.entered": "a phase begins",
    "phase.left": "a phase ends",
    "vendor.breached": "a vendor is late",
    "vendor.replied": "a vendor replies",
    "vendor.reply": "a vendor replies",
    "vendor.eta": "a vendor says when it will be repaired",
    "vendor.downgrade": "a vendor lowers the priority",
    "vendor.waiting_on_us": "a vendor waits for us",
    "vendor.resumed": "a vendor goes on",
    "vendor.resolved": "a vendor has repaired it",
}
_FIELD = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_BLOCK = re.compile(r"\{%.*?%\}|\{#.*?#\}")


def plain_condition(expression: str) -> str:
    """`incident.status >= "mitigated"` as `the incident is mitigated`."""
    words = expression
    for pattern, said in _RULES:
        words = re.sub(pattern, said, words)
    return words.replace("_", " ").strip()


def plain_event(name: str) -> str:
    """An event of a handler as a clause: `severity.raised` as `the severity is raised`."""
    subject, _, what = name.partition(".")
    if name in _EVENTS:
        return _EVENTS[name]
    if subject == "status" and what:
        return f"the incident is {what.replace('_', ' ')}"
    return f"“{name.replace('.', ' ').replace('_', ' ')}” is reported"


def plain_text(text: str) -> str:
    """A template with its fields named in angle quotes: `{{ incident.title }}` as `‹title›`."""
    words = _FIELD.sub(lambda field: f"‹{_name_of(field[1])}›", _BLOCK.sub("", text))
    return " ".join(words.split())


def plain_length(seconds: int) -> str:
    """A short length of time for an axis: `90 s`, `15 min`, `1 h 30`, `3 d`."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes} min" if not rest else f"{minutes}:{rest:02d} min"
    if seconds < 86_400 * 2 and (seconds % 86_400 or seconds == 86_400):
        hours, rest = divmod(seconds, 3600)
        return f"{hours} h" if rest < 60 else f"{hours} h {rest // 60:02d}"
    days, rest = divmod(seconds, 86_400)
    return f"{days} d" if rest < 3600 else f"{days} d {rest // 3600} h"


def words_of(length: timedelta) -> str:
    """A length of time for people: `1 hour 30 minutes`; anything under a second is `0 seconds`."""
    seconds = int(abs(length).total_seconds())
    if not seconds:
        return "0 seconds"
    parts = []
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ("minus " if length < timedelta() else "") + " ".join(parts)


def spoken(name: str) -> str:
    """`incident_commander` as people say it."""
    return name.replace("_", " ")


def _name_of(expression: str) -> str:
    name = re.split(r"[\s|]", expression, maxsplit=1)[0]
    return name.rpartition(".")[2].replace("_", " ") or expression
