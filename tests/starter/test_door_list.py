"""Who is taken out of the catalog, or given less, is out, or has less, at once and without a restart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mayday import catalogs
from starter.door_list import DoorList
from starter.playbooks import Playbooks
from tests.starter.conftest import RUNBOOKS, House

Edit = Callable[..., None]


@pytest.fixture
def edit(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Files of the catalog that this house's starter watches: `edit(what, instead)`, in `people.yaml` by default."""
    shutil.copytree(RUNBOOKS / "catalog", tmp_path / "catalog")
    monkeypatch.setattr(catalogs, "LOOK_EVERY_S", 0.0)
    playbooks = Playbooks(house.parts.playbooks.library)
    began = playbooks.library.catalog
    playbooks._door = DoorList(tmp_path, began)
    monkeypatch.setattr(house.parts.playbooks, "_door", playbooks._door)

    def edited(what: str, instead: str, name: str = "people.yaml") -> None:
        file = tmp_path / "catalog" / name
        text = file.read_text()
        assert what in text
        file.write_text(text.replace(what, instead))

    return edited


async def me(house: House, person: str) -> tuple[int, str]:
    answer = await house.get("/api/v1/me", person)
    return answer.status_code, answer.json().get("level", answer.json().get("code"))


ZOE = "  zoe: { name: Zoe Lind, email: zoe@example.com }\n"


async def test_a_level_that_is_lowered_counts_at_the_next_request(house: House, edit: Edit) -> None:
    edit("people:\n", f"people:\n{ZOE}")
    assert await me(house, "zoe") == (200, "responder")
    edit("access:\n", "access:\n  viewer: [person.zoe]\n", "rules.yaml")
    assert await me(house, "zoe") == (200, "viewer")
    assert await me(house, "lee") == (200, "responder")


async def test_who_left_is_out_with_every_token(house: House, edit: Edit) -> None:
    assert await me(house, "ana") == (200, "responder")
    edit("  ana: {", "  anabel: {")
    assert await me(house, "ana") == (403, "not_in_catalog")
    assert await me(house, "raj") == (200, "responder")
    assert house.parts.playbooks.catalog.people["ana"].name == "Ana Ruiz"  # old entries still name her


async def test_who_came_gets_in_and_has_a_name(house: House, edit: Edit) -> None:
    edit("people:\n", f"people:\n{ZOE}")
    assert await me(house, "zoe") == (200, "responder")
    assert house.parts.playbooks.catalog.people["zoe"].name == "Zoe Lind"


async def test_a_file_that_does_not_load_changes_nothing(house: House, edit: Edit) -> None:
    edit("people:\n", "people: [\n")
    assert await me(house, "ana") == (200, "responder")


async def test_a_slip_in_access_gives_nobody_more(house: House, edit: Edit) -> None:
    edit("people:\n", f"people:\n{ZOE}")
    edit("access:\n", "access:\n  viewer: [person.zoe]\n", "rules.yaml")
    assert await me(house, "zoe") == (200, "viewer")
    edit("[person.zoe]", "[person.zeo]", "rules.yaml")
    assert await me(house, "zoe") == (200, "viewer")
    edit(ZOE, "")
    assert await me(house, "zoe") == (403, "not_in_catalog")
