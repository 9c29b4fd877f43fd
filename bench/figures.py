"""What a benchmark finds: numbers of ours, the raw Temporal floor beside them, and whether the aim is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Figure:
    """One benchmark's result. Times carry their unit in the name (`_ms`, `_s`); `ratio` is ours over the floor."""

    name: str
    what: str
    aim: str
    measured: dict[str, float]
    floor: dict[str, float]
    ratio: dict[str, float]
    met: bool
    detail: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def as_data(self) -> dict[str, Any]:
        data: dict[str, Any] = _rounded(asdict(self))
        return data


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p99, least and most, in milliseconds, of values in seconds."""
    return {
        "p50_ms": percentile(values, 50) * 1000, "p99_ms": percentile(values, 99) * 1000,
        "min_ms": min(values) * 1000, "max_ms": max(values) * 1000,
    }  # fmt: skip


def paired(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ours over theirs, round by round: what disturbs the machine disturbs both of a round alike."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
