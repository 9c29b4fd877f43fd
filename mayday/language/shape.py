"""Level 2: from plain data to the models, with every error at its line and in the author's words.

The data goes through the models as JSON in strict mode, so nothing is converted: `yes` is no boolean and 12 no text.
Which model stands where is read from the models themselves, for `did you mean`.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mayday.language import shape_codes as codes
from mayday.language.documents import Document, Path
from mayday.language.findings import Finding, nearest
from mayday.language.step_shape import step_findings

__all__ = ["read_model"]

MOST_FINDINGS = 60
FOLDERS = {"Runbook": "library/", "Catalog": "catalog/", "Scenario": "scenarios/", "Template": "templates/"}
"""Where each kind of file stands in a folder of runbooks."""

Model = TypeVar("Model", bound=BaseModel)


def read_model(document: Document, model: type[Model]) -> Model | None:
    """The document as this model, or None; what is wrong is added to `document.findings`."""
    if document.data is None:
        return None
    if not isinstance(document.data, dict):
        document.findings.append(
            document.find(codes.WRONG_TYPE, (), "the file holds no keys", "begin with apiVersion:")
        )
        return None
    wanted, kind = model.model_fields.get("kind"), document.data.get("kind")
    if wanted is not None and isinstance(kind, str) and kind in FOLDERS and kind not in get_args(wanted.annotation):
        message = f"the file is a {kind}, and a {get_args(wanted.annotation)[0]} is wanted here"
        document.findings.append(
            document.find(codes.KIND, ("kind",), message, f"a {kind} belongs into {FOLDERS[kind]}")
        )
        return None
    own = list(step_findings(document))
    try:
        instance = model.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        steps = {finding.path for finding in own}
        problems = _of_one_branch([_Problem.of(item, document) for item in error.errors(include_url=False)])
        found = [_finding(document, model, problem) for problem in problems if not problem.repeats(steps)]
        document.findings += [*(finding.finding for finding in own), *found][:MOST_FINDINGS]
        return None
    document.findings += [finding.finding for finding in own]
    return None if own else instance


class _Problem:
    """One error of the models, with its path in the data (names of union members taken out)."""

    def __init__(self, kind: str, path: Path, value: Any, context: dict[str, Any], message: str) -> None:
        self.kind = kind
        self.path = path
        self.value = value
        self.context = context
        self.message = message
        self.loc: tuple[str | int, ...] = ()
        self.key = False
        self.union: tuple[Path, str | int] | None = None
        """Where a choice of several models begins, and which of them complains."""

    @classmethod
    def of(cls, error: Any, document: Document) -> _Problem:
        loc = error["loc"]
        here: Any = document.data
        path: list[str | int] = []
        problem = cls(error["type"], (), error.get("input"), error.get("ctx", {}), error["msg"])
        for index, part in enumerate(loc):
            if part == "[key]":
                problem.key = True
            elif (isinstance(here, dict) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and part < len(here)
            ):
                here = here[part]
                path.append(part)
            elif problem.kind == "missing" and index == len(loc) - 1:
                path.append(part)
            elif problem.union is None:
                problem.union = (tuple(path), part)
        problem.path, problem.loc = tuple(path), loc
        return problem

    @property
    def wrong_branch(self) -> bool:
        """The value is of another kind than this member of a union altogether."""
        holder = isinstance(self.value, dict | list)
        other_kind = self.kind.endswith("_type") or (self.kind in ("literal_error", "value_error") and holder)
        return self.union is not None and self.union[0] == self.path and other_kind

    def repeats(self, paths: set[Path]) -> bool:
        """The step's own rule, already reported with the key that breaks it."""
        return self.kind == "value_error" and self.path in paths


def _of_one_branch(problems: list[_Problem]) -> list[_Problem]:
    """Of a value that may be one of several kinds, keep the errors of the kind that it looks like."""
    wrong = {problem.union for problem in problems if problem.wrong_branch}
    tried: dict[Path, set[str | int]] = {}
    for problem in problems:
        if problem.union is not None:
            tried.setdefault(problem.union[0], set()).add(problem.union[1])
    kept: list[_Problem] = []
    hopeless: set[Path] = set()
    for problem in problems:
        if problem.union is None or problem.union not in wrong:
            kept.append(problem)
            continue
        place = problem.union[0]
        if all((place, branch) in wrong for branch in tried[place]) and place not in hopeless:
            hopeless.add(place)
            problem.kind = "no_branch"
            kept.append(problem)
    return kept


def _finding(document: Document, model: type[BaseModel], problem: _Problem) -> Finding:
    path = problem.path
    name = str(path[-1]) if path else "the file"
    if path in (("apiVersion",), ("kind",)):
        wanted = _words(problem.context.get("expected", ""))
        hint = f"write {name}: {wanted[0]}" if wanted else f"write {name}: at the top"
        return document.find(codes.KIND, path, f"`{name}` says which kind of file this is", hint)
    if problem.kind == "missing":
        return document.find(codes.MISSING_KEY, path[:-1], f"`{name}` is missing", _meant_key(document, model, problem))
    if problem.kind == "extra_forbidden":
        known = _keys_of(_model_at(model, problem.loc[:-1]))
        return document.find(codes.UNKNOWN_KEY, path, f"`{name}` is no key here", nearest(name, known), key=True)
    if problem.kind == "value_error":
        return _rule(document, problem)
    explain = _EXPLANATIONS.get(problem.kind)
    if explain is not None:
        message, hint = explain(problem)
        return document.find(codes.NOT_ALLOWED, path, message, hint, key=problem.key)
    return _wrong_type(document, problem)


def _rule(document: Document, problem: _Problem) -> Finding:
    error = problem.context.get("error")
    message, hint = getattr(error, "message", str(error)), getattr(error, "hint", "")
    if type(error).__name__ == "DurationError":
        return document.find(codes.DURATION, problem.path, message, hint, key=problem.key)
    return document.find(codes.RULE, problem.path, message, hint, key=problem.key)


def _meant_key(document: Document, model: type[BaseModel], problem: _Problem) -> str:
    """A missing key beside an unknown one that looks like it."""
    here: Any = document.data
    for part in problem.path[:-1]:
        here = here[part]
    known = _keys_of(_model_at(model, problem.loc[:-1]))
    unknown = [key for key in here if key not in known] if isinstance(here, dict) else []
    near = get_close_matches(str(problem.path[-1]), unknown, n=1) or [
        key for key in unknown if key.lower() == problem.path[-1]
    ]
    return f"did you mean it by `{near[0]}`?" if near else f"write {problem.path[-1]}:"


def _named(path: Path) -> str:
    return f"`{path[-1]}`" if isinstance(path[-1], str) else f"entry {path[-1] + 1}"


_KINDS = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "int_from_float": "a whole number",
    "datetime_type": "a moment such as 2026-03-02T02:10:00Z",
    "no_branch": "something else",
}
_YES = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def _wrong_type(document: Document, problem: _Problem) -> Finding:
    name, value = _named(problem.path), problem.value
    if value is None:
        return document.find(codes.WRONG_TYPE, problem.path, f"{name} has no value", "write one, or leave the key out")
    wanted = _KINDS.get(problem.kind, "")
    message = f"{name} is {_shown(value)}" + (f", and {wanted} is needed" if wanted else f": {problem.message}")
    hint = ""
    if problem.kind == "string_type" and isinstance(value, bool | int | float):
        hint = f'quote it: "{json.dumps(value)}"'
    elif problem.kind == "bool_type" and isinstance(value, str):
        hint = f"write {_YES.get(value.lower(), 'true or false')}"
    elif problem.kind in ("int_type", "float_type") and isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        hint = f"write {value}, without quotes"
    elif problem.kind == "list_type" and isinstance(value, str | int):
        hint = f"write [{value}]" if len(str(value)) < 40 else "put it in a list"
    return document.find(codes.WRONG_TYPE, problem.path, message, hint)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return "true or false" if isinstance(value, bool) else f"the number {value}"


def _literal(problem: _Problem) -> tuple[str, str]:
    known = _words(problem.context.get("expected", ""))
    return f"{_bare(problem.value)} is not possible here", nearest(str(problem.value), known) or ", ".join(known)


def _pattern(problem: _Problem) -> tuple[str, str]:
    value = str(problem.path[-1] if problem.key else problem.value)
    pattern = str(problem.context.get("pattern"))
    if pattern.startswith("^[a-z]"):
        word = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
        hint = f", for example {word}" if re.fullmatch(r"[a-z][a-z0-9_]*", word) and word != value else ""
        return f"{value[:40]!r} is no name", f"small letters, digits and _, beginning with a letter{hint}"
    return f"{value[:40]!r} is no version", "three numbers: 1.0.0"


def _bound(words: str, key: str) -> Callable[[_Problem], tuple[str, str]]:
    def explain(problem: _Problem) -> tuple[str, str]:
        limit = problem.context.get(key)
        return f"{_named(problem.path)} is out of bounds", f"{words} {limit}"

    return explain


_EXPLANATIONS: dict[str, Callable[[_Problem], tuple[str, str]]] = {
    "literal_error": _literal,
    "enum": _literal,
    "string_pattern_mismatch": _pattern,
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _bound("entries: at least", "min_length"),
    "too_long": _bound("entries: at most", "max_length"),
    "string_too_short": _bound("characters: at least", "min_length"),
    "string_too_long": _bound("characters: at most", "max_length"),
}


def _words(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", str(expected))


def _bare(value: Any) -> str:
    return repr(value[:40]) if isinstance(value, str) else _shown(value)


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()] if model is not None else []


def _model_at(annotation: Any, loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that stands at a location of a validation error."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _model_at(get_args(annotation)[0], loc)
    if origin in (Union, types.UnionType):
        return _member_at(annotation, loc)
    if origin in (list, dict):
        return _model_at(get_args(annotation)[-1], loc[1:]) if loc else None
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return None
    if not loc:
        return annotation
    for name, info in annotation.model_fields.items():
        if loc[0] in (name, info.alias):
            return _model_at(info.annotation, loc[1:])
    return None


def _member_at(annotation: Any, loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """A union's member: its name or tag is a part of the location, but for `X | None`."""
    members = [member for member in get_args(annotation) if member is not type(None)]
    named = [member for member in members if isinstance(member, type) and loc[:1] == (member.__name__,)]
    for rest in (loc[1:],) if named else (loc, loc[1:]):
        for member in named or members:
            found = _model_at(member, rest)
            if found is not None:
                return found
    return None
