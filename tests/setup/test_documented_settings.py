"""The README lists every setting as it is; `python -m tests.setup.test_documented_settings` writes the table."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from mayday.settings import Settings

README = Path(__file__).parents[2] / "README.md"
TABLE = re.compile(r"(<!-- settings: .*? -->\n)(.*?)(<!-- /settings -->)", re.DOTALL)

# What a default that depends on the machine or on other settings is called.
DERIVED = {
    "data": "`~/.local/share/mayday`",
    "runbooks": "the library that comes with mayday",
    "database_url": "`records.db` in the data folder",
    "base_url": "`http://HOST:PORT`",
}


def table() -> str:
    rows = ["| setting | default | |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        plain = "" if field.default in (None, "", PydanticUndefined) else f"`{field.default}`"
        rows.append(f"| `MAYDAY_{name.upper()}` | {DERIVED.get(name, plain)} | {field.description} |")
    rows += [
        "| `MAYDAY_WEBHOOK_<SOURCE>_TOKEN` | | What a source has to show: bearer, basic password or `?token=` |",
        "| `MAYDAY_WEBHOOK_<SOURCE>_SECRET` | | Its signing key; several, comma-separated, while rotating |",
        "| `MAYDAY_WEBHOOK_<SOURCE>_ADDRESSES` | | Networks that it may post from; more settings in docs/webhooks.md |",
        "| `MAYDAY_<PROVIDER>_URL`, `_TOKEN`, ... | | A provider; with none of its settings the embedded desk serves |",
    ]
    return "\n".join(rows) + "\n"


def test_the_readme_lists_every_setting() -> None:
    found = TABLE.search(README.read_text())
    assert found is not None
    assert found[2] == table()


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda found: found[1] + table() + found[3], README.read_text()))
