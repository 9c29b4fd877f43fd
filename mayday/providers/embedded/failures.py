"""What a silent records store means to the caller of a port: nothing happened, try again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mayday.domain.errors import Refused, Unreachable
from mayday.providers.embedded import NAME
from mayday.records.errors import RecordsUnavailable, UnknownRecord


@contextmanager
def provider_errors() -> Iterator[None]:
    """Inside, the store's errors become the ports'. A transaction that did not commit did not happen."""
    try:
        yield
    except RecordsUnavailable as error:
        raise Unreachable(f"the records store does not answer: {error}", provider=NAME) from error
    except UnknownRecord as error:
        raise Refused(str(error), provider=NAME) from error
