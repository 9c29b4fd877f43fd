"""Names for people who shall not be named: the same one each time, in ids, references and texts.

Ids and references to people (`person.ana`) are replaced wherever they stand as such. In running text an id is replaced
where it can only be meant as one: `max` is a person here and a word there. Full names always go, and so do addresses
and telephone numbers. What somebody wrote about a person without naming them stays: read a scenario before
you hand it on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mayday.domain.timeline import Entry
from mayday.language.plan import Plan

_MAIL = re.compile(r"[\w.+-]+@[A-Za-z][\w-]*(\.[\w-]+)*\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+\d[\d ()/-]{6,}\d")
#: data whose keys are people
_KEYED_BY_PERSON = frozenset({"people", "votes", "excluded", "broken_by", "resolved", "fallback"})
_KEPT = frozenset({"", "system", "catalog"})


class Pseudonyms:
    """The pseudonyms of one incident's people. They sort as the people's ids do: lists keep their order."""

    def __init__(self, plan: Plan, more: Iterable[str] = ()) -> None:
        """`more` are people who are not in the plan."""
        names = {person.id: person.name for person in plan.people.values()}
        ids = sorted({*names, *more} - _KEPT)
        width = len(str(len(ids)))
        self.ids = {person: f"person_{number:0{width}}" for number, person in enumerate(ids, start=1)}
        self.names = {name: self.ids[person].replace("_", " ").capitalize() for person, name in names.items() if name}
        words = set(re.findall(r"\b[a-z0-9_]+\b", " ".join(_texts(plan.canonical()))))
        bare = [person for person in self.ids if person not in words and len(person) > 2]
        self._references = _any_of(self.ids, r"(?<=person\.)({})(?![\w-])")
        self._leading = _any_of(self.ids, r"^({})(?=: )")  # `ana: push`, as receipts have it
        self._claimed = _any_of(self.ids, r"(?<=; it says that it comes from )({})$")  # of a decision turned away
        self._doers = _any_of(self.ids, r"(?<=\bby )({})(?=: |$)")  # `override by ana: enough`, `completed by ana`
        self._closers = _any_of(self.ids, r"^({})(?= (?:answered|joined|took over|voted anew|did not say it)$)")
        self._names = _any_of(self.names, r"(?<!\w)({})(?!\w)")
        self._bare = _any_of(bare, r"(?<![\w.-])({})(?![\w-])", re.IGNORECASE)

    def of(self, value: Any, key: str = "") -> Any:
        """`value` without people: strings, lists and mappings, however deep."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.of(item, key) for item in value]
        if isinstance(value, Mapping):
            rename = self.ids if key in _KEYED_BY_PERSON else {}
            return {rename.get(name, self._key(name)): self.of(item, name) for name, item in value.items()}
        return value

    def text(self, text: str) -> str:
        if text in self.ids:
            return self.ids[text]
        if text in self.names:
            return self.names[text]
        text = _MAIL.sub("somebody@example.org", _PHONE.sub("+0000000", text))
        if self._leading:
            text = self._leading.sub(lambda found: self.ids[found[1]], text)
        for sentence in (self._claimed, self._doers, self._closers, self._references):
            if sentence:
                text = sentence.sub(lambda found: self.ids[found[1]], text)
        if self._names:
            text = self._names.sub(lambda found: self.names[found[1]], text)
        if self._bare:
            text = self._bare.sub(lambda found: self.ids[found[1].lower()], text)
        return text

    def _key(self, name: str) -> str:
        """A key is a word of the language (`max`), unless it is a path or an effect's key."""
        return self.text(name) if name not in self.ids else name

    def entry(self, entry: Entry) -> Entry:
        """An entry without people. Its hash is still that of the one with them."""
        changed = {"actor": self.text(entry.actor), "data": self.of(entry.data)}
        return entry.model_copy(update=changed)

    def scenario(self, scenario: dict[str, Any]) -> dict[str, Any]:
        """A scenario without people; the plan in it gets the digest of what it is now."""
        changed: dict[str, Any] = self.of(scenario)
        plan = Plan.model_validate(changed["recorded"]["plan"])
        changed["recorded"]["plan"]["digest"] = plan.compute_digest()
        return changed


def people_of(scenario: Mapping[str, Any], plan: Plan) -> set[str]:
    """People who acted in a scenario, with those of the plan."""
    actors = {item["by"] for item in scenario["timeline"] if "by" in item and "event" not in item}
    claimed = {item["turned_away"]["claimed"] for item in scenario["timeline"] if "turned_away" in item}
    return {*plan.people, *actors, *(person for person in claimed if " " not in person)}


def _any_of(words: Iterable[str], pattern: str, flags: int = 0) -> re.Pattern[str] | None:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    alternatives = "|".join(re.escape(word) for word in longest_first)
    return re.compile(pattern.replace("{}", alternatives), flags) if alternatives else None


def _texts(value: Any) -> Iterable[str]:
    """The running text of a plan: everything that has more than one word."""
    if isinstance(value, str):
        if " " in value:
            yield value.replace("person.", "")
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "people":
                yield from _texts(item)


def unnamed(scenario: dict[str, Any], pseudonyms: Pseudonyms) -> list[str]:
    """People's ids or names that are still in a pseudonymised scenario as such: there must be none."""
    text = json.dumps(scenario, ensure_ascii=False)
    left = [name for name in pseudonyms.names if name in text]
    as_such = [rf'"{re.escape(person)}"(?!:)|person\.{re.escape(person)}\b' for person in pseudonyms.ids]
    return left + [found[0] for found in (re.search(pattern, text) for pattern in as_such) if found]
