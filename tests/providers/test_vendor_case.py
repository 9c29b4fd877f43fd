"""Cases by mail, and what is said of rules that cannot be used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import SentVia
from mayday.domain.ports import CaseOrder, Mail, VendorCall
from mayday.language.catalog import Catalog
from mayday.providers.offers import Offer, VendorSettings
from mayday.providers.vendor_case.offer import offer
from mayday.records import Records
from mayday.settings import SettingsError
from tests.providers.contract.stand import incident


class Post:
    name = "smtp"

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> SentVia:
        self.mails.append(mail)
        return SentVia(channel="email", provider="smtp", ref="<1@mayday>")


@pytest.fixture
async def given(tmp_path: Path, catalog: Catalog) -> AsyncIterator[VendorSettings]:
    async with await Records.open(tmp_path / "records.db") as records, httpx.AsyncClient() as http:
        yield VendorSettings(
            name="vendor_case", values={"rules": "gateway_co: { via: mail, to: p1@gateway.example }"}, http=http,
            base_url="https://mayday.example", catalog=FixedCatalog(catalog), records=records,
            others={"smtp": Offer(mailer=Post())},
        )  # fmt: skip


async def test_a_case_by_mail_has_our_reference_and_so_have_its_contacts(given: VendorSettings) -> None:
    desk = (offered := offer(given)) and offered.vendor_desk
    assert desk is not None
    order = CaseOrder(
        effect_key="k", incident=incident(), vendor="gateway_co", contract="C-2231", priority="P1", summary="down\nnow"
    )
    number = await desk.open_case(order)
    assert await desk.open_case(order) == number
    call = VendorCall(
        effect_key="k2", incident=incident(), vendor="gateway_co", case=number, level="support", channel="email",
        address="p1@gateway.example", text="P1 down",
    )  # fmt: skip
    sent = await desk.contact(call)
    assert (sent.channel, sent.provider) == ("email", "smtp")
    post = given.others["smtp"].mailer
    assert isinstance(post, Post)
    assert [mail.subject for mail in post.mails] == [f"[{number}] P1 down now", f"[{number}] P1 down"]
    assert "Contract C-2231" in post.mails[0].text


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("gateway_co: { via: mail }", "gateway_co.mail.to"),
        ("gateway_co: [", "is no YAML"),
        ("gateway_co: { via: jira, url: 'https://x.example', username: u, service_desk: '1', request_type: '2' }",
         "MAYDAY_VENDOR_CASE_GATEWAY_CO_TOKEN is missing"),
        ("gateway_co: { via: http, url: 'http://x.example/cases', body: {}, case: id }", "https://"),
    ],
)  # fmt: skip
async def test_rules_that_cannot_be_used_are_named(given: VendorSettings, rules: str, said: str) -> None:
    from dataclasses import replace

    with pytest.raises(SettingsError, match=said):
        offer(replace(given, values={"rules": rules}))
