"""What every port's suite asks of every provider: how failures look, and what stands in no error and no log.

@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(vendor, outcome):
    outcome.arrange(vendor.double)
    with raises_cleanly(outcome.errors, vendor.double):
        await vendor.port.open(...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from mayday.domain.errors import Broken, ProviderError, RateLimited, Refused, Unauthorised
from tests.doubles.server import Double, Failure

#: beyond every vendor's limit, with what breaks careless cutting and counting
LONG = ("Zahlung läuft nicht 💳 支払い " * 2000)[:40_000]
#: markup, mentions and commands of several platforms, as an alert's title may hold them
HOSTILE = (
    '<!channel> @everyone @here <https://evil.example|click> *bold* `x` {{7*7}} {code} <b>b</b> "quoted"\r\nBcc: x@y.z'
)


@dataclass(frozen=True)
class Outcome:
    """A failure on cue, and the errors of which one has to follow. `more` is said of the answer."""

    how: Failure
    errors: tuple[type[ProviderError], ...]
    status: int = 0

    def __str__(self) -> str:
        return f"{self.how}{f'_{self.status}' if self.status else ''}"

    def arrange(self, double: Double, *, times: int = 20, path: str = "") -> None:
        """`path`: only requests to addresses that begin so, and not those for a token."""
        double.fail(self.how, self.status, times=times, path=path)


#: One for each class of status and each way to go silent. A vendor with an idempotency key of its own may try again.
OUTCOMES = [
    Outcome("status", (Refused,), 400), Outcome("status", (Unauthorised,), 401),
    Outcome("status", (Unauthorised,), 403),
    Outcome("status", (Refused,), 404), Outcome("status", (Broken,), 408), Outcome("status", (Refused,), 409),
    Outcome("status", (Refused,), 422), Outcome("status", (Broken,), 500), Outcome("status", (Broken,), 502),
    Outcome("status", (Broken,), 503), Outcome("rate_limit", (RateLimited,)), Outcome("redirect", (Refused,)),
    Outcome("timeout_before", (ProviderError,)),
]  # fmt: skip


@contextmanager
def raises_cleanly(
    errors: tuple[type[ProviderError], ...], double: Double
) -> Iterator[pytest.ExceptionInfo[ProviderError]]:
    """One of `errors` follows, names its provider, is short, and holds no secret of the double's settings."""
    with pytest.raises(errors) as raised:
        yield raised
    error = raised.value
    assert error.provider == double.name
    assert len(str(error)) < 600
    assert_no_secret(str(error), double)
    if isinstance(error, RateLimited):
        assert error.retry_after_s == 7


def assert_no_secret(text: str, double: Double) -> None:
    """Nothing secret of the double's settings stands in `text`."""
    for key, value in double.values.items():
        if key.endswith(("token", "secret", "password", "key")):
            assert value not in text, f"{double.name}'s {key} leaks"
