"""What a vendor's answer says of our clock. Tokens and signatures are refused when clocks differ by minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["SET_IT", "utc_now", "wrong_clock"]

#: signed requests and tokens are refused when clocks differ by more, seconds
SKEW_S = 60
SET_IT = "set the clock by NTP"


def utc_now() -> datetime:
    return datetime.now(UTC)


def wrong_clock(headers: Mapping[str, str], now: datetime) -> str:
    """In words by how much our clock differs from an answer's `Date` (RFC 9110, 6.6.1); empty where it agrees, or where
    there is no date. Header names are lower case."""
    try:
        skew = (parsedate_to_datetime(headers["date"]) - now).total_seconds()
    except (KeyError, ValueError, TypeError):
        return ""
    return f"our clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}" if abs(skew) > SKEW_S else ""
