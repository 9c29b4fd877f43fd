"""Which names a text uses, and whether the text itself provides for their absence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

from mayday.language.expressions import Expression, Template
from mayday.language.filters import DEFAULT
from mayday.language.grammar import path_of

__all__ = ["Use", "uses"]


class Use(NamedTuple):
    """One dotted name in a text. `guarded`: by `| default`, by a test, or by a condition before it."""

    path: str
    offset: int
    guarded: bool


def uses(tree: Expression | Template) -> Iterator[Use]:
    """Every use of a name, in order."""
    if isinstance(tree, Expression):
        yield from _expression(tree.tree, frozenset(), False)
    else:
        yield from _body(tree.tree.body, frozenset())


def _body(body: list[nodes.Node], sure: frozenset[str]) -> Iterator[Use]:
    for node in body:
        if isinstance(node, nodes.Output):
            for piece in node.nodes:
                yield from _expression(piece, sure, False)
        elif isinstance(node, nodes.If):
            for branch in (node, *node.elif_):
                yield from _expression(branch.test, sure, False)
                yield from _body(branch.body, sure | _established(branch.test))
            yield from _body(node.else_, sure)
        else:
            assert isinstance(node, nodes.For)
            yield from _expression(node.iter, sure, False)
            yield from _body([*node.body, *node.else_], sure)


def _expression(node: nodes.Node, sure: frozenset[str], guarded: bool) -> Iterator[Use]:
    path = path_of(node)
    if path is not None:
        known = any(path == name or path.startswith(f"{name}.") for name in sure)
        start = node
        while isinstance(start, nodes.Getattr | nodes.Getitem):
            start = start.node
        yield Use(path, start.lineno, guarded or known)
    elif isinstance(node, nodes.And):
        yield from _expression(node.left, sure, guarded)
        yield from _expression(node.right, sure | _established(node.left), guarded)
    elif isinstance(node, nodes.CondExpr):
        yield from _expression(node.test, sure, guarded)
        yield from _expression(node.expr1, sure | _established(node.test), guarded)
        assert node.expr2 is not None
        yield from _expression(node.expr2, sure, guarded)
    elif isinstance(node, nodes.Test) or (isinstance(node, nodes.Filter) and node.name == DEFAULT):
        assert node.node is not None
        yield from _expression(node.node, sure, True)
        for argument in node.args:
            yield from _expression(argument, sure, guarded)
    else:
        for part in node.iter_child_nodes():
            yield from _expression(part, sure, guarded)


def _established(node: nodes.Node) -> frozenset[str]:
    """The names that certainly have a value where a condition holds."""
    if isinstance(node, nodes.And):
        return _established(node.left) | _established(node.right)
    if isinstance(node, nodes.Test) and node.name == "defined":
        path = path_of(node.node)
        return frozenset([path]) if path else frozenset()
    if isinstance(node, nodes.Not) and isinstance(node.node, nodes.Test) and node.node.name == "none":
        path = path_of(node.node.node)
        return frozenset([path]) if path else frozenset()
    if isinstance(node, nodes.Compare) and len(node.ops) == 1 and node.ops[0].op in ("eq", "in"):
        path = path_of(node.expr) or ""
        if path.startswith("steps.") and path.endswith(".status"):
            return frozenset([path.removesuffix(".status")])  # what its result holds is known with its status
    return frozenset()
