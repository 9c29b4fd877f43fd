"""The words of the timeline: the one place where an entry becomes a sentence, for page, terminal, ticket, chat, report.

An entry holds what machines need: ids, seconds, moments in UTC, names of steps, conditions as their author wrote them.
People read names, lengths of time, times of day, and what a condition means. Nothing here is hashed or compared, so
words may get better at any time. What a person wrote is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mayday.domain.durations import Duration
from mayday.domain.plain_words import plain_condition, plain_event, spoken, words_of
from mayday.domain.refusal_words import CLOSINGS, Part, parts_of
from mayday.domain.timeline_kinds import reads

__all__ = ["NAMELESS", "Naming", "closing", "refusal", "sentence", "thing", "value_of"]

Moment = Callable[[datetime], str]

#: what people wrote, what other systems call their own, and what has to be found again by it: said as it is
_AS_IT_IS = frozenset(
    {
        "title", "words", "text", "question", "subject", "summary", "what", "brief", "approval", "case", "contract",
        "number", "url", "ref", "id", "digest", "alert", "into", "source", "incident", "ticket", "version", "runbook",
        "severity", "priority", "channel", "code", "inbox", "value",
    }
)  # fmt: skip
#: what a step, a task or a question is called in its runbook: said in quotation marks
_NAMES_OF_STEPS = frozenset({"page", "decision", "task", "step"})
_PEOPLE = frozenset({"people", "to", "voters", "waiting", "targets", "paged", "was"})
_OF_PEOPLE = re.compile(r"(person|schedule|role|group|audience|vendor|service)\.([a-z0-9_]+)")
_REFERENCE = re.compile(rf"\b{_OF_PEOPLE.pattern}\b")
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_PLACE = re.compile(r"([a-z0-9_]+)\[(\d+)\]\.")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{(\w+)\}[^\[\]]*)\]")
_ONE = re.compile(r"^1 (?=[a-z]+$)")  # every 1 hour
_CONDITION = re.compile(r"\b(?:incident|inputs|vars|steps|decisions|event)\.\w")
_UNSET = re.compile(r"(?:incident|inputs|vars)\.(\w+) has not been set yet.*", re.DOTALL)

#: the language's own actions, as something that is being done; one of the house's reads `do this (system)`
ACTIONS = {
    "incident.set_status": "setting the status", "incident.set_severity": "setting the severity",
    "incident.set_impact": "setting the impact", "bridge.open": "opening the bridge",
    "bridge.close": "closing the bridges", "chat.open_channel": "opening the channel",
    "chat.post": "posting to the channel", "chat.pin": "pinning a text in the channel",
    "chat.invite": "inviting people to the channel", "chat.archive": "archiving the channel",
    "itsm.open_major_incident": "opening the ticket", "itsm.add_note": "writing a work note",
    "itsm.open_problem": "opening a problem record", "itsm.open_change": "opening the emergency change",
    "itsm.close": "resolving the ticket", "itsm.reopen": "opening the ticket again",
    "itsm.link_child": "linking another ticket to this one",
    "change.execute": "carrying out the change", "dr.invoke": "invoking disaster recovery",
    "http.request": "calling a system of the house", "changes.recent": "looking for recent changes",
    "knowledge.similar": "looking for similar incidents",
}  # fmt: skip
#: a command as what somebody wanted to do
COMMANDS = {
    "ack": "the acknowledgement", "accept": "the yes", "decline": "the no", "vote": "the vote",
    "complete": "the answer", "update": "the update", "correct": "the correction", "note": "the note",
    "severity": "the change of severity", "status": "the change of status", "role": "the offer of a role",
    "event": "the event", "add_step": "the added step",
    "candidate": "the word on the candidate", "merge": "the merge", "reopen": "the reopening",
    "delegate": "the delegation", "hold_outward": "the holding or letting go of outward messages",
    "impact": "the impact", "vendor_reply": "the vendor's reply", "override": "the override",
    "drill": "the drill's command",
}  # fmt: skip
_VALUES = {
    "send_holding_line": "the holding line goes out", "waiting_on_us": "waits for us", "reply": "says",
    "eta": "says when it will be repaired", "downgrade": "lowers the priority", "resumed": "goes on",
    "REQUEST": "", "CANCEL": "taken back",
}  # fmt: skip
_UNREAD = {"send_holding_line": "the holding line goes out", "send": "it leaves unread", "skip": "it is left out"}
_REASONS = {"the tick has come": "it was time to send it", "a manual update was sent": "a person sent one just before"}
_ENDS = {
    "lapsed": "lapses without an answer", "overdue": "is overdue", "rejected": "counts as rejected",
    "approved": "counts as approved",
}  # fmt: skip
_PLAIN_ENDS = ("leaves", "resolves")
_SAID_OF_VENDORS = {"reply": "replied", "resolved": "has repaired it"}
_EXCLUDED_FOR = {
    "asked for it": "they asked for it", "would carry it out": "they would carry it out",
    "broke the glass": "they broke the glass",
}  # fmt: skip

_ACTION = re.compile("|".join(rf"\b{re.escape(action)}\b" for action in ACTIONS))


class Naming(NamedTuple):
    """What the catalog calls people, vendors and services; without it they go by their ids."""

    people: Mapping[str, str] = {}
    vendors: Mapping[str, str] = {}
    services: Mapping[str, str] = {}

    def of(self, ref: str) -> str:
        """A person, or whatever else a reference names."""
        found = _OF_PEOPLE.fullmatch(ref)
        if found is None:
            return self.people.get(ref, ref)
        kind, name = found.groups()
        if kind == "person":
            return self.people.get(name, name)
        if kind in ("vendor", "service"):
            return self.vendors.get(name, spoken(name)) if kind == "vendor" else self.service(name)
        return f"{spoken(name)} on call" if kind == "schedule" else spoken(name)

    def service(self, name: str) -> str:
        """A service, also one that the catalog does not have: an alert may write its name as it likes."""
        return self.services.get(name, spoken(name))

    def text(self, words: str) -> str:
        """A sentence of the walker with its references and its actions in words."""
        said = _REFERENCE.sub(lambda found: self.of(found[0]), words)
        return _ACTION.sub(lambda found: ACTIONS.get(found[0], found[0]), said)

    def then(self, words: str) -> str:
        """What happens to something that waits and gets no answer: what a gate counts as is one word of its runbook."""
        if _SLUG.fullmatch(words) and words not in _PLAIN_ENDS:
            return _ENDS.get(words) or f"counts as “{spoken(words)}”"
        return self.text(words.replace("exhausted: ", "nobody has answered: ", 1))

    def waiting(self, kind: str, words: str, refs: Sequence[str] = ()) -> str:
        """What waits, in words: a wait's condition or length, a vendor's case, else the walker's own sentence."""
        if kind == "wait" and words.startswith("until "):
            return plain_condition(words)
        if kind == "wait" and words.startswith("for "):
            return f"for {_length(words.removeprefix('for '))}"
        first, space, rest = words.partition(" ")
        if kind == "vendor" and refs and first == refs[0]:
            return f"{self.vendors.get(first, spoken(first))}{space}{rest}"
        return self.text(words)

    def actor(self, actor: str) -> str:
        """Who did it, in a sentence."""
        if actor.startswith("machine:"):
            return f"{actor.removeprefix('machine:')} (a program)"
        return {"system": "the system", "owner": "the owner"}.get(actor) or self.of(actor)


NAMELESS = Naming()


def sentence(
    kind: str,
    actor: str,
    step: str | None,
    data: Mapping[str, Any],
    *,
    at: datetime | None = None,
    naming: Naming = NAMELESS,
    moment: Moment | None = None,
) -> str:
    """One sentence for people. Unknown kinds (of a newer version) read as their name.

    `at`: when it was taken down; a time of the same day goes without its date. `moment`: how times are written instead.
    """
    text = reads(kind, data)
    if text is None:
        return spoken(kind)
    teller = _Teller(naming, moment or _of_day(at))
    said = {key: teller.word(key, value, kind) for key, value in data.items() if key not in ("actor", "step")}
    said |= {"actor": naming.actor(actor), "step": thing(step, naming, quoted=True) if step else ""}
    form = _OPTIONAL.sub(lambda found: found[1] if said.get(found[2]) else "", text)
    return form.format_map(_Dash(said))


def refusal(reason: str, naming: Naming = NAMELESS) -> str:
    """Why a command was refused, with names for the ids that the rules wrote."""
    return "".join(_of_a_refusal(part, naming) for part in parts_of(reason))


def closing(reason: str, naming: Naming = NAMELESS) -> str:
    """Why a card, a page or a task is over, with names."""
    said = "".join(_of_a_refusal(part, naming) for part in parts_of(reason, CLOSINGS))
    return said if said != reason else _Teller(naming, _of_day(None)).reason(reason)


def _of_a_refusal(part: Part, naming: Naming) -> str:
    match part.gap:
        case "person":
            return naming.actor(part.text)
        case "people":
            return ", ".join(naming.actor(person) for person in part.text.split(", "))
        case "whom":
            return f"the {naming.of(part.text)}" if part.text.startswith("role.") else naming.of(part.text)
        case "thing":
            return thing(part.text, naming, quoted=True)
        case "role" | "outcome":
            return spoken(part.text)
        case "vendor":
            return naming.vendors.get(part.text, spoken(part.text))
        case "incident":
            return f"INC-{part.text[-6:]}"
        case "time":
            return f"{part.text} UTC"
        case "why":
            return _EXCLUDED_FOR.get(part.text, part.text)
    return part.text


def value_of(key: str, value: Any, at: datetime | None = None, naming: Naming = NAMELESS) -> str:
    """One value of an entry's data in words, as its sentence has it."""
    return _Teller(naming, _of_day(at)).word(key, value)


def thing(name: str, naming: Naming = NAMELESS, *, quoted: bool = False) -> str:
    """What an id names, as people say it: `moves[2].emergency_change` is “emergency change” (moves 2)."""
    kind, colon, rest = name.partition(":")
    if colon and rest:
        return _prefixed(kind, rest, naming)
    where = ", ".join(f"{spoken(block)} {number}" for block, number in _PLACE.findall(name))
    own = spoken(_PLACE.sub("", name))
    own = f"“{own}”" if quoted and _SLUG.fullmatch(_PLACE.sub("", name)) else own
    return f"{own} ({where})" if where else own


def _prefixed(kind: str, rest: str, naming: Naming) -> str:
    name, _, more = rest.partition(":")
    person, _, witness = more.partition(":")
    match kind, name:
        case "role", _:
            return f"the role of {spoken(name)}"
        case "review", "final":
            return f"“last word: {spoken(more)}”"
        case "review", _:
            return f"“read the {spoken(name)}”"
        case "confirm", "declaration":
            return "“confirm the declaration”"
        case "confirm", _ if person:
            heard = ", as heard by a witness" if witness else ""
            return f"“confirm the spoken vote of {naming.of(person)} on {thing(name, naming)}”{heard}"
        case "successor", _:
            return f"“name a successor for the {spoken(name)}”"
        case "fact", _:
            return f"“{spoken(name.rpartition('.')[2])}”"
        case "condition", "event":
            return f"“is it a case of {spoken(more)}?”"
        case "condition", _:
            return f"“is {thing(rest, naming)} over?”"
        case "relapse", _:
            return "“it is open again”"
        case "merged", _:
            return "“another incident is part of this one now”"
        case "ratify", _:
            return f"“ratify {thing(name, naming)}”"
    return f"{spoken(kind)} {thing(rest, naming)}"


class _Teller(NamedTuple):
    naming: Naming
    moment: Moment

    def word(self, key: str, value: Any, kind: str = "") -> str:
        """A value of an entry in words; what says nothing is empty."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return self._number(key, value)
        if isinstance(value, list):
            nobody = "nobody" if key in _PEOPLE else ""
            return ", ".join(filter(None, (self.word(key, item, kind) for item in value))) or nobody
        if isinstance(value, dict):
            return self._pairs(key, value)
        return self._text(key, value, kind) if isinstance(value, str) else str(value)

    def _number(self, key: str, value: int) -> str:
        if key == "attempt" and value == 1:
            return ""  # the first one needs no number
        if key == "rounds":
            return "1 round" if value == 1 else f"{value} rounds"
        if not (key.endswith("_s") or key == "seconds"):
            return str(value)
        length = words_of(timedelta(seconds=value))
        return _ONE.sub("", length) if key == "every_s" else length

    def _pairs(self, key: str, value: Mapping[str, Any]) -> str:
        """Answers of a form, outputs of an action, votes of a question."""
        if key == "votes":
            return ", ".join(f"{self.naming.of(person)}: {self.word('choice', vote)}" for person, vote in value.items())
        if key == "moved" and isinstance(value.get("of"), str):
            return f"{thing(value['of'], self.naming, quoted=True)} until {self.word('due_at', value.get('due_at'))}"
        if value.get("kind") in ("incident", "known_error") and isinstance(value.get("title"), str):
            return _seen_before(value)
        pairs = (
            (name, "none" if item == [] else self.word(str(name) if isinstance(item, int) else "words", item))
            for name, item in value.items()
            if name != "id"
        )
        return ", ".join(f"{spoken(str(name))}: {words}" for name, words in pairs if words)

    def _text(self, key: str, value: str, kind: str) -> str:
        at = _parsed(value) if key.endswith("_at") or key in ("due", "until", "previous", "words") else None
        if at is not None:
            return self.moment(at)
        if key in _AS_IT_IS:
            return f"{spoken(value.partition('@')[0])} {value.partition('@')[2]}".strip() if key == "runbook" else value
        if key == "reason":
            told = {"refused": refusal, "task_withdrawn": closing}.get(kind)
            return told(value, self.naming) if told else self.reason(value)
        if key == "command" and kind == "refused":
            return COMMANDS.get(value, spoken(value))
        if key == "vendor":
            return self.naming.vendors.get(value, spoken(value))
        if key in ("service", "services"):
            return self.naming.service(value)
        if key == "action" and "." in value:
            system, _, what = value.partition(".")
            return ACTIONS.get(value) or f"“{spoken(what)}” ({spoken(system)})"
        if key == "reply":
            return _SAID_OF_VENDORS.get(value) or _VALUES.get(value) or spoken(value)
        if key == "event" or (key == "name" and kind == "fact_learned"):
            return plain_event(value) if key == "event" else spoken(value.rpartition(".")[2])
        if key in _NAMES_OF_STEPS:
            return thing(value, self.naming, quoted=True)
        if value in self.naming.people or _OF_PEOPLE.fullmatch(value):
            return self.naming.of(value)
        if key == "then" and kind == "update_missed":
            return _UNREAD.get(value, value)
        if key == "clock":
            return {"response": "respond"}.get(value, spoken(value))
        if value in _VALUES:
            return _VALUES[value]
        return thing(value, self.naming) if _looks_made(value) else value

    def reason(self, reason: str) -> str:
        """The reasons that the walker itself gives; whatever a person says stays as they said it."""
        if reason in _REASONS:
            return _REASONS[reason]
        subject, _, rest = reason.partition(" left: ")
        if rest and (phase := subject.removeprefix("phase ")) != subject:
            return f"phase {spoken(phase)} was left: {self.reason(rest)}"
        by, colon, why = reason.removeprefix("override by ").partition(": ")
        if colon and reason.startswith("override by "):
            return f"{self.naming.actor(by)} ended it: {why}"
        if reason.startswith("not needed: "):
            return f"only if {plain_condition(reason.removeprefix('not needed: '))}"
        if reason.endswith(" holds") and _CONDITION.search(reason):
            return plain_condition(reason.removesuffix(" holds"))
        if _UNSET.match(reason):
            return _UNSET.sub(lambda found: f"{spoken(found[1])} has not been set yet", reason)
        for begin, end in (("", " timed out"), ("step ", "")):
            name = reason.removeprefix(begin).removesuffix(end)
            if reason == f"{begin}{name}{end}" and _looks_made(name) and " " not in name:
                return f"{begin}{thing(name, self.naming, quoted=True)}{end}"
        return self.naming.of(reason) if _OF_PEOPLE.fullmatch(reason) else reason


def _seen_before(item: Mapping[str, Any]) -> str:
    """Something that looked alike, and what helped then."""
    note = f" ({item['note']})" if item.get("note") else ""
    helped = f"; what helped: {item['workaround']}" if item.get("workaround") else ""
    return f"{item['title']}{note}{helped}"


def _looks_made(value: str) -> bool:
    """Whether a text is a name of a runbook, and not somebody's words."""
    return bool(_SLUG.fullmatch(_PLACE.sub("", value).partition(":")[0])) and " " not in value


def _length(text: str) -> str:
    try:
        length = Duration.parse(text)
    except ValueError:
        return text
    return text if length.business_days else words_of(timedelta(seconds=length.seconds))


def _parsed(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo is not None and "T" in value else None


def _of_day(at: datetime | None) -> Moment:
    """`03:20 UTC`, `03:20:30 UTC`, and with its date where that is not the day of `at`."""

    def told(moment: datetime) -> str:
        here = moment.astimezone(UTC)
        clock = f"{here:%H:%M:%S}" if here.second else f"{here:%H:%M}"
        day = "" if at is not None and at.astimezone(UTC).date() == here.date() else f"{here.day} {here:%B} "
        return f"{day}{clock} UTC"

    return told


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"
