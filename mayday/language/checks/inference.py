"""The static type of an expression, and what would go wrong with it whatever the values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import nodes

from mayday.language.checks.kinds import ANY, BOOLEAN, DATETIME, DURATION, EXTRA, INTEGER, NUMBER, STRING, Kind
from mayday.language.filters import DEFAULT, FILTERS
from mayday.language.findings import Code, define, nearest
from mayday.language.grammar import path_of

__all__ = ["Inference", "Problem"]

UNKNOWN = define(
    "T402",
    "unknown name",
    "Names are `incident.*`, `inputs.*`, `vars.*`, `roles.*`, `bridge`, `steps.ID.status` and `.result.*`, "
    "`decisions.ID.*`, `now`, the name of an enclosing `for_each`; `event.*` in a handler, `alert.*` in a route.",
    wrong="- { id: tell, when: incident.titel == 'x', log: hello }\n",
    right="- { id: tell, when: incident.title == 'x', log: hello }\n",
    frame="steps",
)
MISMATCH = define(
    "T404",
    "types that do not go together",
    "Nothing is converted. Texts have no order, severities and statuses have one; a condition is true or false.",
    wrong='- { id: tell, when: incident.service > "a", log: hello }\n',
    right='- { id: tell, when: incident.severity > "SEV3", log: hello }\n',
    frame="steps",
)
WORD = define(
    "T406",
    "word that is never the value",
    "The value is one of a few words, and this is none of them, so the comparison would never hold.",
    wrong='- { id: tell, when: incident.status >= "mitigatd", log: hello }\n',
    right='- { id: tell, when: incident.status >= "mitigated", log: hello }\n',
    frame="steps",
)
NEVER = define(
    "T407",
    "comparison that never holds",
    'Values of different types are never equal: `"1" == 1` is false.',
    wrong='- { id: tell, when: incident.customers_affected == "100", log: hello }\n',
    right="- { id: tell, when: incident.customers_affected == 100, log: hello }\n",
    frame="steps",
)


class Problem(NamedTuple):
    """One thing wrong with an expression, at a character of its text."""

    offset: int
    code: Code
    message: str
    hint: str


_SAID = {
    "string": "a text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "datetime": "a moment",
    "duration": "a length of time",
    "list": "a list",
    "mapping": "a group of fields",
    "severity": "a severity",
    "status": "a status",
    "priority": "a priority",
}
_NUMBERS = ("integer", "number")


class Inference:
    """Finds the types of one text's expressions. `problems` fills as it goes."""

    def __init__(self, names: Mapping[str, Kind]) -> None:
        self._names = dict(names)
        self.problems: list[Problem] = []

    def condition(self, node: nodes.Node) -> None:
        """Check that a node is true or false."""
        kind = self.kind(node)
        if kind.name not in ("boolean", "any"):
            self._add(
                node, MISMATCH, f"a condition is true or false, this is {_SAID[kind.name]}", "compare it: ==, >, in"
            )

    def body(self, body: list[nodes.Node]) -> None:
        """Check the body of a template."""
        for node in body:
            if isinstance(node, nodes.Output):
                for piece in node.nodes:
                    if not isinstance(piece, nodes.TemplateData):
                        self.text(piece)
            elif isinstance(node, nodes.If):
                for branch in (node, *node.elif_):
                    self.condition(branch.test)
                    self.body(branch.body)
                self.body(node.else_)
            else:
                assert isinstance(node, nodes.For)
                self._loop(node)

    def text(self, node: nodes.Node) -> Kind:
        """Check that a node can stand in a text."""
        kind = self.kind(node)
        if kind.name == "mapping":
            self._add(node, MISMATCH, "a group of fields cannot stand in a text", "name one of its fields")
        return kind

    def kind(self, node: nodes.Node) -> Kind:
        """The type of a node; what is wrong inside it is added to `problems`."""
        return _RULES[type(node)](self, node)

    def _add(self, node: nodes.Node, code: Code, message: str, hint: str = "") -> None:
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            node = node.node
        self.problems.append(Problem(node.lineno, code, message, hint))

    def _loop(self, node: nodes.For) -> None:
        items = self.kind(node.iter)
        if items.name not in ("list", "any"):
            self._add(node.iter, MISMATCH, f"a loop goes through a list, this is {_SAID[items.name]}")
        assert isinstance(node.target, nodes.Name)
        outer = dict(self._names)
        self._names[node.target.name] = items.item or ANY
        self._names["loop"] = Kind("mapping", {"index": INTEGER, "first": BOOLEAN, "last": BOOLEAN})
        self.body(node.body)
        self._names = outer
        self.body(node.else_)

    def _name(self, node: nodes.Name) -> Kind:
        if node.name in self._names:
            return self._names[node.name]
        owners = [name for name, kind in self._names.items() if kind.fields and node.name in kind.fields]
        if owners:
            hint = f"did you mean {owners[0]}.{node.name}?"
        elif node.name in EXTRA:
            hint = {"event": "only a handler has an event", "alert": "only a route has an alert"}.get(
                node.name, "only messages have it"
            )
        else:
            hint = nearest(node.name, self._names)
        self._add(node, UNKNOWN, f"{node.name} is not known", hint)
        return ANY

    def _field(self, node: nodes.Getattr | nodes.Getitem, field: str) -> Kind:
        base = self.kind(node.node)
        if base.name == "any" or (base.name == "mapping" and base.fields is None):
            return ANY
        if base.fields is None:
            self._add(node, MISMATCH, f"{_SAID[base.name]} has no fields, so no {field}")
            return ANY
        if field in base.fields:
            return base.fields[field]
        path = path_of(node.node)
        name = f"{path}.{field}" if path else field
        self._add(node, UNKNOWN, f"{name} is not known", self._field_hint(path, field, base.fields))
        return ANY

    def _field_hint(self, path: str | None, field: str, fields: Mapping[str, Kind]) -> str:
        if path == "decisions" and field in (self._names["steps"].fields or {}):
            return "that step is no gate: it has no `decide`"
        if path and path.startswith("steps.") and path.count(".") == 1 and field not in ("status", "result"):
            result = fields.get("result")
            if result and (result.fields is None or field in result.fields):
                return f"did you mean {path}.result.{field}?"
        if not fields:
            return "it has no fields at all"
        return nearest(field, fields)

    def _getattr(self, node: nodes.Getattr) -> Kind:
        return self._field(node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> Kind:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._field(node, node.arg.value)
        base, index = self.kind(node.node), self.kind(node.arg)
        if base.name == "list":
            if index.name not in (*_NUMBERS, "any"):
                self._add(node.arg, MISMATCH, f"a list is indexed with a number, not {_SAID[index.name]}")
            return base.item or ANY
        if base.name not in ("any", "mapping"):
            self._add(node, MISMATCH, f"{_SAID[base.name]} cannot be indexed")
        return ANY

    def _const(self, node: nodes.Const) -> Kind:
        if isinstance(node.value, bool):
            return BOOLEAN
        return INTEGER if isinstance(node.value, int) else Kind("string", words=(str(node.value),))

    def _list(self, node: nodes.List) -> Kind:
        kinds = [self.kind(item) for item in node.items]
        same = bool(kinds) and all(kind.name == kinds[0].name for kind in kinds)
        if not same:
            return Kind("list", item=ANY)
        words = tuple(word for kind in kinds for word in kind.words) if all(kind.words for kind in kinds) else ()
        return Kind("list", item=Kind(kinds[0].name, words=words))

    def _concat(self, node: nodes.Concat) -> Kind:
        for part in node.nodes:
            self.text(part)
        return STRING

    def _not(self, node: nodes.Not) -> Kind:
        self.condition(node.node)
        return BOOLEAN

    def _logic(self, node: nodes.BinExpr) -> Kind:
        self.condition(node.left)
        self.condition(node.right)
        return BOOLEAN

    def _negative(self, node: nodes.Neg) -> Kind:
        return self._number(node.node)

    def _number(self, node: nodes.Node) -> Kind:
        kind = self.kind(node)
        if kind.name not in (*_NUMBERS, "any"):
            self._add(node, MISMATCH, f"{_SAID[kind.name]} is no number")
        return kind

    def _sum(self, node: nodes.BinExpr) -> Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        minus = isinstance(node, nodes.Sub)
        if "any" in (left.name, right.name):
            return ANY
        if left.name in _NUMBERS and right.name in _NUMBERS:
            return INTEGER if left.name == right.name == "integer" else NUMBER
        if left.name == "datetime" and right.name == "duration":
            return DATETIME
        if left.name == right.name == "duration" or (minus and left.name == right.name == "datetime"):
            return DURATION
        if left.name == right.name == "list" and not minus:
            return left if left == right else Kind("list", item=ANY)
        word = "taken from" if minus else "added to"
        hint = "join texts with ~" if "string" in (left.name, right.name) else ""
        self._add(node, MISMATCH, f"{_SAID[right.name]} cannot be {word} {_SAID[left.name]}", hint)
        return ANY

    def _compare(self, node: nodes.Compare) -> Kind:
        left, left_node = self.kind(node.expr), node.expr
        for operand in node.ops:
            right = self.kind(operand.expr)
            if operand.op in ("in", "notin"):
                self._contained(left_node, left, operand.expr, right)
            else:
                self._pair(operand.op in ("eq", "ne"), left_node, left, operand.expr, right)
            left, left_node = right, operand.expr
        return BOOLEAN

    def _contained(self, left_node: nodes.Expr, left: Kind, right_node: nodes.Expr, right: Kind) -> None:
        if right.name == "list":
            self._pair(True, left_node, left, right_node, right.item or ANY, in_list=True)
        elif right.name == "string" and left.name not in ("string", "any") and not left.ranked:
            self._add(left_node, MISMATCH, f"{_SAID[left.name]} cannot be in a text")
        elif right.name not in ("any", "mapping", "string"):
            self._add(right_node, MISMATCH, f"nothing can be in {_SAID[right.name]}", "write a list: [a, b]")

    def _pair(
        self,
        equality: bool,
        left_node: nodes.Expr,
        left: Kind,
        right_node: nodes.Expr,
        right: Kind,
        *,
        in_list: bool = False,
    ) -> None:
        if "any" in (left.name, right.name):
            return
        if left.ranked or right.ranked:
            self._ranked(left_node, left, right_node, right)
        elif left.name in _NUMBERS and right.name in _NUMBERS:
            return
        elif {left.name, right.name} == {"datetime", "string"}:
            self._moment(left_node if left.name == "string" else right_node)
        elif left.name == right.name == "string":
            if not equality:
                hint = (
                    "compare numbers in texts with | int" if left.words or right.words else "compare them with == or in"
                )
                self._add(left_node, MISMATCH, "texts have no order", hint)
            else:
                self._words(left_node, left, right_node, right, in_list)
        elif left.name != right.name:
            code, verb = (NEVER, "is never equal to") if equality else (MISMATCH, "has no order with")
            self._add(left_node, code, f"{_SAID[left.name]} {verb} {_SAID[right.name]}", _quotes(left, right))
        elif not equality and left.name in ("boolean", "list", "mapping"):
            self._add(left_node, MISMATCH, f"{_SAID[left.name]} has no order")

    def _ranked(self, left_node: nodes.Expr, left: Kind, right_node: nodes.Expr, right: Kind) -> None:
        if not left.ranked:
            left_node, left, right_node, right = right_node, right, left_node, left
        if right.name == left.name:
            return
        if right.name != "string":
            self._add(right_node, MISMATCH, f"{_SAID[left.name]} cannot be compared with {_SAID[right.name]}")
            return
        for word in right.words:
            if word not in left.words:
                self._add(right_node, WORD, f"{word!r} is no {left.name}", nearest(word, left.words))

    def _words(self, left_node: nodes.Expr, left: Kind, right_node: nodes.Expr, right: Kind, in_list: bool) -> None:
        """A literal beside a value that has only a few words."""
        for literal_node, literal, value in ((left_node, left, right), (right_node, right, left)):
            if not isinstance(literal_node, nodes.Const | nodes.List) or not value.words:
                continue
            if isinstance(left_node, nodes.Const) and isinstance(right_node, nodes.Const | nodes.List):
                continue
            wrong = [word for word in literal.words if word not in value.words]
            if wrong and (in_list or len(literal.words) == 1):
                self._add(literal_node, WORD, f"{wrong[0]!r} is never the value", nearest(wrong[0], value.words))

    def _moment(self, node: nodes.Expr) -> None:
        if isinstance(node, nodes.Const):
            try:
                datetime.fromisoformat(str(node.value))
            except ValueError:
                self._add(node, MISMATCH, f"{str(node.value)[:40]!r} is no moment", "write 2026-03-02T02:10:00Z")

    def _choice(self, node: nodes.CondExpr) -> Kind:
        self.condition(node.test)
        assert node.expr2 is not None
        left, right = self.kind(node.expr1), self.kind(node.expr2)
        return left if left == right else Kind(left.name) if left.name == right.name and not left.fields else ANY

    def _filter(self, node: nodes.Filter) -> Kind:
        assert node.node is not None
        known = FILTERS[node.name]
        operand = self.kind(node.node)
        arguments = [self.kind(argument) for argument in node.args]
        if node.name == DEFAULT:
            return operand if operand.name == arguments[0].name and not operand.words else ANY
        if not _takes(known.takes, operand):
            wanted = " or ".join(dict.fromkeys(_SAID.get(name, name) for name in known.takes))
            self._add(node.node, MISMATCH, f"{node.name} needs {wanted}, this is {_SAID[operand.name]}")
        if known.gives == "item":
            return operand.item or ANY
        if known.gives == "list":
            return operand if operand.name == "list" else Kind("list", item=ANY)
        return ANY if known.gives == "any" else Kind(known.gives)

    def _test(self, node: nodes.Test) -> Kind:
        self.kind(node.node)
        return BOOLEAN


def _takes(wanted: tuple[str, ...], kind: Kind) -> bool:
    if kind.name == "any" or "any" in wanted or kind.name in wanted:
        return True
    if kind.ranked or kind.name == "datetime":
        return "string" in wanted and kind.ranked
    if kind.name == "string":
        return "datetime" in wanted  # a moment that came as JSON
    return kind.name == "integer" and "number" in wanted


def _quotes(left: Kind, right: Kind) -> str:
    literal = next((kind.words[0] for kind in (left, right) if len(kind.words) == 1), "")
    if literal.isdigit() and {left.name, right.name} & {*_NUMBERS}:
        return f"write {literal} without quotes"
    return f"write {literal} without quotes" if literal in ("true", "false") else ""


_RULES: dict[type[nodes.Node], Callable[[Inference, Any], Kind]] = {
    nodes.Name: Inference._name,
    nodes.Getattr: Inference._getattr,
    nodes.Getitem: Inference._getitem,
    nodes.Const: Inference._const,
    nodes.List: Inference._list,
    nodes.Concat: Inference._concat,
    nodes.Not: Inference._not,
    nodes.And: Inference._logic,
    nodes.Or: Inference._logic,
    nodes.Neg: Inference._negative,
    nodes.Add: Inference._sum,
    nodes.Sub: Inference._sum,
    nodes.Compare: Inference._compare,
    nodes.CondExpr: Inference._choice,
    nodes.Filter: Inference._filter,
    nodes.Test: Inference._test,
}
