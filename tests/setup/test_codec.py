"""The payload codec: small payloads stay readable, large ones shrink, and keys hide all of them."""

from __future__ import annotations

import base64

import pytest
from temporalio.api.common.v1 import Payload

from mayday.settings import SettingsError
from mayday.temporal.codec import CodecKeyError, MaydayCodec, read_keys

OLD, NEW = b"o" * 32, b"n" * 32


def payload(size: int) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=b'"' + b"x" * size + b'"')


async def test_a_small_payload_stays_as_it_is() -> None:
    assert await MaydayCodec().encode([payload(100)]) == [payload(100)]


async def test_a_large_payload_shrinks_and_comes_back() -> None:
    (stored,) = await MaydayCodec().encode([payload(100_000)])
    assert len(stored.data) < 2_000
    assert await MaydayCodec().decode([stored]) == [payload(100_000)]


@pytest.mark.parametrize("size", [0, 100, 100_000])
async def test_with_a_key_nothing_can_be_read_without_it(size: int) -> None:
    (stored,) = await MaydayCodec([NEW]).encode([payload(size)])
    assert b"xx" not in stored.data
    assert await MaydayCodec([NEW]).decode([stored]) == [payload(size)]
    with pytest.raises(CodecKeyError, match="MAYDAY_CODEC_KEYS does not hold"):
        await MaydayCodec([OLD]).decode([stored])


async def test_rotated_keys_read_what_the_old_one_and_none_at_all_wrote() -> None:
    codec = MaydayCodec([NEW, OLD])
    (by_old,) = await MaydayCodec([OLD]).encode([payload(10)])
    (by_none,) = await MaydayCodec().encode([payload(100_000)])
    assert await codec.decode([by_old, by_none]) == [payload(10), payload(100_000)]
    (by_both,) = await codec.encode([payload(10)])
    assert await MaydayCodec([NEW]).decode([by_both]) == [payload(10)]


async def test_an_altered_payload_is_refused() -> None:
    (stored,) = await MaydayCodec([NEW]).encode([payload(10)])
    stored.data = stored.data[:-1] + bytes([stored.data[-1] ^ 1])
    with pytest.raises(CodecKeyError, match="was altered"):
        await MaydayCodec([NEW]).decode([stored])


@pytest.mark.parametrize(
    ("listed", "reason"), [("not base64!", "entry 1 is not base64"), ("c2hvcnQ=", "entry 1 has 5 bytes instead of 32")]
)
def test_a_bad_key_is_named_by_its_place_and_not_shown(listed: str, reason: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_keys(listed)
    assert reason in str(refused.value)
    assert listed not in str(refused.value)


def test_keys_are_listed_newest_first() -> None:
    listed = ", ".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    assert read_keys(listed) == [NEW, OLD]
