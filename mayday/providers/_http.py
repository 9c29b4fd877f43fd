"""What an HTTP answer, or the lack of one, means for a port. Every adapter that speaks HTTP goes through here.

| outcome | error | source |
| --- | --- | --- |
| an address that is none | Refused | |
| no connection, no pool slot | Unreachable: it cannot have happened | httpx exception tree |
| sent, no (whole) answer | Ambiguous; for GET and HEAD Unreachable | RFC 9110, 9.2.1: safe methods |
| 429, 503 with Retry-After | RateLimited | RFC 6585, 4; RFC 9110, 10.2.3 |
| 401, 403 | Unauthorised | RFC 9110 |
| other 4xx | Refused | RFC 9110 |
| 5xx | Broken | RFC 9110 |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from mayday.domain.errors import Ambiguous, Broken, ProviderError, RateLimited, Refused, Unauthorised, Unreachable

#: longest wait that a provider can ask for, seconds
LONGEST_WAIT_S = 300
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def exchange(
    client: httpx.AsyncClient, method: str, url: str, *, provider: str, headers: Mapping[str, str] | None = None,
    json: Any = None, params: Mapping[str, str] | None = None, timeout_s: float = 30,
) -> httpx.Response:  # fmt: skip
    """One request; returns a 2xx or 3xx answer. Raises the ProviderError that fits, without the request in its text."""
    try:
        response = await client.request(
            method, url, headers=dict(headers or {}), json=json, params=params, timeout=timeout_s
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Refused(f"{provider} has no usable address", provider=provider) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(f"{provider} is not reachable: {type(error).__name__}", provider=provider) from error
    except httpx.TransportError as error:
        kind = Unreachable if method.upper() in _SAFE else Ambiguous
        raise kind(f"{provider} did not answer: {type(error).__name__}", provider=provider) from error
    failure = failure_of(response, provider)
    if failure is not None:
        raise failure
    return response


def failure_of(response: httpx.Response, provider: str) -> ProviderError | None:
    """The error that a status means, or None."""
    status = response.status_code
    if status < 400:
        return None
    said = f"{provider} answered {status}"
    wait = _retry_after(response.headers.get("Retry-After"))
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(said, provider=provider, retry_after_s=wait or 30)
    if status in (401, 403):
        return Unauthorised(said, provider=provider)
    return Refused(said, provider=provider) if status < 500 else Broken(said, provider=provider)


def _retry_after(value: str | None) -> int | None:
    """Seconds of a `Retry-After`, which is a number of seconds or a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return min(int(value), LONGEST_WAIT_S)
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(1, int(wait)), LONGEST_WAIT_S)
