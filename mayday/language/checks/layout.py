"""Where each step of a runbook stands: its place in the file, the block around it, and what has to happen before it.

The checks ask the layout, never the models, so that "before" and "perhaps skipped" mean the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mayday.language.documents import Path
from mayday.language.runbook import Runbook, Step

__all__ = ["Layout", "Placed"]


@dataclass(frozen=True, eq=False)
class Placed:
    """A step in its place."""

    step: Step
    path: Path
    """Of the step in the document."""
    parent: Placed | None
    slot: str
    """Which list of its parent it stands in (`steps`, `else`, `outcomes.approved`, `choose[0]`, ...); at the top
    `phases[0]`, `handlers[0]` or `finally`."""
    index: int

    @property
    def id(self) -> str:
        return self.step.id

    @cached_property
    def ancestors(self) -> tuple[Placed, ...]:
        """From the outermost block to this step itself."""
        return (*(self.parent.ancestors if self.parent else ()), self)

    @property
    def top_slot(self) -> str:
        """The phase, handler or `finally` that it belongs to."""
        return self.ancestors[0].slot

    @property
    def phase(self) -> int | None:
        """Number of its phase from 0; None in a handler or `finally`."""
        return int(self.top_slot[7:-1]) if self.top_slot.startswith("phases[") else None

    @property
    def handler(self) -> int | None:
        """Number of its handler from 0; None elsewhere."""
        return int(self.top_slot[9:-1]) if self.top_slot.startswith("handlers[") else None

    def inside(self, verb: str) -> Iterator[Placed]:
        """The enclosing blocks of one verb, outermost first."""
        return (block for block in self.ancestors[:-1] if block.step.verb == verb)


@dataclass(eq=False)
class Layout:
    """Every step of a runbook, in the order of the file."""

    runbook: Runbook
    steps: list[Placed] = field(default_factory=list)
    by_id: dict[str, Placed] = field(default_factory=dict)
    """The first step of each id."""

    def __post_init__(self) -> None:
        for number, phase in enumerate(self.runbook.phases):
            self._add(phase.steps, ("phases", number, "steps"), None, f"phases[{number}]")
        for number, handler in enumerate(self.runbook.handlers):
            self._add(handler.steps, ("handlers", number, "steps"), None, f"handlers[{number}]")
        self._add(self.runbook.finally_, ("finally",), None, "finally")

    def _add(self, steps: list[Step], path: Path, parent: Placed | None, slot: str) -> None:
        for index, step in enumerate(steps):
            placed = Placed(step, (*path, index), parent, slot, index)
            self.steps.append(placed)
            self.by_id.setdefault(step.id, placed)
            for name, where, nested in nested_lists(step):
                self._add(nested, (*placed.path, *where), placed, name)

    def inside(self, block: Placed) -> list[Placed]:
        """Every step inside a block, at any depth."""
        return [placed for placed in self.steps if placed is not block and block in placed.ancestors]

    def following(self, placed: Placed) -> list[Placed]:
        """The steps that stand after it in its own list."""
        return [
            other
            for other in self.steps
            if other.parent is placed.parent and other.slot == placed.slot and other.index > placed.index
        ]

    def before(self, first: Placed, second: Placed) -> bool | None:
        """Whether `first` is begun before `second`: True, False, or None when neither waits for the other.

        A block is before what stands inside it, phases follow each other, `finally` follows all phases. Branches of
        one parallel, and a handler and a phase, have no order; two branches of a choice exclude each other (False).
        """
        if first is second:
            return False
        mine, theirs = first.ancestors, second.ancestors
        depth = 0
        while depth < min(len(mine), len(theirs)) and mine[depth] is theirs[depth]:
            depth += 1
        if depth == len(mine):
            return True
        if depth == len(theirs):
            return False
        one, other = mine[depth], theirs[depth]
        if one.slot == other.slot:
            return one.index < other.index
        if depth == 0:
            return _top_order(one, other)
        if one.slot == "steps" or other.slot == "steps":
            return one.slot == "steps"  # `on_timeout` and `on_error` of a block come after its steps
        return None if one.slot.startswith("parallel.") else False


def _top_order(one: Placed, other: Placed) -> bool | None:
    if one.phase is not None and other.phase is not None:
        return one.phase < other.phase
    if one.handler is not None or other.handler is not None:
        return None
    return other.slot == "finally"


def nested_lists(step: Step) -> Iterator[tuple[str, Path, list[Step]]]:
    """The lists of steps inside a step: name of the slot, path below the step, the steps."""
    for name, inner in (("for_each", step.for_each), ("repeat", step.repeat)):
        if inner is not None and inner.steps is not None:
            yield "steps", (name, "steps"), inner.steps
    if step.steps is not None:
        yield "steps", ("steps",), step.steps
    for index, branch in enumerate(step.choose or []):
        yield f"choose[{index}]", ("choose", index, "steps"), branch.steps
    if step.else_ is not None:
        yield "else", ("else",), step.else_
    for branch_name, steps in (step.parallel or {}).items():
        yield f"parallel.{branch_name}", ("parallel", branch_name), steps
    for outcome, steps in (step.outcomes or {}).items():
        yield f"outcomes.{outcome}", ("outcomes", outcome), steps
    if isinstance(step.on_timeout, list):
        yield "on_timeout", ("on_timeout",), step.on_timeout
    if isinstance(step.on_error, list):
        yield "on_error", ("on_error",), step.on_error
