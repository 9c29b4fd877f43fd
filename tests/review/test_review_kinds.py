"""The review's timeline kinds: closed, and each says what its data holds."""

from __future__ import annotations

import re
import string
from pathlib import Path

import mayday.domain.review as package
from mayday.domain.review_kinds import REVIEW_KINDS

LOGGED = re.compile(r'self\.(?:case\.)?log\(\s*"(\w+)"')
#: kinds that an expression chooses between
TOLD_APART = {"action_overdue", "action_reminded", "finding_seconded", "finding_opposed"}
#: the incident's own kinds, which the review writes too
SHARED = {"refused", "noted", "status_changed"}


def test_every_kind_that_the_review_writes_is_listed_and_no_other() -> None:
    sources = "".join(path.read_text() for path in Path(package.__file__).parent.glob("*.py"))
    written = set(LOGGED.findall(sources)) | TOLD_APART
    assert written - SHARED == set(REVIEW_KINDS)


def test_texts_use_only_what_their_data_holds() -> None:
    for kind, (text, data, meaning) in REVIEW_KINDS.items():
        used = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert used <= {*data.replace("?", "").split(", "), "actor", "step"}, kind
        assert meaning, kind
