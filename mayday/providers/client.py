"""How every vendor's adapter speaks HTTP: to the configured host only, bounded, with clean errors.

    client = VendorClient("pagerduty", "https://api.pagerduty.com", http,
                          StaticAuth("Authorization", "Token token=", "u+..."))
    answer = await client.call("POST", "/incidents", json={...}, headers={"From": "ops@example.com"})

What an answer means is the table of `_http.py`. On top of it a VendorClient keeps three promises: nothing leaves for
another host (no redirect is followed, a full address in `path` has to be below the base address), the errors hold what
the vendor said, cut and without our secrets, and a provider that asked us to wait is not called before that.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx

from mayday.domain.errors import Ambiguous, Broken, ProviderError, RateLimited, Refused
from mayday.providers._http import MOST_BYTES, exchange, failure_of, retry_after_s, seconds_in
from mayday.providers.auth import Auth, NoAuth
from mayday.providers.rates import RateBucket
from mayday.providers.vendor_words import said_in, without_secrets
from mayday.settings import SettingsError

__all__ = ["Answer", "Reading", "VendorClient", "checked_base_url", "segment"]

TIMEOUT_S = 15.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY_FAILURE = frozenset(range(400, 600))


class Reading(Protocol):
    """A vendor's own way to say no inside of a 2xx (Slack's `ok: false`): the error that it means, or None."""

    def __call__(self, answer: Answer) -> ProviderError | None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor said. `data` is the parsed JSON, a text where it is no JSON, None where there is nothing."""

    status: int
    headers: Mapping[str, str]
    data: Any = None

    def at(self, *path: str | int) -> Any:
        """The value at a path into `data`, None where there is none: `answer.at("incident", "id")`."""
        found = self.data
        for part in path:
            if isinstance(part, int) and isinstance(found, list) and -len(found) <= part < len(found):
                found = found[part]
            elif isinstance(part, str) and isinstance(found, dict):
                found = found.get(part)
            else:
                return None
        return found

    def text_at(self, *path: str | int) -> str | None:
        """The same as a text; numbers become texts, everything else None."""
        found = self.at(*path)
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) and found != "" else None

    def rows(self, *path: str | int) -> list[dict[str, Any]]:
        """The objects of a list at a path; empty where there is none."""
        found = self.at(*path)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def segment(text: str) -> str:
    """`text` as one segment of a path: no slash, question mark or dot-dot of it works as one."""
    return quote(text, safe="") if text not in (".", "..") else quote(text).replace(".", "%2E")


def checked_base_url(provider: str, url: str) -> str:
    """The address without a slash at its end. Raises SettingsError unless it is https, or http to this machine."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise SettingsError(f"the address of {provider} has to start with https://, and is {parts.scheme or 'no'}://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(f"the address of {provider} may hold no login, query or fragment")
    return url.rstrip("/")


@dataclass(slots=True)
class VendorClient:
    """One vendor's HTTP API. Shared by its adapters; safe to use by many tasks at once.

    `secrets` are masked in what errors say, besides those of `auth`. `bucket` bounds our own rate; being out of it is
    RateLimited at once, so that the next provider carries the message.
    """

    provider: str
    base_url: str
    http: httpx.AsyncClient
    auth: Auth = field(default_factory=NoAuth)
    timeout_s: float = TIMEOUT_S
    most_bytes: int = MOST_BYTES
    secrets: Collection[str] = ()
    bucket: RateBucket = field(default_factory=RateBucket)
    reading: Reading | None = None
    heard: Mapping[str, str] = field(default_factory=dict)
    """The headers of the last answer: doctor reads the vendor's clock in them."""

    def __post_init__(self) -> None:
        self.base_url = checked_base_url(self.provider, self.base_url)

    async def call(
        self, method: str, path: str, *, json: Any = None, form: Mapping[str, str | Sequence[str]] | None = None,
        params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None, accept: Collection[int] = (),
    ) -> Answer:  # fmt: skip
        """One request. `accept` names failing statuses that the caller wants to see as answers (404: not there yet).

        Raises ProviderErrors. A 401 is tried once more with a renewed token, where `auth` has one to renew.
        """
        url = self._url(path)
        self.bucket.take(self.provider)

        async def ask() -> httpx.Response:
            given = {**await self.auth.headers(self.http), "Accept-Encoding": "identity", **(headers or {})}
            return await exchange(
                self.http, method, url, provider=self.provider, headers=given, json=json, form=form, params=params,
                timeout_s=timeout_s or self.timeout_s, most_bytes=self.most_bytes, accept=_EVERY_FAILURE,
            )  # fmt: skip

        response = await ask()
        if response.status_code == 401 and await self.auth.renewed():
            response = await ask()
        self.heard = {name.lower(): value for name, value in response.headers.items()}
        answer = self._answer(response, safe=method.upper() in ("GET", "HEAD"))
        if answer.status in accept:
            return answer
        failure = failure_of(response, self.provider, self._said(answer)) or self._refusal_in(answer)
        if failure is None:
            return answer
        if isinstance(failure, RateLimited):
            failure.retry_after_s = max(1, _asked_wait(response) or failure.retry_after_s)
            self.bucket.close_for(failure.retry_after_s)
        raise failure

    def _refusal_in(self, answer: Answer) -> ProviderError | None:
        """The error that an answer below 400 means all the same."""
        if 300 <= answer.status < 400:
            return Refused(f"{self.provider} redirects: its address is not right", provider=self.provider)
        failure = self.reading(answer) if self.reading else None
        if failure is not None:
            failure.args = (self._masked(str(failure)),)
        return failure

    def _url(self, path: str) -> str:
        """The whole address. Raises Refused for one that is not below the base address."""
        if path.startswith(f"{self.base_url}/"):  # a next-page link
            path = path.removeprefix(self.base_url)
        plain = path.partition("?")[0]
        if not path.startswith("/") or path.startswith("//") or "\\" in path or ".." in plain.split("/"):
            raise Refused(f"{self.provider}: an address outside its own is not called", provider=self.provider)
        return self.base_url + path

    def _answer(self, response: httpx.Response, *, safe: bool) -> Answer:
        """Raises Ambiguous (Broken for a read) for a 2xx that says it is JSON and is not."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not response.content:
            return Answer(response.status_code, headers)
        text = response.text
        if "json" not in headers.get("content-type", "") and text[:1] not in "{[":
            return Answer(response.status_code, headers, text)
        try:
            return Answer(response.status_code, headers, json_text.loads(text))
        except (ValueError, RecursionError) as error:
            if not 200 <= response.status_code < 300:
                return Answer(response.status_code, headers, text)
            said = f"{self.provider} answered what is no JSON"
            kind = Broken if safe else Ambiguous
            raise kind(said, provider=self.provider) from error

    def _said(self, answer: Answer) -> str:
        return self._masked(said_in(answer.data)) if answer.status >= 400 else ""

    def _masked(self, text: str) -> str:
        return without_secrets(text, [*self.secrets, *self.auth.secrets()])


def _asked_wait(response: httpx.Response) -> int | None:
    """Seconds that the vendor wants us to wait, in any of the headers that vendors use for it."""
    wait = retry_after_s(response.headers.get("Retry-After"))
    if wait is None:
        for name in ("ratelimit-reset", "X-RateLimit-Period-In-Sec"):  # PagerDuty: seconds to go; Opsgenie: the window
            value = response.headers.get(name, "")
            if (seconds := seconds_in(value)) is not None:
                return seconds
    return wait
