"""What docs/providers.md says of the vendors, asked of the vendors' own offers: made with their doubles' settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Union, get_args, get_origin

import httpx
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mayday.catalogs import FixedCatalog
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.providers.offers import Offer, VendorModel, VendorSettings
from mayday.providers.registry import PORTS, TOLD_BY, VENDORS
from mayday.providers.sources import NAMES
from mayday.records.records import Records
from mayday.records.store import Store
from tests.docs.pages import ROOT
from tests.doubles.fleet import every_double

#: settings of vendors that have no double of their own: they are tested against real peers
EXAMPLES = {"smtp": {"url": "smtp://mail.example"}, "static_bridge": {"rooms": "standing"}}
_PORTS = {
    "pager": "pages", "chat": "chat", "ticket_desk": "tickets", "bridge": "bridge", "status_page": "status page",
    "mailer": "mail", "calendar": "calendar", "vendor_desk": "vendor desk", "change_log": "change log",
    "change_runner": "changes",
    "roster": "on-call",
}  # fmt: skip


def capabilities() -> str:
    """One row a vendor: what it serves, what it tells us, how an answer is heard."""
    rows = ["| provider | serves | its webhook | asked for answers |", "| --- | --- | --- | --- |"]
    for name, offer in offers().items():
        served = []
        for field, word in _PORTS.items():
            port = getattr(offer, field)
            if port is not None:
                more = f" ({', '.join(sorted(port.channels))})" if field == "pager" else ""
                served.append(word + more)
        source = TOLD_BY.get(name, name)
        told = f"`{source}`" if source in NAMES else f"`/chat/{name}`" if name in ("slack", "teams") else ""
        asked = "" if offer.watched is None else "where no webhook is set up" if told else "always"
        rows.append(f"| `{name}` | {', '.join(served)} | {told} | {asked} |")
    return "\n".join([*rows, ""])


def orders() -> str:
    """One row a port: the setting, the usual order, whether the desk stays behind."""
    rows = ["| port | setting | tried in this order | the desk |", "| --- | --- | --- | --- |"]
    for port in PORTS:
        able = [f"`{name}`" for name, offer in offers().items() if getattr(offer, port.served_as) is not None]
        desk = "stays behind them" if port.desk_behind else "only when none is set up"
        word = _PORTS[port.served_as]
        rows.append(f"| {word} | `MAYDAY_{port.setting.upper()}` | {', '.join(able) or '-'} | {desk} |")
    return "\n".join([*rows, ""])


def places() -> str:
    """One row a vendor: what its sandbox has to name another of."""
    rows = ["| provider | its sandbox needs another |", "| --- | --- |"]
    for name in VENDORS:
        fields = [field for model in models_of(name) for field in model.place]
        rows.append(f"| `{name}` | {', '.join(f'`MAYDAY_{name.upper()}_{field.upper()}`' for field in fields)} |")
    return "\n".join([*rows, ""])


def settings_of_vendors() -> str:
    """Every setting of every vendor, from the models that read them."""
    lines: list[str] = []
    for name, target in VENDORS.items():
        lines += [f"### {name}", "", "| setting | default | |", "| --- | --- | --- |"]
        for field, spec in _fields(target).items():
            secret = " (secret)" if SecretStr in _types(spec.annotation) else ""
            default = "needed" if spec.is_required() else _shown(spec.default)
            lines.append(f"| `MAYDAY_{name.upper()}_{field.upper()}`{secret} | {default} | {_cell(spec.description)} |")
        lines.append("")
    return "\n".join(lines)


def _fields(target: str) -> dict[str, FieldInfo]:
    """The fields of every model that the offer reads; most have one, Teams reads Graph's login too."""
    return {field: spec for model in _models(target) for field, spec in model.model_fields.items()}


def models_of(vendor: str) -> list[type[VendorModel]]:
    """The models that a vendor's settings are read into."""
    return _models(VENDORS[vendor])


def _models(target: str) -> list[type[VendorModel]]:
    module = import_module(target.partition(":")[0])
    names = dict.fromkeys(re.findall(r"\.read\((\w+)\)", inspect.getsource(module)))
    assert names, f"{target} reads no settings"
    return [getattr(module, name) for name in names]


@cache
def offers() -> dict[str, Offer]:
    """Every vendor's offer, made with the settings of its double."""
    doubles = every_double()
    made: dict[str, Offer] = {}
    with _parts() as (http, records):
        for name, target in VENDORS.items():
            if name in doubles:
                double = doubles[name]()
                double.url = "https://vendor.example"
                values = double.given()
            else:
                values = EXAMPLES[name]
            module, _, attribute = target.partition(":")
            offer = getattr(import_module(module), attribute)(VendorSettings(
                name=name, values=values, http=http, base_url="https://mayday.example",
                catalog=FixedCatalog(_catalog()), records=records, others=made,
            ))  # fmt: skip
            assert offer is not None, f"{name} offers nothing with {', '.join(values)}"
            made[name] = offer
    return made


@cache
def _catalog() -> Catalog:
    loaded = load_catalog(ROOT / "runbooks" / "catalog").catalog
    assert loaded is not None
    return loaded


@contextmanager
def _parts() -> Iterator[tuple[httpx.AsyncClient, Records]]:
    yield httpx.AsyncClient(verify=False), Records(Store("sqlite://"))


def _types(annotation: Any) -> set[Any]:
    return set(get_args(annotation)) if get_origin(annotation) in (Union, UnionType) else {annotation}


def _shown(default: Any) -> str:
    return "" if default in (None, "", PydanticUndefined, {}, []) else f"`{default}`"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("<", "&lt;")
