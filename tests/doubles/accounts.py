"""Two accounts at one vendor: the house's own and the sandbox of its drills, as settings."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mayday.providers.sandboxes import sandbox_of
from mayday.settings import SECRET_ENDINGS
from tests.docs.provider_tables import models_of


def environment(name: str, values: Mapping[str, str], *, sandbox: bool = False) -> dict[str, str]:
    """Settings by their keys."""
    start = f"MAYDAY_{(sandbox_of(name) if sandbox else name).upper()}"
    return {f"{start}_{key.upper()}": value for key, value in values.items()}


def another_account(name: str, values: Mapping[str, str]) -> dict[str, str]:
    """The same settings of another account: other secrets, another place."""
    places = {field for model in models_of(name) for field in model.place}
    return {key: other(value) if is_secret(key) or key in places else value for key, value in values.items()}


def is_secret(key: str) -> bool:
    return key.upper().endswith(SECRET_ENDINGS)


def other(value: str) -> str:
    """Another value of the same shape. Addresses stay: two doubles have different ones."""
    if value.startswith("{"):
        return json.dumps({**json.loads(value), "client_email": "real@example.com"})
    return value if "://" in value else f"real-{value}"
