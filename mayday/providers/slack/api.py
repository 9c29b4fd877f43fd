"""Slack's Web API: one call is one method; a refusal is HTTP 200 with `ok: false` (../shared/providers/README.md, 2).

| error | means |
| --- | --- |
| ratelimited, rate_limited | RateLimited: again after `Retry-After` |
| internal_error, fatal_error | Ambiguous: it may have taken effect; Broken where only something was read |
| service_unavailable, request_timeout, team_added_to_org | Broken: it did not take effect, worth another try |
| not_authed, invalid_auth, ... | Unauthorised; missing_scope, no_permission: Forbidden |
| anything else | Refused, with Slack's own word: `SlackRefused.error` |
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

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
from mayday.providers.client import Answer, VendorClient
from mayday.providers.slack import NAME

__all__ = ["SlackApi", "SlackRefused", "refusal_in"]

BASE_URL = "https://slack.com/api"
MOST_PAGES = 10
"""Of a list that is searched."""

_UNSURE = frozenset({"internal_error", "fatal_error"})
_LATER = frozenset({"service_unavailable", "request_timeout", "team_added_to_org"})
_OUT_OF_RATE = frozenset({"ratelimited", "rate_limited"})
_CREDENTIALS = frozenset({
    "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "no_permission", "org_login_required", "ekm_access_denied", "not_allowed_token_type", "accesslimited",
    "access_denied", "enterprise_is_restricted", "two_factor_setup_required",
})  # fmt: skip


_SCOPES = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})


class SlackRefused(Refused):
    """`error` is Slack's word for it: `name_taken`, `channel_not_found`."""

    def __init__(self, message: str, error: str) -> None:
        super().__init__(message, provider=NAME)
        self.error = error


def refusal_in(answer: Answer) -> ProviderError | None:
    """What an answer of Slack's means that is not `ok: true`."""
    if not isinstance(answer.data, dict) or not isinstance(answer.data.get("ok"), bool):
        return Ambiguous("slack answered something else than its API does", provider=NAME)
    if answer.data["ok"]:
        return None
    error = str(answer.data.get("error") or "unknown")[:80]
    said = f"slack said {error}"
    if error in _OUT_OF_RATE:
        return RateLimited(said, provider=NAME)
    if error in _UNSURE:
        return Ambiguous(said, provider=NAME)
    if error in _LATER:
        return Broken(said, provider=NAME)
    if error in _CREDENTIALS:
        needed = answer.data.get("needed")
        kind = Forbidden if error in _SCOPES else Unauthorised
        return kind(said + (f": needs {str(needed)[:80]}" if needed else ""), provider=NAME)
    details = answer.at("response_metadata", "messages")
    more = f" ({'; '.join(str(each) for each in details[:3])[:200]})" if isinstance(details, list) and details else ""
    return SlackRefused(said + more, error)


class SlackApi:
    """Methods by name. `read` are GETs, and doubt about a read is Broken: it may simply be asked again."""

    def __init__(self, client: VendorClient) -> None:
        self._client = client

    async def write(self, method: str, **fields: Any) -> dict[str, Any]:
        """A POST with a JSON body."""
        given = {name: value for name, value in fields.items() if value is not None}
        answer = await self._client.call("POST", f"/{method}", json=given)
        data: dict[str, Any] = answer.data
        return data

    async def repeat(self, method: str, **fields: Any) -> dict[str, Any]:
        """A write that does no more when it is done twice: doubt about it is Unreachable, which is tried again."""
        try:
            return await self.write(method, **fields)
        except Ambiguous as error:
            raise Unreachable(str(error), provider=NAME) from error

    async def read(self, method: str, **fields: str | int) -> dict[str, Any]:
        params: Mapping[str, str] = {name: str(value) for name, value in fields.items()}
        try:
            answer = await self._client.call("GET", f"/{method}", params=params)
        except Ambiguous as error:
            raise Broken(str(error), provider=NAME) from error
        data: dict[str, Any] = answer.data
        return data

    async def pages(self, method: str, rows: str, **fields: str | int) -> AsyncIterator[list[dict[str, Any]]]:
        """A list page by page, `MOST_PAGES` at most."""
        cursor = ""
        for _ in range(MOST_PAGES):
            data = await self.read(method, **fields, **({"cursor": cursor} if cursor else {}))
            found = data.get(rows)
            yield [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
            after = data.get("response_metadata")
            cursor = str(after.get("next_cursor") or "") if isinstance(after, dict) else ""
            if not cursor:
                return
