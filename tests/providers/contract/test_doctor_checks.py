"""What `mayday doctor` says of every vendor: all is well at its double, and with wrong credentials how to fix it."""

from __future__ import annotations

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.language.catalog import Catalog
from mayday.providers.checks import carried_out
from mayday.providers.registry import VENDORS
from mayday.records import Records
from tests.doubles.fleet import every_double
from tests.doubles.given import offer_of
from tests.providers.contract.outcomes import assert_no_secret

CHECKED = [name for name in every_double() if name in VENDORS and name not in ("vendor_case", "static_bridge")]


@pytest.mark.parametrize("name", CHECKED)
async def test_a_vendor_is_well_and_one_that_refuses_us_says_how_to_fix_it(
    name: str, store: Records, http: httpx.AsyncClient, catalog: Catalog
) -> None:
    async with every_double()[name]() as double:
        offer = offer_of(double, http, store, FixedCatalog(catalog))
        assert offer.checks
        for each in offer.checks:
            result = await carried_out(each)
            assert (result.ok, result.how_to_fix) == (True, ""), result
        double.fail("status", 401, times=100)
        for each in offer_of(double, http, store, FixedCatalog(catalog)).checks:
            result = await carried_out(each)
            if result.ok:
                continue  # asks nothing outside
            assert_no_secret(f"{result}", double)
            assert "see the provider's settings" not in result.how_to_fix
            assert result.how_to_fix
