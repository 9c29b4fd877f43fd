"""Every code of the checker: its wrong example raises it, and nothing else; its right example raises nothing."""

from __future__ import annotations

import pytest

from mayday.language import checks  # noqa: F401 - fills the table
from mayday.language.findings import CODES, Code, Finding, define
from mayday.language.linting import lint
from tests.language.folders import Folder

FRAMED = [code for code in CODES.values() if code.frame != "text"]


def put(folder: Folder, code: Code, text: str) -> list[Finding]:
    """What is said about an example in its frame."""
    return lint([written(folder, code, text).root], folder.root)


def written(folder: Folder, code: Code, text: str) -> Folder:
    if code.frame == "steps":
        return folder.with_steps(text)
    if code.frame == "files":
        return (folder.basic() if "readme" not in text else folder).with_files(text)
    return folder.with_keys("catalog/catalog.yaml" if code.frame == "catalog" else "library/example.yaml", text)


@pytest.mark.parametrize("code", FRAMED, ids=lambda code: code.code)
def test_the_wrong_example_raises_the_code(folder: Folder, code: Code) -> None:
    found = put(folder, code, code.wrong)
    assert {finding.code for finding in found} == {code.code}, "\n".join(map(str, found))
    assert all(finding.level == code.level for finding in found)


@pytest.mark.parametrize("code", FRAMED, ids=lambda code: code.code)
def test_the_right_example_raises_nothing(folder: Folder, code: Code) -> None:
    found = put(folder, code, code.right)
    assert not found, "\n".join(map(str, found))


def test_codes_say_enough_to_be_a_page() -> None:
    for code in CODES.values():
        assert code.code[0] in "YSRTFC"
        assert code.title[0].islower()
        assert code.explanation.endswith(".")
        assert code.wrong != code.right


def test_a_code_is_defined_once() -> None:
    with pytest.raises(ValueError, match="Y100 is defined twice"):
        define("Y100", "again", "Again.", wrong="", right="", frame="text")
