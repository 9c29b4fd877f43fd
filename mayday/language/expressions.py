"""Conditions and texts of a runbook, as everybody else uses them.

    parse_expression("incident.status >= \"mitigated\"").evaluate(scope)
    evaluate_condition("inputs.dr_site_ready and incident.customers_affected > 1000", scope)
    parse_template("SEV1 payments, join {{ bridge.url }}").render(scope)
    render_value({"region": "{{ inputs.region }}", "count": "{{ incident.customers_affected }}"}, scope)

Parsing is cached, so callers keep texts and never trees. A scope maps each first name (`incident`, `steps`, ...) to
mappings, pydantic models, lists and plain values; a name that exists without a value is None or `UNSET`. Texts are not
escaped here: that is done per channel, where they are sent. A value is never read as a template again.

Errors are those of `mayday.language.expression_errors`, each with its place in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import nodes

from mayday.language.evaluation import Evaluation
from mayday.language.expression_errors import (
    BudgetExceeded,
    ExpressionError,
    SyntaxRefused,
    TypeMismatch,
    UnknownName,
    UnsetValue,
)
from mayday.language.grammar import parse_condition, parse_text, path_of
from mayday.language.values import UNSET, Unset, plain

__all__ = [
    "UNSET",
    "BudgetExceeded",
    "Expression",
    "ExpressionError",
    "SyntaxRefused",
    "Template",
    "TypeMismatch",
    "UnknownName",
    "Unset",
    "UnsetValue",
    "evaluate_condition",
    "is_template",
    "parse_expression",
    "parse_template",
    "render_value",
]

CACHED = 4096
"""Parsed texts kept: several open plans of 256 KiB in one worker."""


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A parsed expression. Make it with `parse_expression`."""

    text: str
    tree: nodes.Expr = field(repr=False)

    def evaluate(self, scope: Mapping[str, object]) -> object:
        """The value in this scope; `ExpressionError` with its place where there is none."""
        try:
            return Evaluation(scope).value(self.tree)
        except ExpressionError as error:
            error.placed(0, self.text)
            raise

    def condition(self, scope: Mapping[str, object]) -> bool:
        """The value as a yes or no; `TypeMismatch` for anything that is not exactly true or false."""
        try:
            return Evaluation(scope).truth(self.tree)
        except ExpressionError as error:
            error.placed(0, self.text)
            raise

    def names(self) -> tuple[str, ...]:
        """The dotted names it looks at, in order of their place: `("steps.confirm.result.stable",)`."""
        return tuple(dict.fromkeys(_names(self.tree, frozenset())))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A parsed text. Make it with `parse_template`."""

    text: str
    tree: nodes.Template = field(repr=False)
    single: nodes.Expr | None = field(repr=False, default=None)
    """The expression of a text that is exactly one `{{ ... }}`, which keeps its type in a `with`."""

    def render(self, scope: Mapping[str, object]) -> str:
        """The text in this scope; `ExpressionError` where a value is missing, unknown or has no text."""
        pieces: list[str] = []
        try:
            Evaluation(scope).text(self.tree.body, pieces)
        except ExpressionError as error:
            error.placed(0, self.text)
            raise
        return "".join(pieces)

    def value(self, scope: Mapping[str, object]) -> object:
        """Plain JSON data: the typed value of a single `{{ ... }}`, else the text."""
        if self.single is None:
            return self.render(scope)
        try:
            return plain(Evaluation(scope).value(self.single))
        except ExpressionError as error:
            error.placed(self.single.lineno, self.text)
            raise

    def names(self) -> tuple[str, ...]:
        """The dotted names it looks at, without the names of its own loops."""
        return tuple(dict.fromkeys(name for node in self.tree.body for name in _names(node, frozenset())))


@lru_cache(maxsize=CACHED)
def parse_expression(text: str) -> Expression:
    """Parse and check a bare expression; `SyntaxRefused` names what is not in the language."""
    return Expression(text, parse_condition(text))


@lru_cache(maxsize=CACHED)
def parse_template(text: str) -> Template:
    """Parse and check a text; `SyntaxRefused` names what is not in the language."""
    tree = parse_text(text)
    single: nodes.Expr | None = None
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output) and len(tree.body[0].nodes) == 1:
        only = tree.body[0].nodes[0]
        single = None if isinstance(only, nodes.TemplateData) else only
    return Template(text, tree, single)


def evaluate_condition(text: str, scope: Mapping[str, object]) -> bool:
    """Whether a condition holds; errors as `Expression.condition`."""
    return parse_expression(text).condition(scope)


def is_template(text: str) -> bool:
    """Whether a text holds anything to evaluate."""
    return "{{" in text or "{%" in text or "{#" in text


def render_value(value: object, scope: Mapping[str, object]) -> object:
    """Every text inside mappings and lists rendered; a text that is one `{{ ... }}` becomes its value with its type.

    Keys are never templates. The result is plain JSON data: moments and lengths of time become texts.
    """
    if isinstance(value, str):
        return parse_template(value).value(scope) if is_template(value) else value
    if isinstance(value, Mapping):
        return {key: render_value(item, scope) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(item, scope) for item in value]
    return value


def _names(node: nodes.Node, bound: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.For):
        yield from _names(node.iter, bound)
        assert isinstance(node.target, nodes.Name)
        inside = bound | {node.target.name, "loop"}
        for part in (*node.body, *node.else_):
            yield from _names(part, inside)
        return
    path = path_of(node)
    if path is not None:
        if path.split(".", 1)[0] not in bound:
            yield path
        return
    for part in node.iter_child_nodes():
        yield from _names(part, bound)
