"""Another site sends a browser here: whatever changes something asks for the proof that a page of ours sent it."""

from __future__ import annotations

import re

import pytest

from starter.app import create_app
from starter.reference.description import every_route
from tests.starter.conftest import House
from tests.starter.test_login import logged_in

#: proven in other ways: by signature or token, or before anybody is logged in (then by where the request comes from)
OTHERWISE = ("/webhooks/", "/chat/", "/callbacks/", "/login")


def changing(house: House) -> list[tuple[str, str]]:
    """Method and path of every route that changes something, in the API and on the pages."""
    found = [
        (method, route.path)
        for route in every_route(create_app(house.parts))
        if not route.path.startswith(OTHERWISE)
        for method in route.methods - {"GET", "HEAD"}
    ]
    return sorted(found)


@pytest.mark.parametrize("site", ["same-origin", "cross-site", "same-site"])
async def test_no_route_that_changes_something_takes_a_cookie_alone(house: House, site: str) -> None:
    browser, incident = await logged_in(house, "ana"), await house.declared()
    routes = changing(house)
    assert len(routes) >= 50, "the routes are not found"
    taken = []
    for method, path in routes:
        where = re.sub(r"{[^}]+}", "x", path.replace("{incident}", incident))
        answer = await browser.http.request(
            method, where, data={"text": "x", "csrf_token": "guess"}, headers={"Sec-Fetch-Site": site}
        )
        if answer.status_code != 403 or "csrf" not in answer.text:
            taken.append(f"{method} {path}: {answer.status_code} {answer.text[:80]}")
    assert taken == []
    assert house.run(incident).commands == []
