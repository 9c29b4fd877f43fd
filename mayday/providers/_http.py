"""What an HTTP answer, or the lack of one, means for a port. Every adapter that speaks HTTP goes through here.

| outcome | error | source |
| --- | --- | --- |
| an address that is none | Refused | |
| no connection, no pool slot | Unreachable: it cannot have happened | httpx exception tree |
| sent, no (whole) answer in time | Ambiguous; for GET and HEAD Unreachable | RFC 9110, 9.2.1: safe methods |
| a 2xx longer than it may be | Ambiguous; for GET and HEAD Broken | |
| 429, 420, 503 with Retry-After | RateLimited | RFC 6585, 4; RFC 9110, 10.2.3; Statuspage's 420 |
| 401, 403 | Unauthorised, Forbidden | RFC 9110 |
| 408, 425 | Broken: not carried out, worth another try | RFC 9110, 15.5.9; RFC 8470, 5.2 |
| other 4xx | Refused | RFC 9110 |
| 5xx | Broken | RFC 9110 |
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from mayday.domain.errors import (
    Ambiguous,
    Broken,
    Forbidden,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorised,
    Unreachable,
)

#: longest wait that a provider can ask for, seconds
LONGEST_WAIT_S = 300
#: longest answer that is read, bytes
MOST_BYTES = 1_000_000
#: who does not take a connection in this time is not there, seconds
LONGEST_CONNECT_S = 5.0
_CHUNK = 64 * 1024
_PACKING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def exchange(
    client: httpx.AsyncClient, method: str, url: str, *, provider: str, headers: Mapping[str, str] | None = None,
    json: Any = None, form: Any = None, params: Mapping[str, str] | None = None, timeout_s: float = 30,
    most_bytes: int = MOST_BYTES, accept: Collection[int] = (),
) -> httpx.Response:  # fmt: skip
    """One request; returns a 2xx or 3xx answer, or one whose status is in `accept`.

    `timeout_s` bounds the whole exchange, `most_bytes` the answer. Raises the ProviderError that fits, without the
    request in its text.
    """
    safe = method.upper() in _SAFE
    try:
        async with asyncio.timeout(timeout_s):
            response, whole = await _read(
                client, client.build_request(
                    method, url, headers=dict(headers or {}), json=json, data=form, params=params,
                    timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, LONGEST_CONNECT_S)),
                ), most_bytes,
            )  # fmt: skip
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Refused(f"{provider} has no usable address", provider=provider) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(f"{provider} is not reachable: {type(error).__name__}", provider=provider) from error
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        kind = Unreachable if safe else Ambiguous
        late = isinstance(error, TimeoutError | httpx.TimeoutException)
        said = "did not answer in time" if late else f"did not answer: {type(error).__name__}"
        raise kind(f"{provider} {said}", provider=provider) from error
    if response.status_code in accept:
        return response
    failure = failure_of(response, provider)
    if failure is not None:
        raise failure
    if not whole:
        said = f"{provider} answered more than {most_bytes} bytes"
        raise Broken(said, provider=provider) if safe else Ambiguous(said, provider=provider)
    return response


async def _read(client: httpx.AsyncClient, request: httpx.Request, most_bytes: int) -> tuple[httpx.Response, bool]:
    """The answer and whether all of it was read."""
    answer = await client.send(request, stream=True, follow_redirects=False)
    kept = bytearray()
    whole = True
    try:
        async for chunk in answer.aiter_bytes(_CHUNK):
            if len(kept) + len(chunk) > most_bytes:
                whole = False
                break
            kept += chunk
    finally:
        await answer.aclose()
    # decoded already: the headers that say how it was packed are left out
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _PACKING]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(kept), request=request), whole


def failure_of(response: httpx.Response, provider: str, detail: str = "") -> ProviderError | None:
    """The error that a status means, or None. `detail` is what the vendor said, cleaned."""
    status = response.status_code
    if status < 400:
        return None
    said = f"{provider} answered {status}" + (f": {detail}" if detail else "")
    wait = retry_after_s(response.headers.get("Retry-After"))
    if status in (420, 429) or (status == 503 and wait is not None):
        return RateLimited(said, provider=provider, retry_after_s=wait or 30)
    if status in (401, 403):
        kind = Unauthorised if status == 401 else Forbidden
        return kind(said, provider=provider)
    if status in (408, 425):
        return Broken(said, provider=provider)
    return Refused(said, provider=provider) if status < 500 else Broken(said, provider=provider)


def seconds_in(value: str) -> int | None:
    """A whole number of seconds, as long as we would wait at most; None for what is none."""
    digits = value.strip()
    if not digits.isascii() or not digits.isdigit():  # `²` is a digit too, and no number
        return None
    return min(int(digits[-9:]), LONGEST_WAIT_S) if not digits[:-9].strip("0") else LONGEST_WAIT_S


def retry_after_s(value: str | None) -> int | None:
    """Seconds to wait by a `Retry-After`, which is a number of seconds or a date."""
    if not value:
        return None
    if (seconds := seconds_in(value)) is not None:
        return seconds
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(1, int(wait)), LONGEST_WAIT_S)
