"""Level 2 for steps: exactly one verb, and only the keys that go with it.

Looked at in the plain data, before the models, because only here the key that is wrong still has its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from mayday.language import shape_codes as codes
from mayday.language.documents import Document, Path
from mayday.language.findings import Finding
from mayday.language.runbook import COMMON_KEYS, VERB_KEYS, VERBS

__all__ = ["StepFinding", "raw_steps", "step_findings"]


class StepFinding(NamedTuple):
    """A finding about the keys of the step at `path`."""

    path: Path
    finding: Finding


def step_findings(document: Document) -> Iterator[StepFinding]:
    """Steps without exactly one verb, and keys that belong to another verb."""
    for path, step in raw_steps(document.data, ()):
        verbs = [key for key in step if key in VERBS]
        if len(verbs) == 2 and "steps" in verbs and {"for_each", "repeat"} & {*verbs}:
            verbs.remove("steps")
        if len(verbs) == 1:
            yield from (StepFinding(path, finding) for finding in _keys(document, path, step, verbs[0]))
        elif (finding := _verbs(document, path, step, verbs)) is not None:
            yield StepFinding(path, finding)


def _verbs(document: Document, path: Path, step: dict[str, Any], verbs: list[str]) -> Finding | None:
    name = f"step `{step['id']}`" if isinstance(step.get("id"), str) else "this step"
    if verbs:
        message = f"{name} has {len(verbs)} verbs: {', '.join(verbs)}"
        return document.find(codes.VERB, (*path, verbs[1]), message, "make them two steps", key=True)
    known = {*COMMON_KEYS, *(key for keys in VERB_KEYS.values() for key in keys)}
    if any(get_close_matches(key, VERBS, n=1) for key in step if key not in known):
        return None  # a misspelt verb is reported as the unknown key that it is
    return document.find(codes.VERB, path, f"{name} has no verb", f"one of {', '.join(VERBS)}")


def _keys(document: Document, path: Path, step: dict[str, Any], verb: str) -> Iterator[Finding]:
    if step[verb] is None:
        yield document.find(codes.WRONG_TYPE, (*path, verb), f"`{verb}` has no value", "write what it says")
    allowed = {verb, *COMMON_KEYS, *VERB_KEYS[verb]}
    for key in step:
        owners = [other for other in VERBS if key in VERB_KEYS[other]]
        if key not in allowed and owners:
            message, hint = f"`{key}` does not go with `{verb}`", f"it goes with {', '.join(owners)}"
            yield document.find(codes.MISPLACED_KEY, (*path, key), message, hint, key=True)


_STEP_LISTS = ("steps", "else", "on_timeout", "on_error", "finally")
_NAMED_STEP_LISTS = ("outcomes", "parallel")
_HOLDERS = ("phases", "handlers", "choose")


def raw_steps(data: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every step of a runbook's plain data, wherever it is nested; what is no mapping is passed over."""
    if not isinstance(data, dict):
        return
    for key in _STEP_LISTS:
        yield from _step_list(data.get(key), (*path, key))
    for key in _NAMED_STEP_LISTS:
        named = data.get(key)
        for name, steps in named.items() if isinstance(named, dict) else ():
            yield from _step_list(steps, (*path, key, name))
    for key in _HOLDERS:
        holders = data.get(key)
        for index, holder in enumerate(holders if isinstance(holders, list) else ()):
            yield from raw_steps(holder, (*path, key, index))
    for key in ("for_each", "repeat"):
        yield from raw_steps(data.get(key), (*path, key))


def _step_list(steps: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict):
            yield (*path, index), step
            yield from raw_steps(step, (*path, index))
