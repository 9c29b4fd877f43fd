"""Drawing from Hypothesis in the words of a generator; whatever is drawn shrinks towards the plainest choice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Chance:
    """One example's source of chance."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        return int(self._draw(st.integers(least, most)))

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`; the first is the plainest."""
        return options[self.number(0, len(options) - 1)]

    def one_in(self, count: int) -> bool:
        """True once in `count` times."""
        return self.number(0, count - 1) == count - 1

    def mostly(self) -> bool:
        """True three times in four; the plainest is True."""
        return self.number(0, 3) < 3

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Between `least` and `most` different options, in any order."""
        left, chosen = list(options), []
        for _ in range(min(self.number(least, most), len(left))):
            chosen.append(left.pop(self.number(0, len(left) - 1)))
        return chosen


class Dice(Chance):
    """Chance from a source of numbers, or from the one that a number stands for: the same number, the same choices."""

    def __init__(self, source: random.Random | int) -> None:
        self._random = random.Random(source) if isinstance(source, int) else source

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)
