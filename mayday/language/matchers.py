"""Label matchers of routes: `value`, a list of values, or `~regular expression`, always against the whole label.

Labels come from outside and patterns run on every alert of a storm, so only patterns that cannot take exponential time
are accepted, in the spirit of RE2: no look-around, no back-references, no repeat of something that itself repeats or
branches, few open-ended repeats. Anything refused is refused when the catalog is loaded, never while an alert waits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["LONGEST_PATTERN", "LONGEST_VALUE", "PatternRefused", "compile_pattern", "matches"]

LONGEST_PATTERN = 200
LONGEST_VALUE = 256
"""Only this much of a label is looked at by a pattern; longer values are cut."""
OPEN_REPEATS = 3
"""Open-ended repeats in one pattern: time grows with the length of the label to this power at most."""
LARGEST_COUNT = 64

_PLAIN = frozenset(
    {"LITERAL", "NOT_LITERAL", "ANY", "IN", "AT", "CATEGORY", "RANGE", "NEGATE", "BRANCH", "SUBPATTERN", "MAX_REPEAT"}
    | {"MIN_REPEAT"}
)


class PatternRefused(ValueError):
    """A pattern that cannot be used; the text says why and what to write instead."""


def matches(wanted: str | list[str], label: str | None) -> bool:
    """Whether a label satisfies one matcher. A missing label equals the empty text, as in Prometheus.

    Raises:
        PatternRefused: the pattern is refused (a checked catalog has none).
    """
    value = label or ""
    if isinstance(wanted, list):
        return any(matches(one, value) for one in wanted)
    if wanted.startswith("~"):
        return compile_pattern(wanted[1:]).fullmatch(value[:LONGEST_VALUE]) is not None
    return wanted == value


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> re.Pattern[str]:
    """The pattern, ready to match; `PatternRefused` for one that is broken or could take too long."""
    if len(text) > LONGEST_PATTERN:
        raise PatternRefused(f"a pattern is at most {LONGEST_PATTERN} characters long; write a list of values")
    try:
        pattern = re.compile(text)
        # The parsed form is the only place that shows nested repeats; it is stable since Python 2.
        from re import _parser  # type: ignore[attr-defined, unused-ignore]

        tree = _parser.parse(text)
    except re.error as error:
        raise PatternRefused(f"{text!r} is no regular expression: {error.msg}") from None
    except (RecursionError, OverflowError):
        raise PatternRefused("the pattern is nested too deeply") from None
    if _open_repeats(tree, inside=False) > OPEN_REPEATS:
        raise PatternRefused(f"a pattern has at most {OPEN_REPEATS} of * and +; write a list of values")
    return pattern


def _open_repeats(tree: Any, *, inside: bool) -> int:
    """How many repeats without a small bound there are; refuses what could take exponential time."""
    count = 0
    for operator, argument in tree:
        name = str(operator)
        if name not in _PLAIN:
            raise PatternRefused("look-around, back-references and possessive repeats are not used in routes")
        if name == "BRANCH":
            if inside:
                raise PatternRefused("an alternative is not repeated; write a list of values")
            count += max(_open_repeats(branch, inside=inside) for branch in argument[1])
        elif name == "SUBPATTERN":
            count += _open_repeats(argument[3], inside=inside)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = argument
            if most == 1:  # an optional part
                count += _open_repeats(body, inside=inside)
                continue
            if inside:
                raise PatternRefused("a repeat is not repeated; write .* or a list of values")
            if int(least) > LARGEST_COUNT:
                raise PatternRefused(f"a repeat counts to {LARGEST_COUNT} at most")
            count += 1 + _open_repeats(body, inside=True)
    return count
