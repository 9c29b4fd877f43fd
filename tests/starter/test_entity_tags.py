"""Lists say whether they changed, and come page by page."""

from __future__ import annotations

import pytest

from starter.entity_tags import matches
from tests.starter.conftest import House


async def test_a_list_that_did_not_change_is_not_sent_again(house: House) -> None:
    await house.declared("payments")
    bearer = {"Authorization": f"Bearer {await house.token('ana')}"}
    first = await house.http.get("/api/v1/incidents", headers=bearer)
    tag = first.headers["etag"]
    again = await house.http.get("/api/v1/incidents", headers={**bearer, "If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["content-security-policy"]
    await house.declared("search")
    changed = await house.http.get("/api/v1/incidents", headers={**bearer, "If-None-Match": tag})
    assert (changed.status_code, len(changed.json()["items"])) == (200, 2)
    refused = await house.http.get("/api/v1/incidents", headers={"If-None-Match": "*"})
    assert (refused.status_code, "etag" in refused.headers) == (401, False)


@pytest.mark.parametrize(
    ("wanted", "same"), [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ("", False), ("a", False)]
)
def test_tags_are_compared_weakly(wanted: str, same: bool) -> None:
    assert matches(wanted, '"a"') is same


async def test_tokens_come_page_by_page(house: House) -> None:
    for number in range(5):
        await house.post("/api/v1/tokens", {"person": "ana", "note": str(number)}, person=None)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = f"/api/v1/tokens?person=ana&limit=2{f'&cursor={cursor}' if cursor else ''}"
        answer = (await house.get(query, None)).json()
        seen += [item["note"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    wrong = await house.get("/api/v1/tokens?cursor=none", None)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")


async def test_the_audit_is_read_by_administrators(house: House) -> None:
    incident = await house.declared("payments")
    for number in range(3):
        await house.post(f"/api/v1/incidents/{incident}/notes", {"text": str(number)}, "ana")
    first = (await house.get(f"/api/v1/access/audit?incident={incident}&limit=2", None)).json()
    assert [row["action"] for row in first["items"]] == ["note", "note"]
    rest = (await house.get(f"/api/v1/access/audit?incident={incident}&limit=2&cursor={first['next']}", None)).json()
    assert ([row["action"] for row in rest["items"]], rest["next"]) == (["note", "declare"], None)
    assert (await house.get("/api/v1/access/audit?actor=kim", None)).json()["items"] == []
    assert (await house.get("/api/v1/access/audit", "kim")).status_code == 403
