"""The timeline: an append-only, hash-chained list of typed entries. It is the truth; all else is a projection.

`hash = sha256(prev_hash + canonical JSON of {seq, at, kind, actor, step, data})`: sorted keys, no spaces, UTF-8, no
floats; the first `prev_hash` is 64 zeros. `text` is made from kind and data when read (`timeline_words`), never hashed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, PrivateAttr
from pydantic_core import to_jsonable_python

from mayday.domain.timeline_words import NAMELESS, Naming, sentence, value_of
from mayday.domain.wire import Wire

GENESIS = "0" * 64


def timestamp(at: datetime) -> str:
    """RFC 3339 UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamped(model: BaseModel, **how: Any) -> dict[str, Any]:
    """`model_dump` as JSON data in which every time reads like those of the timeline: UTC, three digits of a second."""
    return cast(dict[str, Any], to_jsonable_python(_stamped(model.model_dump(**how))))


def _stamped(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, dict):
        return {key: _stamped(item) for key, item in value.items()}
    return [_stamped(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value


def parse_timestamp(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def plain(value: Any) -> Any:
    """`value` as hashable JSON data: times become text, floats are refused by becoming text, keys are text."""
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return str(value)


class Entry(Wire):
    """One fact. `at` is when the system took it down; `data.occurred_at` when it happened, if somebody says so late."""

    seq: int
    at: str
    kind: str
    actor: str
    step: str | None = None
    data: dict[str, Any] = {}
    prev_hash: str
    hash: str
    _naming: Naming = PrivateAttr(default=NAMELESS)

    @property
    def text(self) -> str:
        """The entry as a sentence, its times in UTC."""
        at = parse_timestamp(self.at)
        return sentence(self.kind, self.actor, self.step, self.data, at=at, naming=self._naming)

    def said(self, key: str) -> str:
        """What `data` has under a name, in words; nothing where it has none."""
        return value_of(key, self.data.get(key), parse_timestamp(self.at), self._naming)

    @property
    def naming(self) -> Naming:
        """The names that its words use."""
        return self._naming

    @property
    def by(self) -> str:
        """Who did it, as a sentence says it."""
        return self._naming.actor(self.actor)

    def named(self, naming: Naming) -> Entry:
        """The same entry, whose text calls people as the catalog does."""
        told = self.model_copy()
        told._naming = naming
        return told

    def public(self) -> dict[str, Any]:
        """The shape of the API: with `text`."""
        return {
            "seq": self.seq, "at": self.at, "kind": self.kind, "actor": self.actor, "step": self.step,
            "text": self.text, "data": self.data, "prev_hash": self.prev_hash, "hash": self.hash,
        }  # fmt: skip


def digest(prev_hash: str, seq: int, at: str, kind: str, actor: str, step: str | None, data: dict[str, Any]) -> str:
    body = {"seq": seq, "at": at, "kind": kind, "actor": actor, "step": step, "data": data}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256((prev_hash + text).encode()).hexdigest()


def append(head: str, seq: int, at: datetime, kind: str, actor: str, step: str | None, data: dict[str, Any]) -> Entry:
    """The entry that follows `head` with number `seq`."""
    stamp, body = timestamp(at), plain(data)
    return Entry(
        seq=seq, at=stamp, kind=kind, actor=actor, step=step, data=body, prev_hash=head,
        hash=digest(head, seq, stamp, kind, actor, step, body),
    )  # fmt: skip


def first_broken(entries: Iterable[Entry], head: str = GENESIS, seq: int = 1) -> int | None:
    """The number of the first entry that does not follow from the one before it, or None: the chain holds."""
    for entry in entries:
        expected = digest(head, entry.seq, entry.at, entry.kind, entry.actor, entry.step, entry.data)
        if entry.seq != seq or entry.prev_hash != head or entry.hash != expected:
            return entry.seq
        head, seq = entry.hash, seq + 1
    return None
