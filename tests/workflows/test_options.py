"""How soon a dead worker is noticed, by what the effect is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.effects import EffectRequest
from workflows.options import options_of


@pytest.mark.parametrize(
    ("effect_class", "timeout_s", "silence_s"),
    [("reversible", 120, 15), ("reversible", 10, None), ("irreversible", 2700, 60), ("page", 120, None)],
)
def test_a_try_that_may_take_long_gives_signs_of_life(effect_class: Any, timeout_s: int, silence_s: int | None) -> None:
    """A ticket on a worker that died is tried again after a quarter of a minute, not after its two minutes."""
    request = EffectRequest(
        key="k", kind="x", step="s", effect_class=effect_class, payload={}, summary="", timeout_s=timeout_s
    )
    found = options_of(request).get("heartbeat_timeout")
    assert found == (timedelta(seconds=silence_s) if silence_s else None)
