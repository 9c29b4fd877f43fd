"""A vendor's offer made against its double, as the registry would make it."""

from __future__ import annotations

from importlib import import_module

import httpx

from mayday.catalogs import CatalogSource
from mayday.providers.offers import Offer, VendorSettings
from mayday.providers.registry import VENDORS
from mayday.records import Records
from tests.doubles.server import Double


def offer_of(double: Double, http: httpx.AsyncClient, records: Records, catalog: CatalogSource, **more: str) -> Offer:
    """`more` are settings besides the double's own. AssertionError when the vendor offers nothing with them."""
    module, _, attribute = VENDORS[double.name].partition(":")
    given = VendorSettings(
        name=double.name, values={**double.given(), **more}, http=http, base_url="https://mayday.example",
        catalog=catalog, records=records,
    )  # fmt: skip
    offered: Offer | None = getattr(import_module(module), attribute)(given)
    assert offered is not None
    return offered
