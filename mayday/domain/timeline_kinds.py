"""The closed list of timeline kinds: what each means, what its `data` holds, and how it reads.

A text is a format over `data`, `actor` and `step`; a missing value reads as a dash. docs/timeline.md is generated from
this table and tests hold the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Kind(NamedTuple):
    text: str
    data: str
    meaning: str


KINDS: dict[str, Kind] = {}


def render(kind: str, actor: str, step: str | None, data: dict[str, Any]) -> str:
    """One sentence for people. Unknown kinds (of a newer version) read as their name."""
    known = KINDS.get(kind)
    if known is None:
        return kind.replace("_", " ")
    return known.text.format_map(_Dash(actor=actor, step=step or "-", **_flat(data)))


def _flat(data: dict[str, Any]) -> dict[str, str]:
    return {key: _word(value) for key, value in data.items() if key not in ("actor", "step")}


def _word(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_word(item) for item in value) or "nobody"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_word(item)}" for key, item in value.items()) or "-"
    return str(value)


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"
