"""What the starter itself fetches from outside: a signer's keys, and the address that confirms a subscription."""

from __future__ import annotations

import httpx

from mayday.providers.inbound import Unverifiable

__all__ = ["Fetching"]

WITHIN_S = 5.0
MOST_BYTES = 256 * 1024


class Fetching:
    """GETs of https addresses that a source has checked: no redirects, a short wait, a bounded answer."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client

    async def __call__(self, url: str) -> bytes:
        """The body of a 200. Raises `Unverifiable`, without the address: it may hold a token."""
        if not url.startswith("https://"):
            raise Unverifiable("only https addresses are fetched")
        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, timeout=WITHIN_S)
        try:
            async with self._client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise Unverifiable(f"{httpx.URL(url).host} answered {answer.status_code}")
                found = b""
                async for piece in answer.aiter_bytes():
                    found += piece
                    if len(found) > MOST_BYTES:
                        raise Unverifiable(f"{httpx.URL(url).host} answered with more than {MOST_BYTES} bytes")
                return found
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unverifiable(f"{type(error).__name__}: the signer's host is not reachable") from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
