"""The evaluator: a checked tree and a scope in, a value or a text out, within a budget.

Nothing of a value can be reached but its fields: mappings give their keys, pydantic models their declared fields. No
attribute of a Python object, no method, no call. No clock, no random: the same scope gives the same value, always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import nodes
from pydantic import BaseModel

from mayday.language.expression_errors import BudgetExceeded, ExpressionError, TypeMismatch, UnknownName, UnsetValue
from mayday.language.filters import DEFAULT, FILTERS, LONGEST_LIST, LONGEST_TEXT
from mayday.language.grammar import path_of
from mayday.language.values import UNSET, add, compare, kind_of, same, subtract, text_of

__all__ = ["MOST_STEPS", "Evaluation"]

MOST_STEPS = 20_000
"""Nodes that one evaluation may visit: some milliseconds, and far more than a message of 64 KiB needs."""


class Evaluation:
    """One evaluation over one scope; made for each call, so that its budget is."""

    __slots__ = ("_excused", "_local", "_output", "_scope", "_steps")

    def __init__(self, scope: Mapping[str, object]) -> None:
        self._scope = scope
        self._local: dict[str, object] = {}
        self._steps = MOST_STEPS
        self._output = LONGEST_TEXT
        self._excused = 0

    def value(self, node: nodes.Node) -> Any:
        """The value of a node; `UnsetValue` where nobody has set it."""
        found = self._raw(node)
        if found is None or found is UNSET:
            raise UnsetValue(path_of(node) or "this value", offset=_start(node))
        return found

    def truth(self, node: nodes.Node) -> bool:
        """The value of a condition, which is true or false and nothing else."""
        found = self.value(node)
        if found is True or found is False:
            return bool(found)
        raise TypeMismatch(
            f"a condition is a yes or no, this is {kind_of(found)}", hint="compare it: ==, >, in", offset=node.lineno
        )

    def text(self, body: list[nodes.Node], pieces: list[str]) -> None:
        """Append the text of a template's body to `pieces`."""
        for node in body:
            self._spend(node)
            if isinstance(node, nodes.Output):
                for piece in node.nodes:
                    self._emit(piece, pieces)
            elif isinstance(node, nodes.If):
                self.text(self._branch(node), pieces)
            else:
                assert isinstance(node, nodes.For)
                self._loop(node, pieces)

    def _emit(self, piece: nodes.Node, pieces: list[str]) -> None:
        if isinstance(piece, nodes.TemplateData):
            text = piece.data
        else:
            text = self._text_of(piece)
        self._output -= len(text)
        if self._output < 0:
            raise BudgetExceeded(f"a text of more than {LONGEST_TEXT} characters", offset=piece.lineno)
        pieces.append(text)

    def _branch(self, node: nodes.If) -> list[nodes.Node]:
        if self.truth(node.test):
            return node.body
        for branch in node.elif_:
            if self.truth(branch.test):
                return branch.body
        return node.else_

    def _loop(self, node: nodes.For, pieces: list[str]) -> None:
        items = self.value(node.iter)
        if not isinstance(items, list | tuple):
            raise TypeMismatch(f"a loop goes through a list, not {kind_of(items)}", offset=node.iter.lineno)
        if len(items) > LONGEST_LIST:
            raise BudgetExceeded(f"a loop of more than {LONGEST_LIST} rounds", offset=node.lineno)
        if not items:
            self.text(node.else_, pieces)
            return
        outer = dict(self._local)
        assert isinstance(node.target, nodes.Name)
        for index, item in enumerate(items, start=1):
            self._local[node.target.name] = item
            self._local["loop"] = {"index": index, "first": index == 1, "last": index == len(items)}
            self.text(node.body, pieces)
        self._local = outer

    def _spend(self, node: nodes.Node) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise BudgetExceeded(f"more than {MOST_STEPS} steps", offset=node.lineno)

    def _raw(self, node: nodes.Node) -> Any:
        self._spend(node)
        return _EVALUATORS[type(node)](self, node)

    def _name(self, node: nodes.Name) -> Any:
        name = node.name
        if name in self._local:
            return self._local[name]
        try:
            return self._scope[name]
        except KeyError:
            raise self._unknown(name, name, [*self._local, *self._scope], node) from None

    def _getattr(self, node: nodes.Getattr) -> Any:
        return self._field(self.value(node.node), node.attr, node)

    def _getitem(self, node: nodes.Getitem) -> Any:
        base, key = self.value(node.node), self.value(node.arg)
        if isinstance(base, list | tuple):
            if isinstance(key, bool) or not isinstance(key, int):
                raise TypeMismatch(f"a list is indexed with a number, not {kind_of(key)}", offset=node.lineno)
            if -len(base) <= key < len(base):
                return base[key]
            name = path_of(node.node) or "the list"
            raise UnknownName(
                f"{name} has {len(base)} items, and no [{key}]",
                name=f"{name}[{key}]",
                hint="counted from 0; | default(...) for a missing one",
                offset=node.lineno,
            )
        if not isinstance(key, str):
            raise TypeMismatch(f"{kind_of(base)} cannot be indexed with {kind_of(key)}", offset=node.lineno)
        return self._field(base, str(key), node)

    def _field(self, base: object, field: str, node: nodes.Getattr | nodes.Getitem) -> Any:
        if isinstance(base, Mapping):
            try:
                return base[field]
            except KeyError:
                known = [key for key in base if isinstance(key, str)]
        elif isinstance(base, BaseModel):
            known = [*type(base).model_fields, *type(base).model_computed_fields]
            if field in known:
                return getattr(base, field)
        else:
            raise TypeMismatch(f"{kind_of(base)} has no fields, so no {field}", offset=node.lineno)
        path = path_of(node.node)
        raise self._unknown(f"{path}.{field}" if path else field, field, known, node)

    def _unknown(self, name: str, last: str, known: list[str], node: nodes.Expr) -> UnknownName:
        if self._excused:  # nobody will read what was meant; looking for it would be the slowest part of a route
            return UnknownName(f"{name} is not known", name=name, offset=_start(node))
        near = get_close_matches(last, known, n=1)
        meant = name.removesuffix(last) + near[0] if near else None
        hint = "" if meant or not 0 < len(known) <= 12 else f"known here: {', '.join(sorted(known))}"
        return UnknownName(f"{name} is not known", name=name, did_you_mean=meant, hint=hint, offset=_start(node))

    def _const(self, node: nodes.Const) -> Any:
        return node.value

    def _list(self, node: nodes.List) -> list[Any]:
        return [self.value(item) for item in node.items]

    def _concat(self, node: nodes.Concat) -> str:
        parts = [self._text_of(part) for part in node.nodes]
        if sum(map(len, parts)) > LONGEST_TEXT:
            raise BudgetExceeded(f"a text of more than {LONGEST_TEXT} characters", offset=node.lineno)
        return "".join(parts)

    def _text_of(self, node: nodes.Node) -> str:
        found = self.value(node)
        if isinstance(found, list | tuple) and len(found) > LONGEST_LIST:
            raise BudgetExceeded(f"a list of more than {LONGEST_LIST} items", offset=node.lineno)
        return text_of(found)

    def _not(self, node: nodes.Not) -> bool:
        return not self.truth(node.node)

    def _neg(self, node: nodes.Neg) -> Any:
        return subtract(0, self.value(node.node))

    def _and(self, node: nodes.And) -> bool:
        return self.truth(node.left) and self.truth(node.right)

    def _or(self, node: nodes.Or) -> bool:
        return self.truth(node.left) or self.truth(node.right)

    def _add(self, node: nodes.Add) -> Any:
        return add(self.value(node.left), self.value(node.right))

    def _sub(self, node: nodes.Sub) -> Any:
        return subtract(self.value(node.left), self.value(node.right))

    def _compare(self, node: nodes.Compare) -> bool:
        left = self.value(node.expr)
        for operand in node.ops:
            right = self.value(operand.expr)
            if not self._holds(operand.op, left, right, node):
                return False
            left = right
        return True

    def _holds(self, operator: str, left: Any, right: Any, node: nodes.Compare) -> bool:
        if operator == "eq":
            return same(left, right)
        if operator == "ne":
            return not same(left, right)
        if operator == "in":
            return self._contains(right, left, node)
        if operator == "notin":
            return not self._contains(right, left, node)
        return compare(operator, left, right)

    def _contains(self, holder: Any, item: Any, node: nodes.Compare) -> bool:
        if isinstance(holder, list | tuple):
            if len(holder) > LONGEST_LIST:
                raise BudgetExceeded(f"a list of more than {LONGEST_LIST} items", offset=node.lineno)
            return any(other is not None and other is not UNSET and same(item, other) for other in holder)
        if isinstance(holder, str) and isinstance(item, str):
            return str(item) in str(holder)
        if isinstance(holder, Mapping) and isinstance(item, str):
            return item in holder
        raise TypeMismatch(f"{kind_of(item)} cannot be in {kind_of(holder)}", offset=node.lineno)

    def _condexpr(self, node: nodes.CondExpr) -> Any:
        chosen = node.expr1 if self.truth(node.test) else node.expr2
        assert chosen is not None
        return self.value(chosen)

    def _filter(self, node: nodes.Filter) -> Any:
        assert node.node is not None
        if node.name == DEFAULT:
            found = self._known(node.node)
            return self.value(node.args[0]) if found is UNSET else found
        value = self.value(node.node)
        arguments = [self.value(argument) for argument in node.args]
        return FILTERS[node.name].apply(value, *arguments)

    def _test(self, node: nodes.Test) -> bool:
        if node.name == "none":
            found = self._raw(node.node)
            return found is None or found is UNSET
        return self._known(node.node) is not UNSET

    def _known(self, node: nodes.Node) -> Any:
        """The value of a node, UNSET where it is unknown or nobody has set it."""
        self._excused += 1
        try:
            return self.value(node)
        except (UnknownName, UnsetValue):
            return UNSET
        finally:
            self._excused -= 1


def _start(node: nodes.Node) -> int:
    """Where a chain of fields begins in the text; a field's own node is placed at its dot."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.lineno


def _placing(evaluator: Callable[[Evaluation, Any], Any]) -> Callable[[Evaluation, Any], Any]:
    """Errors of values and filters know no place in the text: they get that of their node."""

    def evaluate(evaluation: Evaluation, node: nodes.Expr) -> Any:
        try:
            return evaluator(evaluation, node)
        except ExpressionError as error:
            error.placed(node.lineno)
            raise

    return evaluate


_EVALUATORS: dict[type[nodes.Node], Callable[[Evaluation, Any], Any]] = {
    nodes.Name: Evaluation._name,
    nodes.Const: Evaluation._const,
    nodes.Getattr: Evaluation._getattr,
    nodes.Getitem: Evaluation._getitem,
    nodes.List: Evaluation._list,
    nodes.Concat: _placing(Evaluation._concat),
    nodes.Not: Evaluation._not,
    nodes.Neg: _placing(Evaluation._neg),
    nodes.And: Evaluation._and,
    nodes.Or: Evaluation._or,
    nodes.Add: _placing(Evaluation._add),
    nodes.Sub: _placing(Evaluation._sub),
    nodes.Compare: _placing(Evaluation._compare),
    nodes.CondExpr: Evaluation._condexpr,
    nodes.Filter: _placing(Evaluation._filter),
    nodes.Test: Evaluation._test,
}
