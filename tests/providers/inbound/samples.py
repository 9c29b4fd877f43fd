"""The vendors' sample bodies and signature vectors, read where they lie (MAYDAY_PROVIDER_DATA)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mayday.providers.inbound import Delivery

SAMPLES = Path(os.environ.get("MAYDAY_PROVIDER_DATA") or Path(__file__).parents[3] / "../shared/providers")
NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
needed = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no provider samples at {SAMPLES} (set MAYDAY_PROVIDER_DATA)")


def sample(name: str) -> bytes:
    """One body: `grafana/unified_firing_v11_values`."""
    return (SAMPLES / "webhooks" / f"{name}.json").read_bytes()


def delivery(body: bytes | object, *, at: datetime = NOW, **more: Any) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(raw=raw, received_at=at, **more)


async def no_network(url: str) -> bytes:
    raise AssertionError(f"nothing should be fetched, and {url} was")
