"""Level 5: results and decisions are only used where they can exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.language.checks.layout import Layout, Placed
from mayday.language.checks.texts import Text
from mayday.language.checks.types import Typed, parsed
from mayday.language.checks.uses import Use, uses
from mayday.language.documents import Document
from mayday.language.expressions import parse_expression
from mayday.language.findings import Finding, define
from mayday.language.runbook import Runbook

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["result_findings"]

TOO_EARLY = define(
    "F501",
    "result used before it can exist",
    "`steps.ID.result` and `decisions.ID` exist once that step is over: use them in steps that come after it.",
    wrong='- { id: tell, log: "{{ steps.room.result.url }}" }\n'
    "- { id: room, do: bridge.open, with: { name: war room } }\n",
    right="- { id: room, do: bridge.open, with: { name: war room } }\n"
    '- { id: tell, log: "{{ steps.room.result.url }}" }\n',
    frame="steps",
)
SKIPPED = define(
    "F502",
    "result of a step that may be skipped",
    "A step with a `when`, in a branch, in the background or in a phase that may end early may have no result. "
    "Say what stands in for it, with `| default(...)`, or ask first, with `is defined`.",
    wrong="- { id: room, when: inputs.dr_ready, do: bridge.open, with: { name: war room } }\n"
    '- { id: tell, log: "{{ steps.room.result.url }}" }\n',
    right="- { id: room, when: inputs.dr_ready, do: bridge.open, with: { name: war room } }\n"
    "- { id: tell, log: \"{{ steps.room.result.url | default('no bridge') }}\" }\n",
    frame="steps",
)
ON_ACTION = define(
    "F522",
    "page that depends on an action",
    "A page never waits for an action: the text names the bridge (`bridge.url`, for which the standing "
    "bridge stands in) "
    "or a default.",
    wrong="- { id: room, do: bridge.open, with: { name: war room } }\n"
    '- { id: wake, page: oncall, message: "join {{ steps.room.result.url }}" }\n',
    right="- { id: room, do: bridge.open, with: { name: war room } }\n"
    '- { id: wake, page: oncall, message: "join {{ bridge.url }}" }\n',
    frame="steps",
)


def result_findings(
    runbook: Runbook, layout: Layout, typed: Typed, document: Document, library: Library
) -> Iterator[Finding]:
    """Every use of a result or decision, text by text."""
    for text in typed.texts:
        reported: set[str] = set()
        for use in uses(parsed(text)):
            target = _target(use, layout)
            if target is None or use.guarded or target.id in reported:
                continue
            finding = _finding(use, target, text, runbook, layout, document, library)
            if finding is not None:
                reported.add(target.id)
                yield finding


def _target(use: Use, layout: Layout) -> Placed | None:
    """The step whose result a name means; a status exists from the start."""
    first, _, rest = use.path.partition(".")
    name, _, field = rest.partition(".")
    if first == "steps" and field.partition(".")[0] != "result":
        return None
    return layout.by_id.get(name) if first in ("steps", "decisions") else None


def _finding(
    use: Use, target: Placed, text: Text, runbook: Runbook, layout: Layout, document: Document, library: Library
) -> Finding | None:
    before = text.text[: use.offset]
    place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    site = text.step
    if site is not None and site.step.page is not None and target.step.do is not None and _is_words(text):
        hint = "bridge.url always has a bridge" if target.step.do == "bridge.open" else f"{use.path} | default(...)"
        message = f"a page waits for no action, and this needs the result of `{target.id}`"
        return document.find_within(ON_ACTION, text.path, place, message, hint)
    if site is not None and _comes_too_late(target, site, text, layout):
        message = f"`{target.id}` has no result yet here"
        return document.find_within(TOO_EARLY, text.path, place, message, f"use it after `{target.id}`")
    reason = _why_missing(target, text, runbook, layout, library)
    if reason and not _asked_before(target, text):
        message = f"`{target.id}` may have no result: {reason}"
        return document.find_within(SKIPPED, text.path, place, message, f"{use.path} | default(...)")
    return None


def _is_words(text: Text) -> bool:
    return text.path[-1] in ("message", "when")


def _comes_too_late(target: Placed, site: Placed, text: Text, layout: Layout) -> bool:
    if text.after and target is not site and site in target.ancestors:
        return False  # `repeat.until` looks at the round that has just ended
    if target in site.ancestors:
        return target is site or target.step.decide is None
    return layout.before(target, site) is False


def _why_missing(target: Placed, text: Text, runbook: Runbook, layout: Layout, library: Library) -> str:
    """Why there may be no result when this text is looked at; empty when there is one for sure."""
    site = text.step
    if site is not None and target in site.ancestors:
        return ""
    if site is None:
        return _no_order(target, text, runbook)
    if layout.before(target, site) is None and site not in target.ancestors:
        return _no_order(target, text, runbook)
    common = _common(target, site)
    for index, block in enumerate(target.ancestors[common:]):
        reason = _block_reason(block, index, target)
        if reason:
            return reason
    if _goes_on_after_failing(target, library):
        return "it goes on when it fails"
    if isinstance(target.step.on_timeout, list) and target.step.decide is None:
        return "it may time out"
    if target.phase is not None and site.phase != target.phase and runbook.phases[target.phase].until is not None:
        return f"phase {runbook.phases[target.phase].id} may end before it"
    if site.top_slot == "finally" and target.top_slot != "finally":
        return "the runbook may end before it"
    return ""


def _no_order(target: Placed, text: Text, runbook: Runbook) -> str:
    if text.phase is not None and target.phase is not None and target.phase < text.phase:
        phase = runbook.phases[target.phase]
        return f"phase {phase.id} may end before it" if phase.until else ""
    return "it may not be over when this is looked at"


def _common(target: Placed, site: Placed) -> int:
    """How many enclosing blocks the two share."""
    depth = 0
    while depth < min(len(target.ancestors), len(site.ancestors)) and target.ancestors[depth] is site.ancestors[depth]:
        depth += 1
    return depth


def _block_reason(block: Placed, index: int, target: Placed) -> str:
    name = "it" if block is target else f"`{block.id}`"
    if block.step.when is not None:
        return f"{name} has a `when`"
    if block.step.background:
        return f"{name} runs in the background"
    if block is not target and block.step.verb in ("for_each", "repeat"):
        return f"{name} goes round more than once"
    if block is not target and block.step.verb == "parallel" and block.step.join not in (None, "all"):
        return f"{name} does not wait for all of its branches"
    conditional = block.slot not in ("steps", "finally") and not block.slot.startswith(
        ("parallel.", "phases", "handlers")
    )
    if index > 0 and conditional:
        return (
            f"it stands in the branch {block.slot}" if block is target else f"{name} stands in the branch {block.slot}"
        )
    return ""


def _goes_on_after_failing(target: Placed, library: Library) -> bool:
    if target.step.do is None:
        return False
    action = library.actions.get(target.step.do)
    return (target.step.on_error or (action.on_error if action else None)) == "continue" or isinstance(
        target.step.on_error, list
    )


def _asked_before(target: Placed, text: Text) -> bool:
    """A condition around this text already needed the same step, or is the target's own condition."""
    site = text.step
    if site is None:
        return False
    conditions: list[str] = []
    for block in site.ancestors:
        if block.step.when is not None and not (block is site and text.path[-1] == "when"):
            conditions.append(block.step.when)
        parent = block.parent
        if parent is not None and block.slot.startswith("choose[") and parent.step.choose:
            conditions.append(parent.step.choose[int(block.slot[7:-1])].when)
    if any(block.step.when is not None and block.step.when in conditions for block in target.ancestors):
        return True
    prefixes = (f"steps.{target.id}.", f"decisions.{target.id}.")
    return any(name.startswith(prefixes) for condition in conditions for name in parse_expression(condition).names())
