"""Lists that are read page by page."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Listing(NamedTuple, Generic[Item]):
    """Some items, and the cursor of the next ones or None."""

    items: list[Item]
    next: str | None


def cursor(at: datetime, item_id: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{item_id}".encode()).decode()


def parse_cursor(text: str) -> tuple[datetime, str]:
    """Raises ValueError when `text` is not one of our cursors."""
    try:
        at, _, item_id = base64.urlsafe_b64decode(text.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a moment without its zone")
        return moment, item_id
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise ValueError("not a cursor of this list") from error
