"""What leaves is read before it leaves."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.told_starter import Starter, run

PREVIEW: dict[str, Any] = {
    "audience": "stakeholders", "purpose": "update", "subject": "SEV1 Cards fail", "text": "We know", "drill": False,
    "second_reader": True, "held": "outward messages are held", "wrong": None,
    "differs": ["chat: a worker sends it by slack or desk"],
    "reaches": {"email": ["ana", "news@example.com"], "sms": ["+15550100001"]},
    "channels": [
        {"channel": "email", "behind": [], "unreached": [{"target": "kim", "reason": "no mail address"}], "shown": [
            {"provider": "smtp", "form": "mail, plain text", "to": [], "subject": "SEV1 Cards fail",
             "text": "We know\n\nMore",
             "small": [], "facts": {"from": "mayday@example.com"}, "shortened": False, "body": "..."},
        ]},
        {"channel": "sms", "behind": ["desk"], "unreached": [], "shown": [
            {"provider": "desk", "form": "a notice", "to": [], "subject": "", "text": "SEV1 Cards fail",
             "small": ["open"],
             "facts": {}, "shortened": True, "body": {}},
        ]},
    ],
}  # fmt: skip


def test_a_preview_is_read_before_anything_leaves(starter: Starter) -> None:
    starter.answer = (200, PREVIEW)
    starter.names = {"people": {"ana": "Ana Ruiz", "kim": "Kim Park"}, "vendors": {}, "services": {}}
    said = run("incident", "update", "I", "stakeholders", "We know", "--preview")
    assert starter.asked == [("POST", "/api/v1/incidents/I/previews", {"audience": "stakeholders", "text": "We know"})]
    assert said.output.splitlines() == [
        "it may look different: chat: a worker sends it by slack or desk",
        "by email (mail, plain text, smtp) to Ana Ruiz, news@example.com",
        "  | SEV1 Cards fail", "  |", "  | We know", "  |", "  | More", "  from: mayday@example.com",
        "by email NOT Kim Park: no mail address",
        "by sms (a notice) to +15550100001", "  | SEV1 Cards fail", "  | open",
        "  too long for this channel: it leaves cut, as shown",
        "outward messages are held: it would wait", "a second person reads it before it leaves",
    ]  # fmt: skip


def test_corrections_and_reviews_are_previewed_too(starter: Starter) -> None:
    starter.answer = (200, PREVIEW)
    assert run("incident", "correct", "I", "2", "not so", "--preview").exit_code == 0
    assert run("incident", "preview", "I", "review:update:1", "--text", "shorter").exit_code == 0
    assert json.loads(run("incident", "preview", "I", "review:update:1", "--json").output) == PREVIEW
    path = "/api/v1/incidents/I/previews"
    assert starter.asked == [
        ("POST", path, {"corrects": 2, "text": "not so"}),
        ("POST", path, {"task": "review:update:1", "text": "shorter"}),
        ("POST", path, {"task": "review:update:1", "text": ""}),
    ]  # fmt: skip
