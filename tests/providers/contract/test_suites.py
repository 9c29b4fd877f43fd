"""Every vendor of a port is in that port's suite: who offers a new one and forgets its tests is told here."""

from __future__ import annotations

import pytest

from mayday.providers.offers import Offer
from mayday.providers.registry import PORTS
from tests.docs.provider_tables import offers
from tests.doubles.server import Double
from tests.providers.contract import (
    test_bridges,
    test_calendars,
    test_change_runners,
    test_chats,
    test_pagers,
    test_rosters,
    test_status_pages,
    test_tickets,
)


def named(*doubles: type[Double]) -> set[str]:
    return {double.name for double in doubles}


#: field of an Offer -> who is tried by its suite. Beside them, by tests of their own: mail over the wire
#: (test_mailers.py), standing rooms (test_static_bridge.py), Slack's direct messages (test_slack.py)
SUITES: dict[str, set[str]] = {
    "pager": {*named(*(kind.double for kind in test_pagers.KINDS.values())), "smtp", "slack"},
    "chat": named(*test_chats.VENDORS), "bridge": {*named(*test_bridges.VENDORS), "static_bridge"},
    "ticket_desk": named(*test_tickets.VENDORS), "status_page": named(*test_status_pages.VENDORS),
    "calendar": {*named(*test_calendars.VENDORS), "smtp"}, "mailer": {"smtp"}, "roster": named(*test_rosters.VENDORS),
    "change_runner": named(*test_change_runners.VENDORS),
    "vendor_desk": {"vendor_case"},  # each of its ways, in test_vendor_desks.py
    "change_log": {"servicenow"},  # test_servicenow.py
}  # fmt: skip


@pytest.mark.parametrize("port", SUITES)
def test_the_suite_of_a_port_has_every_vendor_that_serves_it(port: str) -> None:
    assert {name for name, offer in offers().items() if getattr(offer, port) is not None} == SUITES[port]


def test_every_port_has_a_suite() -> None:
    assert {port.served_as for port in PORTS} | {"roster"} == {*SUITES}
    assert all(hasattr(Offer(), port) for port in SUITES)
