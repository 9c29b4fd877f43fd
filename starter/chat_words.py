"""What people type at `/mayday` or `@mayday`, as a request. Platforms differ in how it arrives, not in what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple

__all__ = ["HELP", "Asked", "NotUnderstood", "understood"]

HELP = """\
declare SERVICE SEV1 TITLE      declare an incident (declare drill ... rehearses; declare unlisted ... takes any name)
status                          this incident, or all that are open
ack [PAGE]                      acknowledge a page; join [PAGE] when you are on the bridge
accept ROLE|TASK                take a role or a task that was offered
decline PAGE|ROLE REASON        you cannot take it: the next is asked at once
vote [DECISION] CHOICE [REASON] vote at a gate: approve, reject, abstain, or one of its own options
update AUDIENCE TEXT            send an update
correct [N] [TEXT]              correct message N that was sent; alone it lists them. A second person releases it
hold REASON                     hold back every message to the outside; release REASON lets them go again
note TEXT                       write something into the timeline
done TASK [NAME=VALUE ...]      finish a task; its form's fields by name, or in a window where the chat has one
confirm [REASON]                it is an incident; reject REASON when it is none
severity SEV2 REASON            change the severity
set STATUS REASON               set the status: identified, mitigated, resolved, ...
page TARGET [MESSAGE]           page a policy, schedule.X, role.X or person.X
task PERSON 10m TEXT            give somebody something to do
decide VOTERS QUESTION          open a gate for group.X, role.X or person.X
engage VENDOR [SUMMARY]         open a case at a vendor
Outside of an incident's channel its id comes first: INC-7KQ2MZ ack"""

DONE = 'done TASK [NAME=VALUE ...], such as: done verify ok=true words="looks good"'
_INCIDENT = re.compile(r"INC-(?:[0-9A-HJKMNP-TV-Z]{26}|[0-9A-HJKMNP-TV-Z]{6})", re.IGNORECASE)
_SEVERITY = re.compile(r"sev[1-5]", re.IGNORECASE)
_DURATION = re.compile(r"\d+[smhd]")


class NotUnderstood(Exception):
    """The text says what would have been."""


class Asked(NamedTuple):
    """`verb` is one of `HELP`'s; `incident` as it was typed; `given` the verb's own fields."""

    verb: str
    incident: str | None = None
    given: dict[str, Any] = {}


def understood(text: str) -> Asked:
    """The request in a text. Raises NotUnderstood."""
    word, rest = _next(text)
    incident = None
    if _INCIDENT.fullmatch(word):
        incident, (word, rest) = word, _next(rest)
    verb = word.lower() or ("status" if incident else "help")
    read = _READERS.get(verb)
    if read is None:
        near = get_close_matches(verb[:40], _READERS, n=1, cutoff=0.75)
        meant = f"did you mean {near[0]}?" if near else "help lists what there is"
        raise NotUnderstood(f"mayday does not know “{word[:40]}”; {meant}")
    return Asked(verb, incident, read(rest))


def _next(text: str) -> tuple[str, str]:
    word, _, rest = text.strip().partition(" ")
    if "\n" in word:
        word, _, more = word.partition("\n")
        rest = f"{more} {rest}"
    return word, rest.strip()


def _none(rest: str) -> dict[str, Any]:
    return {}


def _declare(rest: str) -> dict[str, Any]:
    word, after = _next(rest)
    drill = word.lower() == "drill"
    if drill:
        word, after = _next(after)
    unlisted = word.lower() == "unlisted"
    if unlisted:
        word, after = _next(after)
    second, title = _next(after)
    service, severity = (second, word) if _SEVERITY.fullmatch(word) else (word, second)
    if not service or not _SEVERITY.fullmatch(severity) or not title:
        raise NotUnderstood("declare SERVICE SEV1 TITLE, such as: declare payments sev2 Cards are refused")
    given = {"service": service, "severity": severity.upper(), "title": title, "drill": drill}
    return {**given, "unknown_service": True} if unlisted else given


def _optional(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda rest: {name: _next(rest)[0] or None}


def _vote(rest: str) -> dict[str, Any]:
    words = rest.split()
    if not words:
        raise NotUnderstood("vote [DECISION] CHOICE [REASON], such as: vote approve the rollback is tested")
    return {"words": words}


def _two(first: str, second: str, example: str) -> Callable[[str], dict[str, Any]]:
    def read(rest: str) -> dict[str, Any]:
        word, text = _next(rest)
        if not word or not text:
            raise NotUnderstood(example)
        return {first: word, second: text}

    return read


def _one(name: str, example: str) -> Callable[[str], dict[str, Any]]:
    def read(rest: str) -> dict[str, Any]:
        if not rest:
            raise NotUnderstood(example)
        return {name: rest}

    return read


def _correct(rest: str) -> dict[str, Any]:
    number, text = _next(rest)
    if not number:
        return {"n": None, "text": ""}
    if not number.isdecimal() or len(number) > 9:
        raise NotUnderstood("correct N TEXT, such as: correct 3 Cards are still refused; correct alone lists them")
    return {"n": int(number), "text": text}


def _why(rest: str) -> dict[str, Any]:
    """`hold outward REASON` says the same as `hold REASON`."""
    word, after = _next(rest)
    return {"reason": after if word.lower() == "outward" else rest}


def _done(rest: str) -> dict[str, Any]:
    try:
        task, *pairs = shlex.split(rest)
    except ValueError:  # nothing at all, or a quotation mark without its other one
        raise NotUnderstood(DONE) from None
    parted = [pair.partition("=") for pair in pairs]
    if not all(name and equals for name, equals, _ in parted):
        raise NotUnderstood(DONE)
    return {"task": task, "fields": {name: value for name, _, value in parted}}


def _task(rest: str) -> dict[str, Any]:
    person, after = _next(rest)
    due, text = _next(after)
    if not person or not _DURATION.fullmatch(due) or not text:
        raise NotUnderstood("task PERSON 10m TEXT, such as: task raj 10m check the resolvers")
    return {"to": person, "due": due, "text": text}


def _page(rest: str) -> dict[str, Any]:
    target, message = _next(rest)
    if not target:
        raise NotUnderstood("page TARGET [MESSAGE], such as: page schedule.network_primary DNS answers slowly")
    return {"target": target, "message": message or None}


def _engage(rest: str) -> dict[str, Any]:
    vendor, summary = _next(rest)
    if not vendor:
        raise NotUnderstood("engage VENDOR [SUMMARY]")
    return {"vendor": vendor, "summary": summary or None}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "help": _none, "status": _none, "declare": _declare, "ack": _optional("page"), "join": _optional("page"),
    "accept": _one("target", "accept ROLE or TASK, such as: accept deputy"),
    "decline": lambda rest: {"words": rest}, "vote": _vote,
    "update": _two("audience", "text", "update AUDIENCE TEXT, such as: update executives Cards work again"),
    "correct": _correct, "hold": _why, "release": _why,
    "note": _one("text", "note TEXT"), "done": _done, "confirm": lambda rest: {"reason": rest},
    "reject": _one("reason", "reject REASON: why it is no incident"),
    "severity": _two("severity", "reason", "severity SEV2 REASON"),
    "set": _two("status", "reason", "set STATUS REASON, such as: set mitigated traffic is rerouted"),
    "page": _page, "task": _task, "engage": _engage,
    "decide": _two("voters", "question", "decide VOTERS QUESTION, such as: decide group.emergency_cab Run CHG0031?"),
}  # fmt: skip
