"""The chat's page says what the code does: the manifest's scopes and addresses, and every word that is understood."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from mayday.providers.slack.offer import SCOPES
from starter.chat_words import HELP, understood

PAGE = (Path(__file__).parents[2] / "docs" / "chat.md").read_text()


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```\n<!-- /{name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_manifest_asks_for_what_the_adapter_uses() -> None:
    manifest = yaml.safe_load(part("manifest"))
    assert sorted(manifest["oauth_config"]["scopes"]["bot"]) == sorted(SCOPES)
    [command] = manifest["features"]["slash_commands"]
    addresses = {command["url"], manifest["settings"]["interactivity"]["request_url"]}
    assert {address.partition("example.com")[2] for address in addresses} == {"/chat/slack"}


def test_every_word_that_is_understood_stands_on_the_page() -> None:
    assert part("words").rstrip() == HELP
    assert understood("help").verb == "help"
