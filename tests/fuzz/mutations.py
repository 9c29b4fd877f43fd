"""One small mistake in a file: a key or item deleted, written twice, of another type, or misspelt.

A file is changed as a tree and written in braces, which is YAML too; so a key can stand twice.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from tests.fuzz.chance import Chance

Path = tuple[str | int, ...]
Kind = Literal["delete", "duplicate", "retype", "misspell"]
KINDS: tuple[Kind, ...] = ("delete", "duplicate", "retype", "misspell")
#: values of other types than most keys have; `true` and numbers stand for texts that somebody forgot to quote
OTHERS: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    2.5,
    "",
    "x",
    "5m",
    [],
    ["a"],
    {},
    {"a": 1},
    "{{ incident.nothing }}",
    "{{",
)


class Mutation(NamedTuple):
    """What was done, where, and the text that came of it.

    `closed`: the keys that may stand there are all known. `key`: what now stands there.
    """

    kind: Kind
    path: Path
    text: str
    closed: bool
    key: str

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(map(str, self.path))}"


class _Written(dict[str, Any]):
    """A mapping as it is written: keys in order, one of them perhaps twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def mutated(data: Mapping[str, Any], model: type[BaseModel], chance: Chance) -> Mutation:
    """One mistake somewhere in a file of that model."""
    kind = chance.pick(KINDS)
    places = [path for path in _paths(data) if path and not (kind == "misspell" and isinstance(path[-1], int))]
    path = chance.pick(places)
    changed = _changed(data, path, kind, chance)
    keys = list(_at(changed, path[:-1])) if kind == "misspell" else []
    key = next((key for key in keys if key not in _at(data, path[:-1])), "")
    return Mutation(kind, path, written(changed), is_closed(model, data, path[:-1]), key)


def is_closed(annotation: Any, value: Any, path: Path) -> bool:
    """Whether the keys of the mapping at `path` are those of a model, and not names that an author chose."""
    return any(_closed(member, value, path) for member in _members(annotation))


def _members(annotation: Any) -> Iterator[Any]:
    """The kinds of value that an annotation allows."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _closed(annotation: Any, value: Any, path: Path) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not isinstance(value, dict):
            return False
        fields = {info.alias or name: info.annotation for name, info in annotation.model_fields.items()}
        return not path or (path[0] in fields and is_closed(fields[str(path[0])], value[path[0]], path[1:]))
    inside = isinstance(value, {list: list, dict: dict}.get(get_origin(annotation), ())) and bool(path)
    return inside and is_closed(get_args(annotation)[-1], value[path[0]], path[1:])


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def written(value: Any) -> str:
    """A tree as YAML in braces, one entry a line."""
    if isinstance(value, dict):
        pairs = value.pairs if isinstance(value, _Written) else list(value.items())
        return "{" + ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {written(item)}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(written(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


def _changed(value: Any, path: Path, kind: Kind, chance: Chance) -> Any:
    """The tree with one mistake at `path`; what is not on the way there is shared."""
    key, *rest = path
    if rest:
        inner = _changed(value[key], tuple(rest), kind, chance)
        if isinstance(value, dict):
            return {name: inner if name == key else item for name, item in value.items()}
        return [inner if index == key else item for index, item in enumerate(value)]
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    at = [name for name, _ in pairs].index(key)
    if kind == "delete":
        del pairs[at]
    elif kind == "duplicate":
        pairs.insert(at, pairs[at])
    elif kind == "retype":
        pairs[at] = (key, chance.pick([other for other in OTHERS if type(other) is not type(pairs[at][1])]))
    else:
        pairs[at] = (misspelt(str(key), [str(name) for name, _ in pairs], chance), pairs[at][1])
    return _Written(pairs) if isinstance(value, dict) else [item for _, item in pairs]  # type: ignore[arg-type]


def misspelt(word: str, taken: list[str], chance: Chance) -> str:
    """A slip of the finger: a letter lost, doubled or swapped with its neighbour."""
    at = chance.number(0, len(word) - 1)
    slips = (
        word[:at] + word[at + 1 :],
        word[: at + 1] + word[at:],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        word + "s",
    )
    first = chance.number(0, len(slips) - 1)
    slip = next(
        (found for found in (*slips[first:], *slips[:first]) if found not in ("", word) and found not in taken), ""
    )
    return slip or f"{word}_x"
