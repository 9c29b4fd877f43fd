"""A vendor that broke its promise: what the board says from then on."""

from __future__ import annotations

from collections.abc import Callable

from tests.walker.conftest import Night


def test_a_broken_promise_is_not_announced_as_one_that_will_break(open_night: Callable[..., Night]) -> None:
    night = open_night("vendor").run(5)

    def then() -> str:
        return str(next(item.then for item in night.walker.pending if item.kind == "vendor"))

    assert then() == "breach of the response promise"
    night.run(60)
    assert night.of("vendor_breached")
    assert then() == "the response promise is broken"
