"""The grammar shared by conditions and texts: Jinja2's own lexer and parser, then an allow-list over the tree.

Jinja2's runtime is never used. Nodes carry the character offset of their text where Jinja2 keeps a line number, so
that every message can point at its column. What is hostile (deep brackets, endless operators, huge numbers) is refused
on the tokens, before a recursive parser sees it.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Environment
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from mayday.language.expression_errors import SyntaxRefused
from mayday.language.filters import FILTERS

__all__ = ["LONGEST_EXPRESSION", "LONGEST_TEMPLATE", "TESTS", "parse_condition", "parse_text", "path_of"]

LONGEST_EXPRESSION = 4 * 1024
LONGEST_TEMPLATE = 64 * 1024
"""Characters of source text."""
DEEPEST_BRACKETS = 16
DEEPEST_BLOCKS = 8
DEEPEST_TREE = 60
MOST_PREFIXES = 40
"""`not`, `-`, `+` and `if` in one expression: each may cost the parser a level of recursion."""

TESTS = ("defined", "none")
"""`x is defined` (it exists and somebody set it) and `x is none` (it exists and nobody has)."""


class _Grammar(Environment):
    """Jinja2's environment with our token stream; `lineno` of every token is its character offset."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(self.lexer.wrap(_placed_tokens(self, source, state)), name, filename)


_GRAMMAR = _Grammar(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
_WORDS = (
    ("'end of template'", "the end"),
    ("end of template", "end"),
    ("'end of print statement'", "}}"),
    ("'end of statement block'", "%}"),
)
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def _placed_tokens(grammar: _Grammar, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
    tokens: list[tuple[int, str, str]] = []
    position = 0
    brackets = blocks = prefixes = 0
    try:
        for _, kind, value in grammar.lexer.tokeniter(source, None, None, state):
            # The lexer drops white space beside tags; all else follows without gaps.
            position = offset = max(position, source.find(value, position))
            position += len(value)
            tokens.append((offset, kind, value))
            if kind in ("variable_begin", "block_begin"):
                brackets = prefixes = 0
            elif kind == "operator":
                brackets += _BRACKETS.get(value, 0)
                prefixes += value in ("-", "+")
            elif kind == "name" and value in ("not", "if", "elif", "for", "endif", "endfor"):
                begins_tag = len(tokens) > 1 and _previous(tokens) == "block_begin"
                blocks += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(value, 0) if begins_tag else 0
                prefixes += value in ("not", "if")
            elif kind == "integer" and len(value) > 18:
                raise SyntaxRefused("a number with more than 18 digits", offset=offset)
            if brackets > DEEPEST_BRACKETS or prefixes > MOST_PREFIXES or blocks > DEEPEST_BLOCKS:
                raise SyntaxRefused("nested too deeply", offset=offset, hint="split it: a `set` step can hold a part")
    except TemplateSyntaxError as error:
        raise SyntaxRefused(_sentence(error), offset=position, hint=_syntax_hint(source)) from None
    yield from tokens


def _previous(tokens: list[tuple[int, str, str]]) -> str:
    for _, kind, _ in reversed(tokens[:-1]):
        if kind != "whitespace":
            return kind
    return ""


def parse_condition(text: str) -> nodes.Expr:
    """The checked tree of a bare expression; `SyntaxRefused` says what is not in the language, and where."""
    if len(text) > LONGEST_EXPRESSION:
        raise SyntaxRefused(f"an expression of more than {LONGEST_EXPRESSION} characters", offset=0, text=text[:80])
    if not text.strip():
        raise SyntaxRefused("an empty expression", offset=0, text=text)
    if text.lstrip().startswith("{{"):
        raise SyntaxRefused("a condition is a bare expression", offset=0, text=text, hint="leave out the {{ }}")
    source = _normal(text)
    try:
        parser = Parser(_GRAMMAR, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            current = parser.stream.current
            raise SyntaxRefused(
                f"{current.value!r} does not belong here", offset=current.lineno, hint=_syntax_hint(text)
            )
        _check_expression(tree, 0)
    except (SyntaxRefused, TemplateSyntaxError, RecursionError) as error:
        raise _refused(error, source) from None
    return tree


def parse_text(text: str) -> nodes.Template:
    """The checked tree of a text with `{{ }}`, `{% if %}` and `{% for %}`; `SyntaxRefused` as above."""
    if len(text) > LONGEST_TEMPLATE:
        raise SyntaxRefused(f"a template of more than {LONGEST_TEMPLATE} characters", offset=0, text=text[:80])
    source = _normal(text)
    try:
        tree = Parser(_GRAMMAR, source).parse()
        _check_body(tree.body, 0)
    except (SyntaxRefused, TemplateSyntaxError, RecursionError) as error:
        raise _refused(error, source) from None
    return tree


def path_of(node: nodes.Node) -> str | None:
    """`steps.confirm.result.stable` for a chain of fields from a name; None for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        base = path_of(node.node)
        return f"{base}.{node.attr}" if base else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        base = path_of(node.node)
        return f"{base}.{node.arg.value}" if base else None
    return None


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _refused(error: SyntaxRefused | TemplateSyntaxError | RecursionError, source: str) -> SyntaxRefused:
    if isinstance(error, SyntaxRefused):
        error.placed(0, source)
        return error
    if isinstance(error, TemplateSyntaxError):
        offset = min(error.lineno, max(len(source) - 1, 0))
        return SyntaxRefused(_sentence(error), offset=offset, text=source, hint=_syntax_hint(source))
    return SyntaxRefused("nested too deeply", offset=0, text=source)


def _sentence(error: TemplateSyntaxError) -> str:
    message = (error.message or "not an expression").split(". ")[0].rstrip(".")
    for theirs, ours in _WORDS:
        message = message.replace(theirs, ours)
    return message[0].lower() + message[1:]


def _syntax_hint(source: str) -> str:
    for sign, hint in (("&&", "write and"), ("||", "write or"), ("===", "write =="), ("->", "fields follow a dot")):
        if sign in source:
            return hint
    if "=" in source.replace("==", "").replace("!=", "").replace("<=", "").replace(">=", ""):
        return "compare with =="
    return ""


_LEFT_OUT: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("calls are not part of the language", "filters follow a |, for example name | upper"),
    nodes.Mul: ("* is not part of the language", "compute it in a step, or write the number"),
    nodes.Div: ("/ is not part of the language", "compute it in a step, or write the number"),
    nodes.FloorDiv: ("// is not part of the language", "compute it in a step, or write the number"),
    nodes.Mod: ("% is not part of the language", "join texts with ~"),
    nodes.Pow: ("** is not part of the language", "write the number"),
    nodes.Pos: ("a + before a value is not part of the language", "leave it out"),
    nodes.Dict: ("braces are not part of the language", "an expression is written without { }"),
    nodes.Tuple: ("a list stands in square brackets", "write [a, b]"),
    nodes.Slice: ("a part of a list is not part of the language", "use | first, | last or one index"),
    nodes.Assign: ("set is not part of the language", "use a step with `set`"),
    nodes.AssignBlock: ("set is not part of the language", "use a step with `set`"),
    nodes.Include: ("include is not part of the language", "write the text here"),
    nodes.Import: ("import is not part of the language", "write the text here"),
    nodes.FromImport: ("import is not part of the language", "write the text here"),
    nodes.Extends: ("extends is not part of the language", "write the text here"),
    nodes.Macro: ("macros are not part of the language", "write the text here"),
    nodes.FilterBlock: ("filter blocks are not part of the language", "use a | filter inside {{ }}"),
}

_OPERATORS = (nodes.And, nodes.Or, nodes.Add, nodes.Sub)


def _check_body(body: list[nodes.Node], depth: int) -> None:
    for node in body:
        if isinstance(node, nodes.Output):
            for piece in node.nodes:
                if not isinstance(piece, nodes.TemplateData):
                    _check_expression(piece, depth)
        elif isinstance(node, nodes.If):
            _check_expression(node.test, depth)
            _check_body(node.body, depth + 1)
            for branch in node.elif_:
                _check_expression(branch.test, depth)
                _check_body(branch.body, depth + 1)
            _check_body(node.else_, depth + 1)
        elif isinstance(node, nodes.For):
            if not isinstance(node.target, nodes.Name):
                raise SyntaxRefused("a loop has one name", offset=node.lineno, hint="{% for person in people %}")
            if node.test is not None or node.recursive:
                raise SyntaxRefused("a loop takes all items", offset=node.lineno, hint="use {% if %} inside the loop")
            _check_expression(node.iter, depth)
            _check_body(node.body, depth + 1)
            _check_body(node.else_, depth + 1)
        else:
            raise _left_out(node)


def _check_expression(node: nodes.Node, depth: int) -> None:
    if depth > DEEPEST_TREE:
        raise SyntaxRefused("nested too deeply", offset=node.lineno)
    for part in _parts(node):
        _check_expression(part, depth + 1)


def _parts(node: nodes.Node) -> list[nodes.Expr]:
    """The allow-list: what a node is made of, or `SyntaxRefused` for a node outside the language."""
    match node:
        case nodes.Name():
            return []
        case nodes.Const():
            return _checked_literal(node)
        case nodes.Getattr():
            return [node.node]
        case nodes.Getitem():
            return [node.node, node.arg]
        case nodes.List():
            return node.items
        case nodes.Concat():
            return node.nodes
        case nodes.Not() | nodes.Neg():
            return [node.node]
        case nodes.Compare():
            return [node.expr, *(operand.expr for operand in node.ops)]
        case nodes.CondExpr():
            if node.expr2 is None:
                raise SyntaxRefused("an if without else", offset=node.lineno, hint="write a if condition else b")
            return [node.test, node.expr1, node.expr2]
        case nodes.Filter():
            return _checked_filter(node)
        case nodes.Test():
            return _checked_test(node)
        case nodes.BinExpr() if isinstance(node, _OPERATORS):
            return [node.left, node.right]
    raise _left_out(node)


def _checked_literal(node: nodes.Const) -> list[nodes.Expr]:
    if isinstance(node.value, float):
        raise SyntaxRefused("numbers are whole", offset=node.lineno, hint="count in a smaller unit: percent, seconds")
    if node.value is None:
        raise SyntaxRefused("none is no value", offset=node.lineno, hint="ask with `is none` or `is defined`")
    return []


def _checked_filter(node: nodes.Filter) -> list[nodes.Expr]:
    known = FILTERS.get(node.name)
    if known is None:
        from difflib import get_close_matches

        near = get_close_matches(node.name, FILTERS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the filters are {', '.join(sorted(FILTERS))}"
        raise SyntaxRefused(f"there is no filter {node.name}", offset=node.lineno, hint=hint)
    fewest, most = known.arguments
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not fewest <= len(node.args) <= most or node.node is None:
        wanted = f"{fewest}" if fewest == most else f"{fewest} or {most}"
        raise SyntaxRefused(f"{node.name} takes {wanted} argument{'' if most == 1 else 's'}", offset=node.lineno)
    return [node.node, *node.args]


def _checked_test(node: nodes.Test) -> list[nodes.Expr]:
    if node.name not in TESTS:
        hint = "write `is not defined`" if node.name == "undefined" else "only `is defined` and `is none`; else use =="
        raise SyntaxRefused(f"there is no test `is {node.name}`", offset=node.lineno, hint=hint)
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise SyntaxRefused(f"`is {node.name}` takes no argument", offset=node.lineno, hint="put it in brackets")
    return [node.node]


def _left_out(node: nodes.Node) -> SyntaxRefused:
    for kind, (message, hint) in _LEFT_OUT.items():
        if isinstance(node, kind):
            return SyntaxRefused(message, hint=hint, offset=node.lineno)
    return SyntaxRefused(f"{type(node).__name__.lower()} is not part of the language", offset=node.lineno)
