"""What the rules say when they refuse, part by part: the list of their sentences, and what stands in the gaps of each.

A refusal is written by the walker with ids, and its text may stand in a timeline under the hash chain, so it never
changes. People read names. A whole sentence is held against the list; what stands in a gap is then known by its place,
not by how it looks, and what a person or a program wrote (`typed`, `text`) stays as it is. A sentence that is not in
the list is shown as it came. `mayday.domain.timeline_words` puts the words in.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

__all__ = ["CLOSINGS", "FORMS", "Part", "parts_of"]


class Part(NamedTuple):
    """`gap` is the kind of what stands there; empty for words of the sentence itself."""

    gap: str
    text: str


_ID = r"\S+"
_IDS = r"\S+(?:, \S+)*"
#: what a gap can hold: ids have no blanks, so that a sentence is never taken for another one
GAPS = {
    "person": _ID, "people": _IDS, "whom": rf"commander or deputy|{_ID}", "thing": _ID, "role": _ID, "vendor": _ID,
    "outcome": _ID, "part": "record|witness", "list": _IDS, "time": r"\d\d:\d\d:\d\d", "why": r"[a-z][a-z ]*",
    "typed": r".+", "text": r".+", "field": r"\w+", "incident": r"INC-[0-9A-Z]+",
}  # fmt: skip

#: sentence of the walker, as it stands in the code; and how it is said where that differs
FORMS: tuple[tuple[str, str | None], ...] = (
    # a vote
    ("{thing} is decided: {outcome}", None),
    ("{thing} is not open yet", None),
    ("{thing} was open until {time}", None),
    ("{person} may not vote on {thing}: {why}", None),
    ("{person} is no voter of {thing}; it asks {people}", None),
    ("{person} is no voter of {thing}", None),
    ("choice: {typed} is not one of {list}", "{typed} is no choice here: {list}"),
    ("{thing} was {outcome}", None),
    ("{thing} has not been opened yet", None),
    ("there is no decision {typed}", None),
    ("{thing} takes no verbal votes", "{thing} takes no spoken votes"),
    ("heard_by: a second person who heard it is needed", "a second person who heard it is needed"),
    ("{person} may not {part} a vote on {thing}: asked for it, or no person", None),
    ("{thing} has no break-glass", "nobody can break the glass of {thing}"),
    ("{thing} opens as soon as its voters are known", None),
    ("{person} may not break the glass of {thing}", None),
    ("reason: breaking the glass needs one", "breaking the glass needs a reason"),
    ("to: {typed} is no other person of the catalog", "{typed} is no other person of the catalog"),
    ("{thing} takes no delegates", None),
    # a page, a role, a task
    (
        "{thing} was not sent to {person}: its levels name others",
        "the call for {thing} was not for {person}: its levels name others",
    ),
    ("{thing} was acknowledged by {person} at {time}", None),
    ("{thing} is over", None),
    ("{thing} has not been sent yet", None),
    ("there is no page {typed}", None),
    ("there is no role or page {typed}", None),
    ("{person} declined {thing} already", None),
    ("declining is a person's word: it takes a person's token", None),
    ("reason: whoever is asked next wants to know why you cannot", "whoever is asked next wants to know why"),
    ("a vote is not declined: abstain, or delegate it", None),
    ("a task is not declined: commander or deputy give it to somebody else", None),
    ("there is no role or task {typed}", None),
    ("{person} holds {role} already", "{person} is {role} already"),
    ("{role} is not offered to anybody now", "the role of {role} is not offered to anybody now"),
    ("{role} is offered to {people}", "the role of {role} is offered to {people}"),
    ("{role} is offered to ", "the role of {role} is offered to somebody else"),
    ("task {thing} is not open yet", None),
    ("task {typed} does not exist", "there is no task {typed}"),
    ("task {thing} is closed since {time}", None),
    ("task {thing} is closed", None),
    ("task {thing} is for {whom}", None),
    ("{person} may not answer {thing}: a second person has to", None),
    ("result.{field}: unknown field; known are {list}", "{field} is not asked for; what is: {list}"),
    ("result.{field}: missing ({list})", "{field} is missing"),
    ("result.{field}: {text}", "{field}: {text}"),
    ("person: {typed} is not in the catalog", "{typed} is not in the catalog"),
    ("role: {typed}; known are {list}", "there is no role {typed}; there are {list}"),
    # words that go out
    ("audience: {typed}; known are {list}", "there is no audience {typed}; there are {list}"),
    ("text: an update needs words", "an update needs words"),
    ("text: a correction needs words", "a correction needs words"),
    ("text: a note needs words", "a note needs words"),
    ("occurred_at: lies in the future", "what is noted cannot have happened in the future"),
    ("n: there is no message {typed}; the newest is {list}", "there is no message {typed}; the newest is {list}"),
    # status, severity, impact, ending
    ("status: {typed} is not one of {list}", "{typed} is no status that can be set: {list}"),
    ("severity: {typed} is not one of {list}", "{typed} is no severity: {list}"),
    ("the incident was merged into {incident}: go there", None),
    ("{incident} was merged into this incident", None),
    ("a person let the drill go on beside {incident}", None),
    ("reason: a rejection needs one", "a rejection needs a reason"),
    ("one of customers_affected, started_at, ended_at is needed", "say how many customers, or since or until when"),
    ("customers_affected: cannot be negative", "fewer than no customers cannot be affected"),
    ("ended_at: lies before the start of the impact", "the impact cannot end before it started"),
    ("into: {typed} is no other open incident", "{typed} is no other open incident"),
    # vendors
    ("there is no engagement {typed} yet", "no case of {typed} is open yet"),
    ("there is no engagement {typed}", "there is no case of {typed}"),
    ("{thing} is closed", None),
    ("{vendor} does not wait for us", None),
    ("{vendor} waits for us already", None),
    # overriding
    ("reason: an override needs one", "an override needs a reason"),
    ("cadence {thing} has not started", "the updates {thing} have not started"),
    ("cadence {typed} does not exist", "there are no updates called {typed}"),
    ("cadence {thing} is stopped", "the updates {thing} have stopped"),
    ("cadence {thing} is paused", "the updates {thing} are paused"),
    ("cadence {thing} is running", "the updates {thing} are going out"),
    ("action: a cadence can be paused or resumed", "updates can be paused or resumed"),
    ("phase {typed} does not exist; known are {list}", "there is no phase {typed}; there are {list}"),
    ("phase {thing} is not the current one", None),
    ("action: a phase can be ended (end_phase)", "a phase can only be ended"),
    ("there is no step {typed}", None),
    ("action: {outcome} is for cadence:NAME or phase:ID", "“{outcome}” is for a phase, or for updates that repeat"),
    (
        "action: {thing} is a task of its own: complete or reassign it",
        "{thing} is a task of its own: complete or reassign it",
    ),
    ("to: say who has it from now on", "say who has it from now on"),
    ("to: {typed} is no person, role or group", "{typed} is no person, role or group"),
    ("{thing} has nothing open to reassign", None),
    ("{thing} has not begun", None),
    ("{thing} is still under way", None),
    ("{thing} was decided: {outcome}", None),
    ("{thing} is {outcome}", None),
)  # fmt: skip

#: why a card, a page or a task is over, as the walker writes it
CLOSINGS: tuple[tuple[str, str | None], ...] = (
    ("acknowledged by {person}", None),
    ("completed by {person}", None),
    ("accepted by {person}", None),
    ("taken by {person}", None),
    ("seen by {person}", None),
    ("decided by {person}", None),
    ("decided: {outcome}", None),
    ("{person} joined", "{person} is on the bridge"),
    ("{person} answered", None),
    ("{person} took over", None),
    ("{person} voted anew", None),
    ("{person} did not say it", None),
    ("{vendor} was reached", None),
    ("incident {outcome}", "the incident is {outcome}"),
    ("moved to {incident}", "asked in {incident} now"),
)

_GAP = re.compile(r"\{(\w+)\}")
_CLAIM = re.compile(r"(.*); it says that it comes from (.*)", re.DOTALL)


def parts_of(reason: str, forms: tuple[tuple[str, str | None], ...] = FORMS) -> list[Part]:
    """A reason in parts; one part without a gap where it is no sentence of the list."""
    claim = _CLAIM.fullmatch(reason)
    if claim is not None:  # whom it names is what a stranger wrote
        return [*parts_of(claim[1]), Part("", f"; it says that it comes from {claim[2]}")]
    for pattern, gaps, said in _table(forms):
        if (found := pattern.fullmatch(reason)) is not None:
            return _filled(said, gaps, found.groups())
    return [Part("", reason)]


def _filled(said: str, gaps: list[str], values: tuple[str, ...]) -> list[Part]:
    left = list(zip(gaps, values, strict=True))
    found: list[Part] = []
    at = 0
    for gap in _GAP.finditer(said):
        found.append(Part("", said[at : gap.start()]))
        number = next(number for number, (kind, _) in enumerate(left) if kind == gap[1])
        found.append(Part(*left.pop(number)))
        at = gap.end()
    return [part for part in [*found, Part("", said[at:])] if part.text]


@cache
def _table(forms: tuple[tuple[str, str | None], ...]) -> list[tuple[re.Pattern[str], list[str], str]]:
    return [(_pattern(form), _GAP.findall(form), said or form) for form, said in forms]


def _pattern(form: str) -> re.Pattern[str]:
    pieces = _GAP.split(form)
    made = "".join(f"({GAPS[piece]})" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
    return re.compile(made, re.DOTALL)
